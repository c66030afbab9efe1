/*
 * paper.h: the papers (文书) of a case as sheets: made from its events, and again bit by bit whenever they are wanted.
 *
 * A sheet is what a paper says: a pure function of the case's events, the city's name and the names of staff. Nothing of it
 * is stored; what the event keeps beside the number is how it was set when it was served (layout) and where it is checked
 * (site). press_set() in press.h sets sheets as PDF, and that is a function of the sheet, the layout and the fonts.
 *
 * The code printed on a paper names its event and holds 80 bits of a digest over everything the paper says and the random
 * name of the case in the ledger: it can be neither guessed nor computed from what is printed, and a changed word makes
 * another code. What each kind says and by which article: docs/papers.md. Source: standards §2.7.
 */
#ifndef ONEVISIT_PAPER_PAPER_H
#define ONEVISIT_PAPER_PAPER_H

#include "casework/casework.h"

#define SHEET_LAYOUT 1 /* of the words and the look; a new one is added beside the old, which stays */
#define SHEET_COLUMNS 4

struct sheet_row {
  const char *cell[SHEET_COLUMNS]; /* NULL: as "" */
};

struct sheet_block {
  enum { SHEET_TEXT, SHEET_HEAD, SHEET_TABLE } kind;
  const char *text; /* of TEXT and HEAD */
  int columns;      /* of TABLE; 2: labels and their values */
  int weight[SHEET_COLUMNS];
  bool head; /* its first row names the columns; repeated on each page */
  struct sheet_row *rows;
  size_t n, cap;
};

struct sheet {
  int64_t id;       /* of its event * 8 + its place there; 7: the certificate that the event issued */
  const char *word; /* of PAPERS; "certificate" */
  struct words title;
  const char *number;
  const char *item; /* id; "" for the whole case */
  moment at;
  struct words issuer;
  const char *layout, *site; /* as recorded when it was served: «1.3f9c2a1b», «https://…»; "" where they were not */
  const char *addressee;     /* «王建国»; "" none */
  struct sheet_block *blocks;
  size_t n, cap;
  const char *handler;  /* who to ask; "" none */
  const char *english;  /* what it says, in a few sentences */
  const char *personal; /* of a paper that the applicant signs: his name; "" of one that is served on him */
  bool signed_for;      /* has a line for the recipient's signature */
  bool sample;          /* says so across the page */
  char code[30];        /* «0003-7F2K-…»: six groups of four */
};

/* What is not in the events and does not change: who the city is and what its people are called. */
struct sheet_city {
  struct words name;                                      /* «宁波市» */
  const char *(*staff)(void *context, const char *actor); /* name of «staff:chen» */
  void *context;
};

/*
 * The sheets of a case in the order they were served; pseudonym: engine_pseudonym(). Everything lives in the arena. An erased
 * case has none. Error paper-layout: one of them was made by a newer program.
 */
int sheets_of(const struct event *events, size_t n, const unsigned char pseudonym[16], const struct sheet_city *city,
              struct arena *arena, struct sheet **ret, size_t *ret_n, struct error *error);
/* The same of a case in the store. NOT_FOUND not-found. */
int sheets_read(struct db *db, int64_t case_id, const struct sheet_city *city, struct arena *arena, struct sheet **ret,
                size_t *ret_n, struct error *error);

/* The id in a code, as typed: blanks, hyphens and lower case do not matter, O is 0, I and L are 1. False: it is none. */
bool sheet_code_id(struct span code, int64_t *ret);
/* Whose code it is: the sheet that bears it, word by word. NOT_FOUND no-such-paper, for a wrong code and an erased case alike. */
int sheet_by_code(struct db *db, struct span code, const struct sheet_city *city, struct arena *arena, struct sheet **ret,
                  int64_t *ret_case, struct error *error);

#endif
