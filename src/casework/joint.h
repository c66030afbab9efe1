/*
 * joint.h: how departments work on one case together: the joint site visit (联合踏勘) and the joint meeting (联审会议), what they
 * write to each other, another department that joins midway, disagreements that are ruled on, and where the time went.
 *
 * Part of the state of a case (casework.h). The rules are in casework_joint.c and casework_office.c, the state in joint_state.c,
 * what lists and pages read in joint_store.c. Commands and events: docs/casework.md, «The joint back office».
 */
#ifndef ONEVISIT_CASEWORK_JOINT_H
#define ONEVISIT_CASEWORK_JOINT_H

#include "base/json.h"
#include "base/moment.h"
#include "store/store.h"

struct casefile;

enum { OFFERED_DATES_MAX = 6, ATTENDEES_MAX = 32, GATHERINGS_MAX = 60, MESSAGES_MAX = 400, DISPUTES_MAX = 60, PHOTOS_MAX = 60 };

struct offered_date {
  day day;
  bool afternoon;
};

struct attendee {
  const char *agency;
  bool said;      /* which dates suit; who is silent until the day after the offer can on all */
  unsigned suits; /* a bit for each date */
  enum { MINUTES_NONE, MINUTES_PASS, MINUTES_FAIL, MINUTES_NOTED, MINUTES_MISSING } minutes; /* NOTED: of a meeting */
  const char *findings, *by;                                                                 /* "" before */
  moment at;
};

enum gathering_state {
  GATHERING_OFFERED, /* dates are offered, departments say which suit */
  GATHERING_OPEN,    /* all have said: the applicant (a meeting: who called it) chooses */
  GATHERING_CLASH,   /* no date suits all: others have to be offered */
  GATHERING_FIXED,   /* the date is chosen */
  GATHERING_HELD,
  GATHERING_CALLED_OFF
};

struct gathering {
  int number; /* 1, 2 … within the case */
  bool visit; /* to the applicant's premises; else a meeting of departments */
  enum gathering_state state;
  const char *topic;       /* of a meeting; "" */
  const char *agency, *by; /* who offered the dates */
  moment offered;
  day answer_by; /* departments say by the end of it which dates suit */
  struct offered_date dates[OFFERED_DATES_MAX];
  int date_count;
  int chosen;       /* -1 before */
  const int *steps; /* of a visit: what it does */
  size_t step_count;
  const struct attendee *who;
  size_t who_count;
  const char *reason;     /* why it was called off, or why somebody was missing */
  const char *resolution; /* of a meeting */
  int after;              /* for those who missed the gathering of that number; 0 */
};

struct minute_file { /* a photograph of the minutes */
  int number;        /* 1, 2 … within the case, apart from the materials' */
  int gathering;
  const char *agency, *sha256, *name, *type;
  int64_t size;
};

struct message {
  int number;
  const char *agency, *by, *text;
  moment at;
  const char *to;  /* the agency asked; "" for all */
  day due;         /* an answer is due; DAY_NONE: none asked for */
  int answers;     /* number of the question; 0 */
  moment answered; /* 0: not */
  bool shared;     /* the applicant reads it, too */
  bool resolution; /* what was agreed */
};

struct dispute {
  int number, item; /* item -1: about the whole */
  const char *agency, *by, *reason, *instance;
  moment at;
  day due; /* the ruling */
  moment ruled;
  const char *ruling, *reasons, *ruled_by; /* "" before */
};

/* Where the time of a case goes, each moment once: by what it waits for most (docs/casework.md, «Where the time goes»). */
#define SPENT_KINDS(X)                                                                                                             \
  X(WORK, "work", "办理", "work")                                                                                                  \
  X(DEPARTMENTS, "departments", "部门间等待", "waiting between departments")                                                       \
  X(APPLICANT, "applicant", "等待申请人", "waiting for the applicant")                                                             \
  X(SPECIAL, "special", "特别程序", "special procedures")                                                                          \
  X(CENTRE, "centre", "窗口受理与出件", "acceptance and issuing at the centre")

enum spent {
#define X(name, word, zh, en) SPENT_##name,
  SPENT_KINDS(X)
#undef X
      SPENT_COUNT,
  SPENT_NOTHING = SPENT_COUNT /* a draft, or closed */
};
extern const struct spent_words {
  const char *word, *zh, *en;
} spent_words[SPENT_COUNT];

struct joint {
  struct gathering *gatherings;
  size_t gathering_count, gathering_cap;
  struct minute_file *photos;
  size_t photo_count, photo_cap;
  struct message *messages;
  size_t message_count, message_cap;
  struct dispute *disputes;
  size_t dispute_count, dispute_cap;
  const char **worked; /* staff who reviewed or decided something, also what was done again since */
  size_t worked_count, worked_cap;
  moment measured; /* up to when spent is counted; 0: not begun */
  int64_t spent[SPENT_COUNT];
};

/* What the case waits for at this moment, and the milliseconds up to now. */
enum spent casefile_waits_for(const struct casefile *c);
void casefile_spent(const struct casefile *c, moment now, int64_t ret[SPENT_COUNT]);

/* The agency has an item, a step or a seat in a gathering. */
bool casefile_takes_part(const struct casefile *c, const char *agency);
bool casefile_worked(const struct casefile *c, const char *actor);
int casefile_open_dispute(const struct casefile *c, int item); /* index; -1 */

/* Index of the gathering of that number; of the one under way that does the step; -1. */
int gathering_index(const struct casefile *c, int64_t number);
int gathering_of_step(const struct casefile *c, int step);
int attendee_index(const struct gathering *g, const char *agency); /* -1 */
bool gathering_running(const struct gathering *g);                 /* neither held nor called off */
bool date_suits(const struct gathering *g, int date);              /* nobody has said that it does not */
bool gathering_has_said(const struct gathering *g);                /* every department has */

/* ---- what pages read ---- */

struct spent_medians {
  int64_t cases; /* closed in the period, the newest 500 at most */
  int64_t median[SPENT_COUNT];
};
int casework_spent(struct db *db, day from, struct spent_medians *ret, struct error *error);

#endif
