/*
 * catalog.h: what may be applied for, by which law, with which materials, in how many working days.
 *
 * A catalogue is a folder of YAML files, loaded once into an arena of its own and never changed: pages, the compiler
 * and the engine share it without locks. All strings are UTF-8 and NUL-terminated; lists are arrays with a count.
 * References are resolved to pointers; a catalogue with errors is not returned, its findings are.
 * The language: docs/catalogue.md and catalogs/schema.json. Codes: GB/T 39046-2020, GB/T 39554.1-2020.
 */
#ifndef ONEVISIT_CATALOG_CATALOG_H
#define ONEVISIT_CATALOG_CATALOG_H

#include "base/arena.h"
#include "base/error.h"
#include "catalog/calendar.h"
#include "feel/table.h"

struct words {
  const char *zh, *en;
};

/* Where something stands: the file relative to the catalogue, line and column from 1. */
struct place {
  const char *file;
  int line, column;
};

struct basis {
  const char *law, *article;
};

struct agency {
  const char *id;
  struct words name;
  const char *abbreviation; /* 简称: «市监» */
  const char *level;
  const char *uscc;         /* 统一社会信用代码, 18 characters, check digits right */
  const char *const *lines; /* business lines, for random inspections */
  size_t line_count;
  struct place place;
};

/* The pages of the one form, in their order; what says nothing comes last. */
enum form_group { GROUP_OTHER, GROUP_APPLICANT, GROUP_COMPANY, GROUP_PREMISES, GROUP_OPERATION, GROUP_FACILITIES, GROUP_PROJECT };

struct field {
  const char *id;
  struct words name;
  enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_DATE, FIELD_CHOICE, FIELD_BOOLEAN } type;
  const char *unit;
  enum form_group group;
  const char *prefill;     /* what the account knows of it: «name», «id», «phone»; NULL */
  const char *answered_by; /* the question whose answer it is, where the thing asks it; NULL */
  bool per_site;           /* of each project by itself in a package */
  struct place place;
};

struct certificate {
  const char *id;
  struct words name;
  const struct agency *issuer;
  const struct field *const *fields;
  size_t field_count;
  struct place place;
};

enum sharing { SHARED_NO, SHARED_CONDITIONAL, SHARED_UNCONDITIONAL };

struct material {
  const char *id;
  struct words name;
  const char *kind;            /* certificate, form, proof, plan, photo, report, contract, list, other */
  const struct agency *holder; /* NULL: nobody but the applicant */
  enum sharing shared;
  enum core { CORE_NONE, CORE_SAFETY, CORE_ENVIRONMENT } core; /* what safety or the environment rests on never follows later */
  const struct field *const *fields;
  size_t field_count;
  struct place place;
};

enum item_kind { /* 事项类型, GB/T 39046 A.1 */
                 ITEM_LICENCE,
                 ITEM_CONFIRMATION,
                 ITEM_BENEFIT,
                 ITEM_REWARD,
                 ITEM_ADJUDICATION,
                 ITEM_LEVY,
                 ITEM_INSPECTION,
                 ITEM_OTHER_POWER,
                 ITEM_PUBLIC_SERVICE
};
enum level { LEVEL_NATION = 1, LEVEL_PROVINCE, LEVEL_CITY, LEVEL_COUNTY, LEVEL_TOWN, LEVEL_VILLAGE }; /* 行使层级 A.2 */
enum channel_set { CHANNEL_ONLINE = 1, CHANNEL_MOBILE = 2, CHANNEL_WINDOW = 4, CHANNEL_KIOSK = 8 };
enum delivery_set { DELIVERY_E_CERTIFICATE = 1, DELIVERY_COURIER = 2, DELIVERY_WINDOW = 4 };
enum material_source { FROM_APPLICANT, FROM_GOVERNMENT, FROM_RESULT, FROM_ZONE };
enum presence_why { WHY_IDENTITY, WHY_ORIGINAL, WHY_SIGNATURE, WHY_EXAMINATION, WHY_PICK_UP };

struct item;

struct item_material {
  const struct material *material;
  enum material_source from;
  const struct feel *when; /* NULL: always */
  int defer;               /* working days it may come later (容缺后补); 0: not */
  const struct basis *basis;
  const char *assessment;    /* FROM_ZONE: the kind of regional assessment that replaces it; NULL */
  const struct feel *within; /* and only where this holds: it may read the zone's indicators; NULL: always */
  struct words intermediary; /* the service that makes it; zh NULL when none */
  int intermediary_days;
  const char *intermediary_before;   /* the step of the item by which it must exist; NULL: when the item is applied for */
  const struct field *const *fields; /* what this item asks in it, beside the material's own fields */
  size_t field_count;
  bool once; /* one for all projects of a package */
  struct place place;
};

struct presence {
  enum presence_why why;
  const struct feel *when;
  const struct basis *basis;
  struct place place;
};

struct step {
  const char *step;            /* review, site-visit, decide, opinion, publicity … */
  int takes;                   /* working days */
  bool assist;                 /* role: assist */
  bool clock_excluded;         /* the law does not count it (Licensing Law art. 45) */
  const struct agency *agency; /* who does it; the item's own agency where not said */
  const struct feel *when;
  const char *merge;                       /* steps of one merge key are one visit; NULL */
  const char *covered_by;                  /* falls away where the zone's valid assessment of this kind covers it; NULL */
  const struct feel *within;               /* … and this holds */
  int silent_after;                        /* working days after which silence is consent; 0: never */
  const char *silent_law, *silent_article; /* by this rule; NULL */
  struct place place;
};

struct fee {
  struct words name;
  int64_t fen; /* amount in 0.01 CNY */
  const struct basis *basis;
};

struct item {
  const char *id;
  struct words name;
  const char *const *also;
  size_t also_count;
  enum item_kind kind;
  const struct agency *agency;
  enum level level;
  const char *basic_code;          /* 基本编码, 12 */
  const char *implementation_code; /* 实施编码, 31 */
  const struct basis *basis;
  size_t basis_count;
  bool instant;                /* 即办件 */
  int statutory, promised;     /* working days; 0 and 0 when instant */
  unsigned channels, delivery; /* enum channel_set, enum delivery_set */
  enum level coverage;         /* 通办范围 */
  const struct fee *fees;
  size_t fee_count;
  const struct presence *presence;
  size_t presence_count;
  const struct item_material *materials;
  size_t material_count;
  const struct step *steps;
  size_t step_count;
  const struct item *const *needs;
  size_t need_count;
  const struct item *const *excludes; /* never handled together with these in one thing */
  size_t exclude_count;
  const struct certificate *result; /* NULL: a document or nothing */
  const char *document;             /* id of the document it yields where result is NULL; may be NULL */
  int valid_months;                 /* 0: permanent or not said */
  int stage;                        /* 1 … 4 in investment projects; 0 */
  const char *covered_by;           /* the kind of regional assessment that makes it needless; NULL */
  const struct feel *within;        /* … where this holds; NULL: always */
  bool once;                        /* handled once for all projects of a package */
  const struct agency *follow_up_by;
  int follow_up_within;
  struct words follow_up;
  struct place place;
};

struct choice {
  const char *value;
  struct words name;
};

struct question {
  const char *id; /* the name conditions use */
  struct words text;
  enum question_type { ASK_BOOLEAN, ASK_NUMBER, ASK_CHOICE } type;
  const char *unit;
  bool has_min, has_max;
  struct decimal min, max;
  const struct choice *choices;
  size_t choice_count;
  struct place place;
};

/*
 * A decision table: what several conditions would say at length, as rules. Its id is a name for conditions, like an answer's.
 * Rules that leave an applicant without a value, or two of a «unique» table that hold together, are for the proof to find:
 * table.rules[i].when is all cells of a rule as one condition, values[i] what the rule says.
 */
struct thing_table {
  const char *id;
  struct words name;
  const struct feel *const *inputs; /* of the columns, as conditions are written */
  size_t input_count;
  struct feel_table table;            /* HIT_UNIQUE, HIT_ANY or HIT_FIRST, one output */
  const struct feel_value *values;    /* a rule's: FEEL_BOOLEAN, FEEL_NUMBER or FEEL_STRING, all of one kind */
  const struct place *rule_places;    /* a rule's */
  const struct feel_value *otherwise; /* when no rule holds; NULL: not said, and a gap */
  struct place place;
};

struct thing_item {
  const struct item *item;
  const struct feel *when;
  int stage;
  struct place place;
};

struct thing { /* 「一件事」 */
  const char *id;
  struct words name;
  const char *const *also;
  size_t also_count;
  enum audience { FOR_ENTERPRISE, FOR_PERSON, FOR_PROJECT } audience;
  struct words industry; /* zh NULL when none */
  const char *hall_zone;
  const struct agency *lead;
  unsigned promise; /* enum channel_set, online and window: where one trip is promised; 0: in both */
  const struct question *questions;
  size_t question_count;
  const struct thing_table *tables; /* a table may read questions and the tables before it */
  size_t table_count;
  const struct thing_item *items;
  size_t item_count;
  struct place place;
};

struct indicator { /* what an assessment allows; conditions read it as «zone_» and its name */
  const char *id;
  const char *text;
  bool is_number;
  struct decimal number;
};

struct assessment { /* 区域评估: one report for the whole zone instead of one a project */
  const char *kind;
  day valid_until; /* the last day it can be used */
  const struct indicator *indicators;
  size_t indicator_count;
};

/* What a city cannot promise yet (the negative list): the proof of this property of this thing is not asked for. */
struct exception {
  const struct thing *thing;
  const char *property; /* of docs/proof.md */
  struct words reason;
  const struct agency *owner;
  day review; /* to be looked at again by then */
  struct place place;
};

/* One applicant who was told once, kept: a regression case of the proof (persons/ID.yaml). */
struct person {
  const char *id;
  const struct thing *thing;
  const char *property;
  bool fails;                 /* what is expected */
  const char *const *answers; /* «area=320» */
  size_t answer_count;
  const char *zone; /* id; NULL */
  struct words story;
  struct place place;
};

struct zone {
  const char *id;
  struct words name;
  const char *district;
  const struct assessment *assessments;
  size_t assessment_count;
  size_t point_count;
  const double (*polygon)[2]; /* longitude, latitude */
};

/* What only some windows of a zone do: these things are called to them, and to no other. */
struct hall_skill {
  const char *id;
  struct words name;
  int first, last; /* windows of the zone, from 1 */
  const struct thing *const *things;
  size_t thing_count;
};

struct hall_zone {
  const char *id;
  struct words name;
  int windows;
  const struct agency *const *departments;
  size_t department_count;
  const struct hall_skill *skills;
  size_t skill_count;
};

struct hall_shift {
  const char *id;
  struct words name;
  int from, to; /* minutes of the day, 0 … 1440 */
  int share;    /* per cent of each zone's windows that are manned, at least one; 0: all */
};

struct hall_appointments {
  int slot;    /* minutes; 0: no appointments are given */
  int minutes; /* that one visit is reckoned with */
  int share;   /* per cent of the manned windows' time that is given away beforehand */
  int ahead;   /* opening days that can be booked beside today */
  int grace;   /* minutes after the beginning of the slot until it is forfeited */
};

struct hall_count { /* the layout before: so many windows a department */
  const struct agency *department;
  int windows;
};

struct hall {
  const char *id;
  struct words name;
  const char *level, *district;
  const struct hall_count *before;
  size_t before_count;
  const struct hall_zone *zones; /* the layout after */
  size_t zone_count;
  int general_windows;
  bool uses_before, every_day; /* which layout is in use; open on every day, or on working days */
  const struct hall_shift *shifts;
  size_t shift_count; /* 0: the hall gives no tickets */
  struct hall_appointments appointments;
  struct place place;
};

struct district { /* GB/T 2260 and streets with the statistics code of 9 digits */
  const char *code;
  struct words name;
  const char *parent; /* the code of the district; NULL for a district */
};

struct catalog {
  struct arena arena;
  const char *dir;
  const char *city; /* «宁波市» */
  struct words city_name;
  const char *region;       /* «330200» */
  const char *paper_prefix; /* «甬政服», before the kind of paper in its number */
  struct digest_hex {
    char hex[65];
  } version; /* SHA-256 over all files: what a plan is pinned to */
  struct agency *agencies;
  size_t agency_count;
  struct field *fields;
  size_t field_count;
  struct certificate *certificates;
  size_t certificate_count;
  struct material *materials;
  size_t material_count;
  struct item *items;
  size_t item_count;
  struct thing *things;
  size_t thing_count;
  struct zone *zones;
  size_t zone_count;
  struct hall *halls;
  size_t hall_count;
  struct district *districts;
  size_t district_count; /* streets too */
  struct calendar calendar;
  struct exception *exceptions; /* negative.yaml */
  size_t exception_count;
  struct person *persons; /* no part of the version */
  size_t person_count;
};

/* One mistake: where, what is wrong, what to do; both languages. */
struct finding {
  struct place place;
  const char *rule; /* stable name: "promise-over-statutory" */
  struct words wrong, remedy;
};

struct findings {
  struct finding *list;
  size_t n, cap;
};

/*
 * Loads and checks the whole. 0: *ret is usable (findings may still hold advice: none in this version); -1: findings say
 * why not, in the given arena, by file, line and column (error catalog-findings); a folder that cannot be read at all, or
 * holds neither city.yaml nor items, gives error unusable-catalog and no finding.
 */
int catalog_load(const char *dir, struct catalog **ret, struct arena *arena, struct findings *findings, struct error *error);
void catalog_free(struct catalog *catalog);

/* A file of a catalogue: «items/x.yaml», with its text. */
struct catalog_file {
  const char *name;
  struct span content;
};

/*
 * The same from memory, for a catalogue that stands in no folder; dir names it in what is said. The files are sorted by name, as
 * catalog_read_files() gives them, and need not outlive the call. What is no file of a catalogue is a finding or left aside.
 */
int catalog_load_files(const char *dir, const struct catalog_file *files, size_t n, struct catalog **ret, struct arena *arena,
                       struct findings *findings, struct error *error);
/* All files that a catalogue is made of (kept applicants too), unread; in the arena. Error unusable-catalog. */
int catalog_read_files(const char *dir, struct arena *arena, struct catalog_file **ret, size_t *ret_n, struct error *error);

/* What may stand in a file: its keys, those inside them with a depth; in the arena, 0 where the name is none of a catalogue. */
struct key_help {
  int depth;
  const char *name;
  bool required;
  struct words value; /* «数字», «one of licence, confirmation, …» */
};
size_t catalog_help(struct arena *arena, const char *file, struct key_help **ret);

/*
 * What may stand in a catalogue that loads, and should not: findings in the given arena, by place. Rules: vague-wording (catch-all
 * clauses), missing-element (of the guide), certificate-without-law, one-thing-two-names.
 */
void catalog_lint(const struct catalog *catalog, struct arena *arena, struct findings *findings);

/* By id, in O(1); NULL where there is none. */
const struct agency *catalog_agency(const struct catalog *catalog, struct span id);
const struct item *catalog_item(const struct catalog *catalog, struct span id);
const struct thing *catalog_thing(const struct catalog *catalog, struct span id);
const struct material *catalog_material(const struct catalog *catalog, struct span id);
const struct field *catalog_field(const struct catalog *catalog, struct span id);
const struct certificate *catalog_certificate(const struct catalog *catalog, struct span id);
const struct zone *catalog_zone(const struct catalog *catalog, struct span id);

const struct hall *catalog_hall(const struct catalog *catalog, struct span id);

/* The first zone whose outline holds the point (degrees); NULL where none does. */
const struct zone *catalog_zone_at(const struct catalog *catalog, double longitude, double latitude);

/* «121.62,29.90»: longitude and latitude in degrees. */
bool point_parse(struct span text, double *ret_longitude, double *ret_latitude);

/*
 * What a person means by a few words: names, «also» words and laws, by shared pairs of characters, so that two-character
 * words hit and a typing slip still finds. Best first, at most max; score 0 … 1.
 */
struct hit {
  const struct thing *thing; /* one of the two */
  const struct item *item;
  double score;
};
size_t catalog_search(const struct catalog *catalog, struct span words, size_t max, struct hit *ret);

/* Code lists: text of a code for people, and the number of the standard. */
struct words item_kind_words(enum item_kind kind); /* 行政许可 … */
int item_kind_code(enum item_kind kind);           /* 01, 05, 07 … 20 */
struct words level_words(enum level level);
struct words step_words(const char *step); /* 踏勘 / site visit … */
struct words presence_words(enum presence_why why);
struct words material_kind_words(const char *kind);
struct words assessment_words(const char *kind); /* 节能评估 … */
struct words form_group_words(enum form_group group);
struct words form_group_named(const char *id); /* of the id in a plan */
const char *form_group_id(enum form_group group);
struct words stage_words(int stage); /* 立项用地规划许可 … of 1 to 4 */

#endif
