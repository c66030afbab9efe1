/*
 * Erasing what is personal of a case that has ended: on which ground, until when the file is to be kept, and what remains.
 */
#include "casework/rules.h"

#include <string.h>

enum { RETENTION_YEARS = 10 };

const struct ground_words erase_grounds[] = {
#define X(name, word, zh, en) {word, {zh, en}},
    ERASE_GROUNDS(X)
#undef X
        {NULL},
};

const struct ground_words *erase_ground(struct span word)
{
  for (const struct ground_words *g = erase_grounds; g->word; g++)
    if (span_is(word, g->word))
      return g;
  return NULL;
}

day casefile_retained_until(const struct casefile *c)
{
  bool record = c->accepted || c->state == CASE_NOT_REQUIRED || c->state == CASE_NO_JURISDICTION;
  return record && c->closed ? day_make(year_of(day_of(c->closed)) + RETENTION_YEARS, 12, 31) : DAY_NONE;
}

/* ---- the command ---- */

/* Who worked on a case does not destroy its traces. */
static int check_uninvolved(struct work *w)
{
  const char *id = w->command->actor.id;
  bool did = strcmp(w->c->accepted_by, id) == 0;
  for (size_t i = 0; i < w->c->prepared_count; i++)
    did |= strcmp(w->c->prepared[i], id) == 0;
  for (size_t i = 0; i < w->c->item_count; i++)
    did |= strcmp(w->c->items[i].decided_by, id) == 0;
  did |= casefile_worked(w->c, id);
  if (!did)
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您办理过本办件，不能销毁其中的个人信息：办理与档案管理相分离",
                "You handled this case and cannot erase it: handling and the keeping of records are separate");
}

int do_erase(struct work *w)
{
  const char *word = "";
  if (!case_state_closed(w->c->state))
    return wrong_state(w);
  if (take_text(w, w->data, "ground", true, &word))
    return -1;
  const struct ground_words *ground = erase_ground(span_of(word));
  if (!ground)
    return bad_argument(w, "ground", "请选择法律依据", "Please choose the legal ground");
  if (check_uninvolved(w))
    return -1;
  day until = casefile_retained_until(w->c);
  char text[DAY_TEXT];
  if (until != DAY_NONE && w->today <= until && ground != erase_ground(SPAN("unlawful"))) {
    day_format(until, text);
    return refuse(
        w, ERROR_RULE, "retention", arena_printf(w->d->arena, "本办件的法定保存期限到 %s 为止，此前只能因违法处理而销毁", text),
        arena_printf(w->d->arena,
                     "The law keeps this file until %s: before that it is erased only where the data was processed unlawfully",
                     text));
  }
  return emit(w, "erased", -1, casefile_residue(w->c, ground->word));
}

/* ---- what remains ---- */

static json_t *words_json(struct words words)
{
  return json_pack("{s:s,s:s}", "zh", words.zh, "en", words.en);
}

static json_t *item_residue(const struct case_item *it)
{
  return json_pack("{s:s,s:o,s:s,s:s,s:I,s:I,s:I,s:I}", "id", it->item, "name", words_json(it->name), "agency", it->agency, "state",
                   item_state_words(it->state)->word, "opened", (json_int_t)it->opened, "decided", (json_int_t)it->decided,
                   "issued", (json_int_t)it->issued, "delivered", (json_int_t)it->delivered);
}

json_t *casefile_residue(const struct casefile *c, const char *ground)
{
  json_t *items = json_array();
  for (size_t i = 0; i < c->item_count; i++)
    (void)json_array_append_new(items, item_residue(&c->items[i]));
  return json_pack("{s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:i,s:i,s:o}", "ground", ground, "number", c->number, "thing",
                   c->thing, "name", words_json(c->name), "lead", c->lead, "district", c->district, "catalog", c->catalog_version,
                   "state", case_state_words(c->state)->word, "created", (json_int_t)c->created, "submitted",
                   (json_int_t)c->submitted, "accepted", (json_int_t)c->accepted, "closed", (json_int_t)c->closed,
                   "trips_applicant", c->trips_applicant, "trips_staff", c->trips_staff, "items", items);
}

static const char *text_of(struct arena *arena, const json_t *object, const char *key)
{
  return arena_str(arena, json_str(object, key));
}

static struct words words_of(struct arena *arena, const json_t *object, const char *key)
{
  const json_t *words = json_object_get(object, key);
  return (struct words){text_of(arena, words, "zh"), text_of(arena, words, "en")};
}

static int read_item(struct case_item *it, struct arena *arena, const json_t *from)
{
  it->item = text_of(arena, from, "id");
  it->agency = text_of(arena, from, "agency");
  it->name = words_of(arena, from, "name");
  it->opened = json_int(from, "opened");
  it->decided = json_int(from, "decided");
  it->issued = json_int(from, "issued");
  it->delivered = json_int(from, "delivered");
  it->code = it->number = it->certificate = it->document = it->decided_by = it->reason = it->special = it->result_number = "";
  it->result_name = (struct words){"", ""};
  it->clock_from = it->special_from = it->result_from = it->result_until = DAY_NONE;
  it->legal.day = it->promise.day = it->warn.day = it->issue_due.day = DAY_NONE;
  return item_state_parse(span_of(json_str(from, "state")), &it->state) ? 0 : -1;
}

int casefile_from_residue(struct casefile *c, struct arena *arena, const struct event *event)
{
  const json_t *data = event->data, *items = json_list(data, "items");
  size_t n = json_array_size(items);
  *c = (struct casefile){.id = event->id,
                         .number = text_of(arena, data, "number"),
                         .thing = text_of(arena, data, "thing"),
                         .name = words_of(arena, data, "name"),
                         .lead = text_of(arena, data, "lead"),
                         .district = text_of(arena, data, "district"),
                         .catalog_version = text_of(arena, data, "catalog"),
                         .ground = text_of(arena, data, "ground"),
                         .erased = event->at,
                         .created = json_int(data, "created"),
                         .submitted = json_int(data, "submitted"),
                         .accepted = json_int(data, "accepted"),
                         .closed = json_int(data, "closed"),
                         .trips_applicant = (int)json_int(data, "trips_applicant"),
                         .trips_staff = (int)json_int(data, "trips_staff"),
                         .received = DAY_NONE,
                         .last_trip = DAY_NONE};
  c->accepted_day = c->accepted ? day_of(c->accepted) : DAY_NONE;
  c->notice.day = c->correction.day = c->joint_due.day = DAY_NONE;
  c->code = c->account = c->applicant = c->id_number = c->phone = c->channel = c->delivery_mode = c->delivery_address = "";
  c->plan_digest = c->committed = c->accepted_by = c->accepted_for = c->reason = c->right_body = "";
  c->items = arena_array(arena, n + 1, sizeof *c->items);
  c->item_count = n;
  for (size_t i = 0; i < n; i++)
    if (read_item(&c->items[i], arena, json_array_get(items, i)))
      return -1;
  return case_state_parse(span_of(json_str(data, "state")), &c->state) ? 0 : -1;
}
