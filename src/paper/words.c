#include "paper/words.h"

#include <string.h>

/* ---- blocks ---- */

static struct sheet_block *add_block(struct drafting *d)
{
  struct sheet *s = d->sheet;
  s->blocks = arena_grow(d->arena, s->blocks, s->n, &s->cap, sizeof *s->blocks);
  s->blocks[s->n] = (struct sheet_block){0};
  return &s->blocks[s->n++];
}

void sheet_text(struct drafting *d, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(d->arena, fmt, ap);
  va_end(ap);
  struct sheet_block *block = add_block(d);
  block->kind = SHEET_TEXT;
  block->text = text;
}

void sheet_head(struct drafting *d, const char *text)
{
  struct sheet_block *block = add_block(d);
  block->kind = SHEET_HEAD;
  block->text = text;
}

struct sheet_block *sheet_table(struct drafting *d, int columns, const int *weight, bool head)
{
  struct sheet_block *block = add_block(d);
  block->kind = SHEET_TABLE;
  block->text = "";
  block->columns = columns;
  block->head = head;
  for (int i = 0; i < columns; i++)
    block->weight[i] = weight[i];
  return block;
}

struct sheet_row *sheet_add_row(struct drafting *d, struct sheet_block *table)
{
  table->rows = arena_grow(d->arena, table->rows, table->n, &table->cap, sizeof *table->rows);
  table->rows[table->n] = (struct sheet_row){{NULL}};
  return &table->rows[table->n++];
}

struct sheet_block *sheet_facts(struct drafting *d)
{
  return sheet_table(d, 2, (const int[]){22, 78}, false);
}

void sheet_fact(struct drafting *d, struct sheet_block *facts, const char *label, const char *value)
{
  if (!*value)
    return;
  struct sheet_row *row = sheet_add_row(d, facts);
  row->cell[0] = label;
  row->cell[1] = value;
}

/* ---- words ---- */

const char *sheet_day(struct drafting *d, day on)
{
  int year, month, mday;
  if (on == DAY_NONE)
    return "";
  day_parts(on, &year, &month, &mday);
  return arena_printf(d->arena, "%d年%d月%d日", year, month, mday);
}

const char *sheet_due(struct drafting *d, struct due due)
{
  if (due.day == DAY_NONE)
    return "";
  return arena_printf(d->arena, "%s%s", sheet_day(d, due.day), due.provisional ? "（暂定，待次年节假日安排公布后确定）" : "");
}

struct due sheet_read_due(const json_t *due)
{
  struct due read = {DAY_NONE, json_flag(due, "provisional")};
  (void)day_parse(span_of(json_str(due, "day")), &read.day);
  return read;
}

const char *sheet_day_en(struct drafting *d, day on)
{
  static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
  int year, month, mday;
  if (on == DAY_NONE)
    return "(no date)";
  day_parts(on, &year, &month, &mday);
  return arena_printf(d->arena, "%d %s %d", mday, months[month - 1], year);
}

struct words sheet_agency(struct drafting *d, const char *id)
{
  const json_t *list = json_list(d->plan, "agencies");
  struct words name = {"行政服务中心", "Administrative Service Centre"};
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strcmp(json_str(json_array_get(list, i), "agency"), id) == 0) {
      const json_t *words = json_object_get(json_array_get(list, i), "name");
      name = (struct words){json_str(words, "zh"), json_str(words, "en")};
    }
  return (struct words){arena_printf(d->arena, "%s%s", d->city->name.zh, name.zh),
                        arena_printf(d->arena, "%s %s", d->city->name.en, name.en)};
}

int sheet_item(const struct drafting *d)
{
  for (size_t i = 0; i < d->c->item_count; i++)
    if (*d->event->item && strcmp(d->c->items[i].item, d->event->item) == 0)
      return (int)i;
  return -1;
}

const json_t *sheet_plan_item(const struct drafting *d, int item)
{
  return item < 0 ? NULL : json_array_get(json_list(d->plan, "items"), (size_t)item);
}

/* ---- who serves it ---- */

static void write_issuer(struct drafting *d, bool by_department)
{
  int i = sheet_item(d);
  d->sheet->issuer = sheet_agency(d, by_department && i >= 0 ? d->c->items[i].agency : "");
}

static void write_handler(struct drafting *d)
{
  const struct actor *actor = &d->event->actor;
  if (strcmp(actor->role, "system") == 0)
    d->sheet->handler = "系统依法自动办理";
  else if (strcmp(actor->role, "applicant") == 0)
    d->sheet->handler = "系统自动收件（申请人自行提交）";
  else
    d->sheet->handler = arena_str(d->arena, d->city->staff(d->city->context, actor->id));
}

static const struct {
  enum paper paper;
  void (*write)(struct drafting *d);
  bool by_department, signed_for;
} kinds[] = {
    {PAPER_RECEIPT, sheet_of_receipt, false, true},         {PAPER_ACCEPTANCE, sheet_of_acceptance, false, true},
    {PAPER_CORRECTION, sheet_of_correction, false, true},   {PAPER_NOT_TAKEN, sheet_of_not_taken, false, true},
    {PAPER_TOLERANCE, sheet_of_tolerance, false, true},     {PAPER_SPECIAL, sheet_of_special, true, true},
    {PAPER_EXTENSION, sheet_of_extension, true, true},      {PAPER_WITHDRAWAL, sheet_of_withdrawal, false, true},
    {PAPER_TERMINATION, sheet_of_termination, false, true}, {PAPER_REVOCATION, sheet_of_revocation, true, true},
    {PAPER_COMMITMENT, sheet_of_commitment, false, false},  {PAPER_SERVICE, sheet_of_service, false, false},
};

static void write_decision(struct drafting *d, enum paper paper)
{
  write_issuer(d, true);
  d->sheet->signed_for = true;
  sheet_of_decision(d, paper == PAPER_GRANT);
}

void sheet_write(struct drafting *d)
{
  struct sheet *s = d->sheet;
  s->addressee = d->c->applicant;
  s->personal = s->english = "";
  write_handler(d);
  const struct paper_words *kind = paper_find(span_of(s->word));
  if (!kind) {
    write_issuer(d, true);
    sheet_of_certificate(d);
    return;
  }
  s->title = kind->name;
  for (int p = 0; p < PAPER_COUNT; p++) {
    if (paper_words((enum paper)p) != kind)
      continue;
    if (p == PAPER_GRANT || p == PAPER_REFUSAL)
      write_decision(d, (enum paper)p);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      if ((int)kinds[k].paper == p) {
        write_issuer(d, kinds[k].by_department);
        s->signed_for = kinds[k].signed_for;
        kinds[k].write(d);
      }
  }
}
