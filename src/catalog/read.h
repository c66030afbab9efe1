/*
 * read.h: one table-driven way from a node to a struct (private to this room).
 *
 * A shape lists the keys of a mapping: how each is read, whether it must be there, where it goes. Everything else, unknown
 * keys included, is a finding with its place; reading goes on, so that all mistakes of a file come out at once. A value
 * that could not be read leaves its member zero.
 *
 * How to add a key: add the member to its struct in catalog.h, a line to the shape in shapes.c, the property to
 * catalogs/schema.json and a line to docs/catalogue.md.
 */
#ifndef ONEVISIT_CATALOG_READ_H
#define ONEVISIT_CATALOG_READ_H

#include "catalog/loaded.h"
#include "catalog/tree.h"

struct reader {
  struct loaded *loaded;
  struct arena *arena; /* of the catalogue */
  struct report report;
  struct arena scratch;    /* of checks: empty between two things */
  bool blind[INDEX_KINDS]; /* a file of this kind could not be read: what is missing there is not told again */
};

enum key_kind {
  KEY_TEXT,     /* const char * */
  KEY_ID,       /* const char *, lower case, digits and hyphens */
  KEY_NAME,     /* const char *, a name in conditions: lower case, digits and underscores */
  KEY_WORDS,    /* struct words, from {zh:, en:} */
  KEY_WORDS_ZH, /* the same; en may be left out and is then zh */
  KEY_INT,      /* int, within .range */
  KEY_DAYS,     /* int, from «5wd» */
  KEY_MONTHS,   /* int, from «5y», «6m» or «permanent» (0) */
  KEY_TRUE,     /* bool, from «true» or «false» */
  KEY_DECIMAL,  /* struct decimal */
  KEY_FEN,      /* int64_t, from an amount in CNY */
  KEY_DATE,     /* day */
  KEY_DATES,    /* day *, count: ascending */
  KEY_ENUM,     /* an enum, from .vocabulary */
  KEY_WORD,     /* const char *, one of .vocabulary */
  KEY_YES,      /* bool: whether the word of .vocabulary is the second one */
  KEY_SET,      /* unsigned, the sum of words of .vocabulary */
  KEY_TEXTS,    /* const char *const *, count */
  KEY_REF,      /* a pointer to what .index knows; «none» gives NULL where .none */
  KEY_REFS,     /* an array of such pointers, count */
  KEY_FEEL,     /* const struct feel * */
  KEY_ONE,      /* a pointer to one struct of .shape */
  KEY_MANY,     /* an array of structs of .shape, count */
  KEY_INSIDE,   /* a mapping whose keys go into the same struct, by .shape */
  KEY_SKIP      /* anything: for readers of the file, not for the program */
};

struct vocabulary_word {
  const char *word; /* in the files */
  int value;        /* of its enum; the place in the list for lists of words */
  int code;         /* of the standard, where it has one */
  struct words name;
};

struct vocabulary {
  const struct vocabulary_word *words;
  size_t n;
};

struct shape;

struct key {
  const char *name;
  enum key_kind kind;
  size_t offset, count_offset;
  bool required, none;
  int low, high; /* KEY_INT; high 0: no range */
  enum index_kind index;
  const struct vocabulary *vocabulary;
  const struct shape *shape;
};

struct shape {
  struct words what; /* «事项», «item» */
  const struct key *keys;
  size_t n, size;
  bool has_place; /* place_offset is where its struct place goes */
  size_t place_offset;
  const char *bare;                                                       /* a lone scalar is read as this key; NULL: refused */
  void (*check)(struct reader *r, const struct node *node, void *target); /* after reading; NULL */
};

/* Reads a node into *target, which is zeroed. */
void read_shape(struct reader *r, const struct shape *shape, const struct node *node, void *target);

/* Reads a list of mappings into a new array. */
void *read_list(struct reader *r, const struct shape *shape, const struct node *node, size_t *ret_count);

/* «部门», «agency» … */
extern const struct words index_words[INDEX_KINDS];

/* What an id names; NULL and a finding where it names nothing. */
const void *reader_ref(struct reader *r, enum index_kind index, const struct node *node);

/* A condition at a node; NULL and a finding where it is none. */
const struct feel *reader_condition(struct reader *r, const char *name, const struct node *node);
/* The finding of a condition (or a cell) that does not parse. */
void reader_bad_condition(struct reader *r, const struct node *node, const struct error *error);

/* One more finding at a node. */
#define reader_add(r, node, ...) report_add(&(r)->report, (node)->place, __VA_ARGS__)

/* How «5wd» reads: 0 … 9999 working days, -1 where it is none. */
int read_days(struct span text);

/* Degrees, within ± limit. */
bool degree_parse(struct span text, double limit, double *ret);

/* The lists of words, in words.c. */
extern const struct vocabulary item_kinds, levels, channels, deliveries, material_kinds, sharings, sources, presences, step_kinds,
    roles, clocks, audiences, question_types, field_types, hall_zones, assessments, form_groups, prefills, shares, cores, stages,
    hits, openings, hall_layouts;

/* The shapes, in shapes.c, shapes_item.c, shapes_hall.c and shapes_thing.c. */
extern const struct shape table_shape, agency_shape, field_shape, certificate_shape, material_shape, item_shape, thing_shape,
    zone_shape, hall_shape, exception_shape, person_shape, city_shape, districts_shape, calendar_shape, basis_shape;

/* A finding where the code of a district is none of districts.yaml. */
void check_in_district(struct reader *r, const struct node *node, const char *code);

/* What only the whole shows: producers, cycles, questions; in check.c. */
void check_catalog(struct reader *r);

struct city_file {
  const char *id;
  struct words name;
  const char *region, *paper_prefix;
};

struct district_group {
  struct district district;
  struct district *streets;
  size_t street_count;
};

struct districts_file {
  struct district_group *groups;
  size_t n;
};

#endif
