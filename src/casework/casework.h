/*
 * casework.h: the life of a case, from the draft to the last certificate.
 *
 * A case is one joint application (one thing, one plan) with a result for each item. Up to acceptance the case has one
 * state; from then on each item has its own and the state of the case follows from them. The rules (decide, evolve, due)
 * are in casework.c, what lists and pages read in casework_store.c. The machine, the commands, the events and every
 * clock with its article: docs/casework.md. Sources: standards §2.4–2.7, Administrative Licensing Law (许可法).
 *
 * The plan is pinned: the event that drafts the case holds it as plan_json() wrote it, and nothing is computed again.
 * Limits are counted in working days of the city's calendar by decide; events hold the resulting days, so replay needs
 * no calendar. A due day that crosses into a year not announced yet is marked provisional (recalculate mends it).
 */
#ifndef ONEVISIT_CASEWORK_CASEWORK_H
#define ONEVISIT_CASEWORK_CASEWORK_H

#include "base/json.h"
#include "casework/joint.h"
#include "casework/world.h"
#include "engine/engine.h"

extern const struct kind casefile_kind; /* name "case" */
extern const struct migration casework_migrations[];

/* ---- states ---- */

/*      name                     word stored                event   zh              en
 * event: the code that case reporting between departments uses when the state is entered (standards §2.4); 0: none */
#define CASE_STATES(X)                                                                                                             \
  X(NONE, "none", 0, "无", "none")                                                                                                 \
  X(DRAFT, "draft", 0, "草稿", "draft")                                                                                            \
  X(SUBMITTED, "submitted", 1, "已收件", "received")                                                                               \
  X(CORRECTION, "correction", 6, "待补正", "waiting for corrections")                                                              \
  X(NOT_REQUIRED, "refused-not-required", 4, "不受理（无需许可）", "not taken on: no licence is needed")                           \
  X(NO_JURISDICTION, "refused-no-jurisdiction", 5, "不予受理（不属本机关职权）", "not taken on: another body is responsible")      \
  X(LAPSED, "lapsed", 7, "补正不来，已关闭", "closed: corrections did not come")                                                   \
  X(ACCEPTED, "accepted", 3, "已受理", "accepted")                                                                                 \
  X(IN_REVIEW, "in-review", 8, "审查中", "under review")                                                                           \
  X(SPECIAL, "special", 9, "特别程序中", "in a special procedure")                                                                 \
  X(DECIDED, "decided", 11, "已决定，待出件", "decided, results to be issued")                                                     \
  X(ISSUED, "issued", 11, "已出件，待送达", "issued, to be delivered")                                                             \
  X(ARCHIVED, "archived", 11, "已办结", "finished")                                                                                \
  X(WITHDRAWN, "withdrawn", 14, "已撤回", "withdrawn")                                                                             \
  X(TERMINATED, "terminated", 13, "容缺逾期，已终止", "ended: deferred materials did not come")

enum case_state {
#define X(name, word, event, zh, en) CASE_##name,
  CASE_STATES(X)
#undef X
};

#define ITEM_STATES(X)                                                                                                             \
  X(PENDING, "pending", 0, "未受理", "not accepted yet")                                                                           \
  X(WAITING, "waiting", 3, "等待前置结果", "waiting for another result")                                                           \
  X(OPEN, "open", 3, "待审查", "to be reviewed")                                                                                   \
  X(REVIEW, "review", 8, "审查中", "under review")                                                                                 \
  X(SPECIAL, "special", 9, "特别程序中", "in a special procedure")                                                                 \
  X(GRANTED, "granted", 11, "准予", "granted")                                                                                     \
  X(GRANTED_TOLERANT, "granted-tolerant", 12, "准予（容缺，待补齐）", "granted, deferred materials to come")                       \
  X(ISSUED, "issued", 11, "已出件", "issued")                                                                                      \
  X(DELIVERED, "delivered", 11, "已送达", "delivered")                                                                             \
  X(REFUSED, "refused", 13, "不予许可", "refused")                                                                                 \
  X(CANNOT_PROCEED, "cannot-proceed", 13, "前置未获准，无法办理", "cannot proceed: what it rests on was not granted")              \
  X(WITHDRAWN, "withdrawn", 14, "已撤回", "withdrawn")                                                                             \
  X(TERMINATED, "terminated", 13, "容缺逾期，已终止", "ended: deferred materials did not come")                                    \
  X(REVOKED, "revoked", 15, "已撤销", "revoked")

enum item_state {
#define X(name, word, event, zh, en) ITEM_##name,
  ITEM_STATES(X)
#undef X
};

struct state_words {
  const char *word; /* stored, in the API */
  int event;        /* of the exchange, 0: none */
  struct words name;
};
const struct state_words *case_state_words(enum case_state state);
const struct state_words *item_state_words(enum item_state state);
bool case_state_parse(struct span word, enum case_state *ret);
bool item_state_parse(struct span word, enum item_state *ret);
bool case_state_closed(enum case_state state); /* nothing moves any more, but a revocation */
bool item_state_closed(enum item_state state);

/* ---- commands: one table feeds the dispatch, the documents and the API ---- */

enum may {
  MAY_APPLICANT = 1,
  MAY_CLERK = 2,
  MAY_OFFICER = 4,
  MAY_ISSUER = 8,
  MAY_SUPERVISOR = 16,
  MAY_SYSTEM = 32,
  MAY_RECORDS = 64
};

struct casework_command {
  const char *name;
  unsigned
      roles; /* enum may: who may; actor.role is "applicant", "clerk", "officer", "issuer", "supervisor", "system", "records" */
  const char *arguments; /* of data; «?» marks what may be left out */
  struct words does;
};
extern const struct casework_command casework_commands[]; /* ended by {NULL} */

/* ---- papers (文书), numbered «甬政服受〔2026〕000123号» ---- */

/*      name        word             mark  zh                     en */
#define PAPERS(X)                                                                                                                  \
  X(RECEIPT, "receipt", "收", "收件凭证", "Receipt")                                                                               \
  X(ACCEPTANCE, "acceptance", "受", "受理通知书", "Notice of acceptance")                                                          \
  X(CORRECTION, "correction", "补", "补正一次性告知书", "Notice of what is to be corrected")                                       \
  X(NOT_TAKEN, "not-taken", "不受", "不予受理通知书", "Notice of non-acceptance")                                                  \
  X(TOLERANCE, "tolerance", "容", "容缺受理补齐材料通知书", "Notice of materials to follow")                                       \
  X(SPECIAL, "special", "特", "特别程序告知书", "Notice of a special procedure")                                                   \
  X(EXTENSION, "extension", "延", "延期告知书", "Notice of extension")                                                             \
  X(GRANT, "grant", "准", "准予行政许可决定书", "Decision: granted")                                                               \
  X(REFUSAL, "refusal", "不准", "不予行政许可决定书", "Decision: refused")                                                         \
  X(WITHDRAWAL, "withdrawal", "回", "撤回申请确认书", "Confirmation of withdrawal")                                                \
  X(TERMINATION, "termination", "终", "终止办理告知书", "Notice of termination")                                                   \
  X(REVOCATION, "revocation", "销", "撤销决定书", "Decision of revocation")                                                        \
  X(COMMITMENT, "commitment", "诺", "申请容缺受理承诺书", "Commitment of the applicant to hand in what is missing")                \
  X(SERVICE, "service", "达", "送达回证", "Proof of service")

enum paper {
#define X(name, word, mark, zh, en) PAPER_##name,
  PAPERS(X)
#undef X
      PAPER_COUNT
};
struct paper_words {
  const char *word, *mark;
  struct words name;
};
const struct paper_words *paper_words(enum paper paper);
const struct paper_words *paper_find(struct span word); /* NULL where there is none */

/* ---- the state of a case; everything lives in the aggregate's arena ---- */

struct due {
  day day; /* the last day of the limit; DAY_NONE: no limit runs */
  bool provisional;
};

enum source { SOURCE_UPLOAD, SOURCE_FORM, SOURCE_FETCH, SOURCE_RESULT, SOURCE_ZONE };

struct case_item {
  const char *item, *agency, *code; /* ids; code: 实施编码, 31 */
  struct words name;
  bool instant;
  int statutory, promised; /* working days, as pinned */
  const int *needs;
  size_t need_count;
  const char *certificate, *document; /* result; "" where none */
  struct words result_name;
  int valid_months;  /* 0: permanent */
  unsigned delivery; /* enum delivery_set; 0: not said, every way */

  enum item_state state;
  const char *number;              /* 办件编号, 43; "" before acceptance */
  moment opened, decided;          /* when it became workable; when decided */
  const char *decided_by;          /* actor id */
  const char *reason;              /* of the decision or of the closing */
  day clock_from;                  /* the day its limits count from; DAY_NONE before */
  struct due legal, promise, warn; /* warn: one working day before the promise */
  struct due issue_due;            /* art. 44: 10 working days after the decision */
  int paused, extended;            /* working days added to both clocks */
  bool was_extended;
  const char *special; /* running special procedure; "" none */
  enum item_state before_special;
  day special_from;
  int special_days;                     /* approved */
  bool warned, yellow, red, late_issue; /* reported already */
  const char *result_number;            /* of the certificate or document; "" before issue */
  day result_from, result_until;        /* DAY_NONE: permanent */
  moment issued, delivered;
  moment taken;  /* somebody has taken up the decision; 0: not */
  int redecided; /* so often it was decided again before it was issued */
};

struct case_step {
  int item;
  const char *step, *agency;
  bool assist, excluded;
  int takes;
  enum { STEP_TO_DO, STEP_PASSED, STEP_FAILED, STEP_REMOVED } state; /* REMOVED: a department that joined and left again */
  moment since;                                                      /* when it became the next to do; 0: not yet */
  moment taken;                                                      /* when somebody took it up; 0: not */
  moment done;
  const char *by, *opinion;
  int visit;                 /* of the plan; -1: none */
  bool added;                /* its department joined midway */
  bool silent;               /* passed by silence */
  int silent_days;           /* working days after which silence is consent; 0: it is not */
  const char *law, *article; /* of silent consent; "" */
  struct due consent;        /* silence is consent after it; DAY_NONE */
};

struct case_material {
  const char *material;
  struct words name;
  enum source source;
  int defer;        /* working days it may come later; 0: needed at submission */
  const int *items; /* that want it */
  size_t item_count;
  int attached;        /* how many attachments it has now */
  bool changed;        /* since corrections were asked for */
  const char *asked;   /* the standard it has to meet, while it is to be corrected; "" */
  struct due deferred; /* accepted tolerantly: to come by this day; DAY_NONE: not open */
  struct due until;    /* the same day, also after it has come */
  day remind;          /* the applicant is reminded on it; DAY_NONE: not, or done */
};

struct case_field {
  const char *field;
  struct words name;
  enum field_type type;
  const char *value; /* as text: «320», «2026-11-24», «true»; "" none */
  bool changed;
  const char *asked;
};

struct attachment {
  int number; /* 1, 2 … within the case: what detach and pages name */
  int material;
  const char *sha256; /* 64 hex digits: the name of the file in the vault */
  const char *name, *type;
  int64_t size;
  bool removed;
  moment at;
};

struct casefile {
  int64_t id;
  enum case_state state;
  const char *number; /* YYYYMMDD + 6-digit serial of the day + ISO 7064 MOD 37,36 */
  const char *code;   /* 6 digits, asked for beside the number for public progress */
  const char *thing;
  struct words name; /* of the thing */
  const char *lead, *district;
  const char *account;                          /* actor id of the applicant; "" when only a window knows him */
  const char *applicant, *id_number, *phone;    /* personal */
  const char *channel;                          /* first one: where it came from */
  const char *delivery_mode, *delivery_address; /* "" before it is chosen */
  const char *plan_digest;                      /* SHA-256 hex of the pinned plan */
  const char **plans;                           /* of every plan that was ever pinned */
  size_t plan_count, plan_cap;
  const char *catalog_version;
  int cap;    /* working days from acceptance for the whole, art. 26/42: 45 when joint */
  bool joint; /* more than one agency decides */
  struct case_item *items;
  size_t item_count;
  struct case_step *steps;
  size_t step_count;
  struct case_material *materials;
  size_t material_count;
  struct case_field *fields;
  size_t field_count;
  struct attachment *attachments;
  size_t attachment_count, attachment_cap;
  const char **prepared; /* staff who took part in preparing it: they never review or decide */
  size_t prepared_count, prepared_cap;

  moment created, submitted, accepted, closed;
  day received;          /* of the submission that counts; acceptance deemed is dated here */
  day accepted_day;      /* the day limits count from */
  struct due notice;     /* art. 32(4): 5 working days to say whether it is accepted */
  struct due correction; /* corrections are to come by */
  struct due joint_due;  /* the cap of the whole */
  int corrections;       /* times asked */
  bool commitment;       /* the applicant opted in to handing materials in later */
  const char *committed; /* SHA-256 hex of the text of the commitment; "" */
  bool deemed, tolerant;
  const char *accepted_by, *accepted_for; /* staff id ("" when deemed), his agency */
  const char *reason, *right_body;        /* of a refusal, withdrawal … */
  int trips_applicant, trips_staff;       /* measured; total = both, both are shown */
  int planned_online, planned_window;     /* trips that the pinned plan promised when handed in online, at a window */
  day last_trip;
  unsigned trip_whys; /* presences already counted on last_trip */

  struct joint joint_work; /* of the departments: joint.h */

  moment erased;      /* everything personal was destroyed then; 0: not */
  const char *ground; /* word of the legal ground; "" before */
};

/* ---- erasing what is personal (个人信息保护法 art. 47) ---- */

/*      name          word                zh                                       en */
#define ERASE_GROUNDS(X)                                                                                                           \
  X(PURPOSE, "purpose-achieved", "处理目的已实现、无法实现或者为实现处理目的不再必要（第四十七条第一项）",                         \
    "the purpose is achieved, cannot be achieved, or no longer needs the data (art. 47(1))")                                       \
  X(PERIOD, "period-over", "停止提供服务，或者保存期限已届满（第四十七条第二项）",                                                 \
    "the service has ended or the retention period is over (art. 47(2))")                                                          \
  X(CONSENT, "consent-withdrawn", "个人撤回同意（第四十七条第三项）", "the person has withdrawn consent (art. 47(3))")             \
  X(UNLAWFUL, "unlawful", "违反法律、行政法规或者违反约定处理个人信息（第四十七条第四项）",                                        \
    "the data was processed against the law or an agreement (art. 47(4))")

struct ground_words {
  const char *word;
  struct words name;
};
extern const struct ground_words erase_grounds[];          /* ended by {NULL} */
const struct ground_words *erase_ground(struct span word); /* NULL where there is none */

/*
 * The last day on which the file has to be kept, DAY_NONE where no period runs: ten years after the year of closing where it
 * was accepted or refused to be taken on (国家档案局令第8号: the shorter of the two limited periods, counted from the year after);
 * a draft given up or an application that lapsed or was withdrawn before acceptance is no record.
 */
day casefile_retained_until(const struct casefile *c);

/* What still has to come before the case can be submitted: sentences for the person, and codes for pages. */
struct lack {
  enum { LACK_MATERIAL, LACK_FIELD, LACK_DELIVERY, LACK_ADDRESS, LACK_COMMITMENT } what;
  const char *id; /* of the material or field */
  struct words name;
};
size_t casefile_lacks(const struct casefile *c, bool commitment, struct arena *arena, struct lack **ret);

/*
 * The commitment (容缺受理承诺书) whoever opts in signs: the materials that are still to come, by when, how, and what follows if
 * they do not. Empty where nothing is to come. The digest is of both languages, a line feed between them.
 */
struct words casefile_commitment(const struct casefile *c, struct arena *arena);
const char *commitment_digest(struct arena *arena, struct words text);

/* Steps of the item that are next (the first undone one of its own, every undone one of assisting agencies). */
bool casefile_step_is_next(const struct casefile *c, size_t step);
bool item_under_way(const struct case_item *it);                       /* to be reviewed, under review, in a special procedure */
bool casefile_item_decidable(const struct casefile *c, size_t item);   /* all steps done, opinions in, nothing special running */
size_t casefile_open_materials(const struct casefile *c, size_t item); /* deferred ones still to come for it */
/* How an item's result reaches the applicant, by his choice and what the item offers: "e-certificate", "courier", "window". */
const char *casefile_delivery(const struct casefile *c, size_t item);

/* The whole state as JSON (the API's GET, debugging, and the comparison of replays); personal values only when asked. */
void casefile_dump(const struct casefile *c, bool personal, struct json_writer *w, const char *key);

/* «甬政服受〔2026〕000123号» */
char *paper_number(struct arena *arena, const struct world *world, enum paper paper, int year, int64_t n);

/* ---- what pages read (casework_store.c); lists are paged by key and have an index that fits ---- */

/* The state by replay of its events; NOT_FOUND not-found. *ret lives in the arena. */
int casework_load(struct db *db, int64_t id, struct arena *arena, struct casefile **ret, struct error *error);
/* The pinned plan as JSON text. */
int casework_plan(struct db *db, int64_t id, struct arena *arena, struct span *ret, struct error *error);

struct case_row {
  int64_t id;
  const char *number, *thing, *lead, *district, *applicant, *account;
  struct words name;
  enum case_state state;
  moment created, submitted, accepted, closed; /* 0: not */
  day due;                                     /* the next one that the case waits for; DAY_NONE */
  bool provisional;
  int trips_applicant, trips_staff;
  bool erased; /* nothing personal is left: applicant and account are empty */
};
/*
 * One by id or by number (with its code for the public; code empty: not checked, an erased case has none); NOT_FOUND not-found,
 * for a wrong code too.
 */
int casework_get(struct db *db, int64_t id, struct arena *arena, struct case_row *ret, struct error *error);
int casework_find(struct db *db, struct span number, struct span code, struct arena *arena, struct case_row *ret,
                  struct error *error);
/* An applicant's cases, newest first; before: id of the last one shown, 0 to begin. */
int casework_of_applicant(struct db *db, struct span account, int64_t before, size_t max, struct arena *arena,
                          struct case_row **ret, size_t *ret_n, struct error *error);
/* Cases that are under way in a state, oldest first; after: id of the last one shown. */
int casework_in_state(struct db *db, enum case_state state, int64_t after, size_t max, struct arena *arena, struct case_row **ret,
                      size_t *ret_n, struct error *error);

struct state_count {
  enum case_state state;
  int64_t n;
};
/* How many cases are under way in each state (only states that occur). */
int casework_counts(struct db *db, struct arena *arena, struct state_count **ret, size_t *ret_n, struct error *error);
/* How many were closed on the days from … to, and what they took. */
struct closed_sum {
  int64_t cases, trips_applicant, trips_staff;
};
int casework_closed(struct db *db, day from, day to, struct closed_sum *ret, struct error *error);

/* One open piece of work. kind: "accept", "step", "special" (end it), "decide", "issue", "deliver". */
struct task {
  int64_t case_id;
  int item, step; /* -1 where it is about the whole */
  const char *kind, *role, *agency;
  const char *number; /* of the case */
  struct words title; /* of the thing, the item or the step */
  const char *what;   /* id of the item or step; "" */
  day due;            /* DAY_NONE */
  moment created;
};
/*
 * What a role has to do: clerks and issuers serve the whole city (agency ""), officers their agency. Oldest first;
 * after: the last task shown, NULL to begin.
 */
int casework_inbox(struct db *db, const char *role, const char *agency, const struct task *after, size_t max, struct arena *arena,
                   struct task **ret, size_t *ret_n, struct error *error);
/* The same, by the day it is due, soonest first, what has no day last. */
int casework_inbox_by_due(struct db *db, const char *role, const char *agency, const struct task *after, size_t max,
                          struct arena *arena, struct task **ret, size_t *ret_n, struct error *error);
int64_t casework_inbox_count(struct db *db, const char *role, const char *agency,
                             int64_t up_to); /* stops counting at up_to; -1 on error */
/* What is due by the day, soonest first, whoever has to do it (supervisor). */
int casework_due(struct db *db, day by, const struct task *after, size_t max, struct arena *arena, struct task **ret, size_t *ret_n,
                 struct error *error);

struct paper_row {
  int64_t id; /* key of the list */
  int64_t case_id;
  const char *paper, *number, *item; /* word of the kind; item "" for the whole */
  moment at;
};
int casework_papers(struct db *db, int64_t case_id, struct arena *arena, struct paper_row **ret, size_t *ret_n,
                    struct error *error);

struct result_row {
  int64_t case_id;
  int item;
  const char *item_id, *certificate, *number, *state; /* item state's word */
  struct words name;
  day from, until; /* DAY_NONE: permanent */
};
int casework_results(struct db *db, int64_t case_id, struct arena *arena, struct result_row **ret, size_t *ret_n,
                     struct error *error);

struct alert_row { /* warnings, yellow and red cards raised by the clocks */
  int64_t id;      /* key of the list */
  int64_t case_id;
  int item;
  const char *number, *agency, *level; /* "warning", "yellow", "red", "issue" */
  struct words name;
  day due;
  moment at;
};
/* Newest first; before: id of the last one shown, 0 to begin. */
int casework_alerts(struct db *db, int64_t before, size_t max, struct arena *arena, struct alert_row **ret, size_t *ret_n,
                    struct error *error);

/* Removes files of erased cases that no other case has; topic «casework-file», the context a struct store. */
struct outlet casework_file_outlet(struct store *store);

/* The outbox topic of a result that was issued and goes by courier: {case, number, item, result}. */
#define CASEWORK_COURIER "courier"
/* Of a case that was erased, for what belongs to it elsewhere: {case}; the case itself says on which ground. */
#define CASEWORK_ERASED "case-erased"

/* A file of the vault belongs to the case: for the page that serves it. */
bool casefile_has_file(const struct casefile *c, struct span sha256);

#endif
