/*
 * The joint back office in the state of a case: how its events make it, where the time goes, and the same as JSON.
 *
 * Rules work on a copy that shares what gatherings point to (casefile_clone), so that is copied before it changes.
 */
#include <string.h>

#include "base/text.h"
#include "casework/internal.h"

const struct spent_words spent_words[SPENT_COUNT] = {
#define X(name, word, zh, en) {word, zh, en},
    SPENT_KINDS(X)
#undef X
};

struct change {
  struct casefile *c;
  struct joint *j;
  struct arena *arena;
  const struct event *event;
  const json_t *data;
  struct case_item *item; /* of data.item; NULL */
};

static const char *copy(const struct change *ch, const char *key)
{
  return arena_str(ch->arena, json_str(ch->data, key));
}

struct joint joint_clone(const struct joint *j, struct arena *arena)
{
  struct joint made = *j;
  made.gatherings = list_copy(arena, j->gatherings, j->gathering_count, sizeof *j->gatherings);
  made.photos = list_copy(arena, j->photos, j->photo_count, sizeof *j->photos);
  made.messages = list_copy(arena, j->messages, j->message_count, sizeof *j->messages);
  made.disputes = list_copy(arena, j->disputes, j->dispute_count, sizeof *j->disputes);
  made.worked = list_copy(arena, j->worked, j->worked_count, sizeof *j->worked);
  made.gathering_cap = j->gathering_count;
  made.photo_cap = j->photo_count;
  made.message_cap = j->message_count;
  made.dispute_cap = j->dispute_count;
  made.worked_cap = j->worked_count;
  return made;
}

/* ---- what follows from the state ---- */

bool gathering_running(const struct gathering *g)
{
  return g->state < GATHERING_HELD;
}

int gathering_index(const struct casefile *c, int64_t number)
{
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (c->joint_work.gatherings[i].number == number)
      return (int)i;
  return -1;
}

static bool does_step(const struct gathering *g, int step)
{
  for (size_t i = 0; i < g->step_count; i++)
    if (g->steps[i] == step)
      return true;
  return false;
}

int gathering_of_step(const struct casefile *c, int step)
{
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (gathering_running(&c->joint_work.gatherings[i]) && does_step(&c->joint_work.gatherings[i], step))
      return (int)i;
  return -1;
}

int attendee_index(const struct gathering *g, const char *agency)
{
  for (size_t i = 0; i < g->who_count; i++)
    if (strcmp(g->who[i].agency, agency) == 0)
      return (int)i;
  return -1;
}

bool date_suits(const struct gathering *g, int date)
{
  for (size_t i = 0; i < g->who_count; i++)
    if (g->who[i].said && !(g->who[i].suits & 1u << date))
      return false;
  return date >= 0 && date < g->date_count;
}

bool gathering_has_said(const struct gathering *g)
{
  for (size_t i = 0; i < g->who_count; i++)
    if (!g->who[i].said)
      return false;
  return true;
}

bool casefile_takes_part(const struct casefile *c, const char *agency)
{
  for (size_t i = 0; i < c->item_count; i++)
    if (strcmp(c->items[i].agency, agency) == 0)
      return true;
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].state != STEP_REMOVED && strcmp(c->steps[i].agency, agency) == 0)
      return true;
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (attendee_index(&c->joint_work.gatherings[i], agency) >= 0)
      return true;
  return false;
}

bool casefile_worked(const struct casefile *c, const char *actor)
{
  for (size_t i = 0; i < c->joint_work.worked_count; i++)
    if (strcmp(c->joint_work.worked[i], actor) == 0)
      return true;
  return false;
}

void casefile_note_worker(struct casefile *c, struct arena *arena, const struct actor *actor)
{
  struct joint *j = &c->joint_work;
  if (strcmp(actor->role, "system") == 0 || casefile_worked(c, actor->id))
    return;
  j->worked = arena_grow(arena, j->worked, j->worked_count, &j->worked_cap, sizeof *j->worked);
  j->worked[j->worked_count++] = arena_str(arena, actor->id);
}

int casefile_open_dispute(const struct casefile *c, int item)
{
  for (size_t i = 0; i < c->joint_work.dispute_count; i++)
    if (!c->joint_work.disputes[i].ruled && c->joint_work.disputes[i].item == item)
      return (int)i;
  return -1;
}

/* ---- where the time goes ---- */

/* A step waits for the applicant while he has to choose the date of its visit. */
static bool awaits_choice(const struct casefile *c, int step)
{
  int g = gathering_of_step(c, step);
  return g >= 0 && c->joint_work.gatherings[g].visit && c->joint_work.gatherings[g].state == GATHERING_OPEN;
}

static unsigned item_waits_for(const struct casefile *c, int i)
{
  const struct case_item *it = &c->items[i];
  unsigned set = 0;
  switch (it->state) {
  case ITEM_SPECIAL:
    return 1u << SPENT_SPECIAL;
  case ITEM_GRANTED_TOLERANT:
    return 1u << SPENT_APPLICANT;
  case ITEM_GRANTED:
    return 1u << SPENT_CENTRE;
  case ITEM_ISSUED:
    return strcmp(casefile_delivery(c, (size_t)i), "window") == 0 ? 1u << SPENT_APPLICANT : 1u << SPENT_CENTRE;
  case ITEM_OPEN:
  case ITEM_REVIEW:
    break;
  case ITEM_PENDING:
  case ITEM_WAITING: /* for another item, which says for whom */
  case ITEM_DELIVERED:
  case ITEM_REFUSED:
  case ITEM_CANNOT_PROCEED:
  case ITEM_WITHDRAWN:
  case ITEM_TERMINATED:
  case ITEM_REVOKED:
    return 0;
  }
  if (casefile_item_decidable(c, (size_t)i))
    return it->taken ? 1u << SPENT_WORK : 1u << SPENT_DEPARTMENTS;
  for (int s = 0; (size_t)s < c->step_count; s++)
    if (c->steps[s].item == i && c->steps[s].state == STEP_TO_DO && casefile_step_is_next(c, (size_t)s))
      set |= 1u << (awaits_choice(c, s) ? SPENT_APPLICANT : c->steps[s].taken ? SPENT_WORK : SPENT_DEPARTMENTS);
  return set;
}

enum spent casefile_waits_for(const struct casefile *c)
{
  unsigned set = 0;
  if (c->state == CASE_SUBMITTED)
    return SPENT_CENTRE;
  if (c->state == CASE_CORRECTION)
    return SPENT_APPLICANT;
  if (c->state < CASE_ACCEPTED || case_state_closed(c->state))
    return SPENT_NOTHING;
  for (int i = 0; (size_t)i < c->item_count; i++)
    set |= item_waits_for(c, i);
  for (unsigned k = 0; k < SPENT_COUNT; k++)
    if (set & 1u << k)
      return (enum spent)k;
  return SPENT_DEPARTMENTS;
}

void casefile_spent(const struct casefile *c, moment now, int64_t ret[SPENT_COUNT])
{
  enum spent kind = casefile_waits_for(c);
  memcpy(ret, c->joint_work.spent, SPENT_COUNT * sizeof *ret);
  if (kind != SPENT_NOTHING && c->joint_work.measured && now > c->joint_work.measured)
    ret[kind] += now - c->joint_work.measured;
}

void joint_measure(struct casefile *c, moment at)
{
  int64_t spent[SPENT_COUNT];
  casefile_spent(c, at, spent);
  memcpy(c->joint_work.spent, spent, sizeof spent);
  if (at > c->joint_work.measured)
    c->joint_work.measured = at;
}

/* ---- gatherings ---- */

static struct gathering *gathering_of(struct change *ch)
{
  int i = gathering_index(ch->c, json_int(ch->data, "gathering"));
  return i < 0 ? NULL : &ch->j->gatherings[i];
}

static int read_dates(struct gathering *g, const json_t *list)
{
  size_t n = json_array_size(list);
  if (n < 1 || n > OFFERED_DATES_MAX)
    return -1;
  for (size_t i = 0; i < n; i++) {
    const json_t *one = json_array_get(list, i);
    g->dates[i] = (struct offered_date){day_read(json_object_get(one, "day")), strcmp(json_str(one, "half"), "afternoon") == 0};
    if (g->dates[i].day == DAY_NONE)
      return -1;
  }
  g->date_count = (int)n;
  return 0;
}

static int read_gathering(struct change *ch, struct gathering *g)
{
  const json_t *agencies = json_list(ch->data, "agencies"), *steps = json_list(ch->data, "steps");
  g->who_count = json_array_size(agencies);
  g->step_count = json_array_size(steps);
  if (g->who_count > ATTENDEES_MAX || g->step_count > ch->c->step_count || read_dates(g, json_list(ch->data, "dates")))
    return -1;
  struct attendee *who = arena_array(ch->arena, g->who_count + 1, sizeof *who);
  int *list = arena_array(ch->arena, g->step_count + 1, sizeof *list);
  for (size_t i = 0; i < g->who_count; i++) {
    who[i].agency = arena_str(ch->arena, json_string_value(json_array_get(agencies, i)));
    who[i].findings = who[i].by = "";
    if (strcmp(who[i].agency, g->agency) == 0) { /* who offers them can on all */
      who[i].said = true;
      who[i].suits = (1u << g->date_count) - 1;
    }
  }
  for (size_t i = 0; i < g->step_count; i++) {
    json_int_t s = json_integer_value(json_array_get(steps, i));
    if (s < 0 || (uint64_t)s >= ch->c->step_count)
      return -1;
    list[i] = (int)s;
  }
  g->who = who;
  g->steps = list;
  return 0;
}

static int on_dates_offered(struct change *ch)
{
  struct gathering g = {.number = (int)json_int(ch->data, "gathering"),
                        .visit = strcmp(json_str(ch->data, "kind"), "visit") == 0,
                        .topic = copy(ch, "topic"),
                        .agency = arena_str(ch->arena, ch->event->actor.agency),
                        .by = arena_str(ch->arena, ch->event->actor.id),
                        .offered = ch->event->at,
                        .answer_by = day_read(json_object_get(ch->data, "answer_by")),
                        .chosen = -1,
                        .reason = copy(ch, "reason"),
                        .resolution = "",
                        .after = (int)json_int(ch->data, "after")};
  if (read_gathering(ch, &g))
    return -1;
  struct joint *j = ch->j;
  j->gatherings = arena_grow(ch->arena, j->gatherings, j->gathering_count, &j->gathering_cap, sizeof *j->gatherings);
  j->gatherings[j->gathering_count++] = g;
  return 0;
}

/* A copy of those who attend that may be changed; NULL where the agency does not attend. */
static struct attendee *attendee_to_change(struct change *ch, struct gathering *g, const char *agency)
{
  int i = attendee_index(g, agency);
  if (i < 0)
    return NULL;
  struct attendee *who = list_copy(ch->arena, g->who, g->who_count, sizeof *who);
  g->who = who;
  return &who[i];
}

static int on_dates_said(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  struct attendee *a = g ? attendee_to_change(ch, g, ch->event->actor.agency) : NULL;
  const json_t *list = json_list(ch->data, "dates");
  if (!a)
    return -1;
  a->said = true;
  a->suits = 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    json_int_t n = json_integer_value(json_array_get(list, i));
    if (n >= 0 && n < g->date_count)
      a->suits |= 1u << n;
  }
  g->state = GATHERING_OFFERED; /* who changes his mind opens the question again */
  return 0;
}

static int on_dates_open(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  if (!g)
    return -1;
  g->state = GATHERING_OPEN;
  return 0;
}

static int on_dates_clash(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  if (!g)
    return -1;
  g->state = GATHERING_CLASH;
  return 0;
}

static int on_date_chosen(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  json_int_t n = json_int(ch->data, "date");
  if (!g || n < 0 || n >= g->date_count)
    return -1;
  g->chosen = (int)n;
  g->state = GATHERING_FIXED;
  return 0;
}

static void add_photos(struct change *ch, const struct gathering *g)
{
  const json_t *list = json_list(ch->data, "photos");
  struct joint *j = ch->j;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    j->photos = arena_grow(ch->arena, j->photos, j->photo_count, &j->photo_cap, sizeof *j->photos);
    j->photos[j->photo_count] = (struct minute_file){.number = (int)j->photo_count + 1,
                                                     .gathering = g->number,
                                                     .agency = arena_str(ch->arena, ch->event->actor.agency),
                                                     .sha256 = arena_str(ch->arena, json_str(one, "sha256")),
                                                     .name = arena_str(ch->arena, json_str(one, "name")),
                                                     .type = arena_str(ch->arena, json_str(one, "type")),
                                                     .size = json_int(one, "size")};
    j->photo_count++;
  }
}

static int on_minuted(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  struct attendee *a = g ? attendee_to_change(ch, g, ch->event->actor.agency) : NULL;
  const char *result = json_str(ch->data, "result");
  if (!a)
    return -1;
  a->minutes = strcmp(result, "pass") == 0 ? MINUTES_PASS : strcmp(result, "fail") == 0 ? MINUTES_FAIL : MINUTES_NOTED;
  a->findings = copy(ch, "findings");
  a->by = arena_str(ch->arena, ch->event->actor.id);
  a->at = ch->event->at;
  add_photos(ch, g);
  return 0;
}

static int on_gathering_held(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  const json_t *missing = json_list(ch->data, "missing");
  if (!g)
    return -1;
  for (size_t i = 0; i < json_array_size(missing); i++) {
    struct attendee *a = attendee_to_change(ch, g, json_string_value(json_array_get(missing, i)));
    if (a)
      a->minutes = MINUTES_MISSING;
  }
  g->state = GATHERING_HELD;
  g->reason = copy(ch, "reason");
  g->resolution = copy(ch, "resolution");
  return 0;
}

static int on_called_off(struct change *ch)
{
  struct gathering *g = gathering_of(ch);
  if (!g)
    return -1;
  g->state = GATHERING_CALLED_OFF;
  g->reason = copy(ch, "reason");
  return 0;
}

/* ---- coordination ---- */

static int on_message(struct change *ch)
{
  struct joint *j = ch->j;
  json_int_t answers = json_int(ch->data, "answers");
  for (size_t i = 0; i < j->message_count; i++)
    if (answers && j->messages[i].number == answers)
      j->messages[i].answered = ch->event->at;
  j->messages = arena_grow(ch->arena, j->messages, j->message_count, &j->message_cap, sizeof *j->messages);
  j->messages[j->message_count++] = (struct message){.number = (int)json_int(ch->data, "message"),
                                                     .agency = arena_str(ch->arena, ch->event->actor.agency),
                                                     .by = arena_str(ch->arena, ch->event->actor.id),
                                                     .text = copy(ch, "text"),
                                                     .at = ch->event->at,
                                                     .to = copy(ch, "to"),
                                                     .due = day_read(json_object_get(ch->data, "due")),
                                                     .answers = (int)answers,
                                                     .shared = json_flag(ch->data, "shared"),
                                                     .resolution = json_flag(ch->data, "resolution")};
  return 0;
}

static struct case_step *step_of(struct change *ch, const json_t *value)
{
  json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
  return n >= 0 && (uint64_t)n < ch->c->step_count ? &ch->c->steps[n] : NULL;
}

static int on_taken_up(struct change *ch)
{
  const json_t *step = json_object_get(ch->data, "step");
  struct case_step *s = step_of(ch, step);
  if (step ? !s : !ch->item)
    return -1;
  if (s)
    s->taken = ch->event->at;
  else
    ch->item->taken = ch->event->at;
  return 0;
}

static int on_step_added(struct change *ch)
{
  struct casefile *c = ch->c;
  if (!ch->item)
    return -1;
  c->steps = list_copy(ch->arena, c->steps, c->step_count, sizeof *c->steps);
  c->steps[c->step_count++] = (struct case_step){.item = (int)(ch->item - c->items),
                                                 .step = copy(ch, "kind"),
                                                 .agency = copy(ch, "agency"),
                                                 .assist = true,
                                                 .takes = (int)json_int(ch->data, "takes"),
                                                 .by = "",
                                                 .opinion = "",
                                                 .visit = -1,
                                                 .added = true,
                                                 .law = "",
                                                 .article = "",
                                                 .consent = {DAY_NONE, false}};
  item_begin_steps(c, (int)(ch->item - c->items), ch->event->at);
  return 0;
}

static int on_step_removed(struct change *ch)
{
  struct case_step *s = step_of(ch, json_object_get(ch->data, "step"));
  if (!s)
    return -1;
  s->state = STEP_REMOVED;
  return 0;
}

static int on_steps_returned(struct change *ch)
{
  const json_t *list = json_list(ch->data, "steps");
  if (!ch->item)
    return -1;
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct case_step *s = step_of(ch, json_array_get(list, i));
    if (!s)
      return -1;
    s->state = STEP_TO_DO;
    s->since = s->taken = s->done = 0;
    s->by = s->opinion = "";
    s->silent = false;
    s->consent.day = DAY_NONE;
  }
  ch->item->taken = 0;
  item_begin_steps(ch->c, (int)(ch->item - ch->c->items), ch->event->at);
  return 0;
}

/* What was to come for the item is to come again: a refusal had made it needless. */
static void ask_again(struct casefile *c, int item)
{
  for (size_t i = 0; i < c->material_count; i++) {
    struct case_material *m = &c->materials[i];
    for (size_t k = 0; k < m->item_count; k++)
      if (m->items[k] == item && m->source == SOURCE_UPLOAD && m->attached == 0)
        m->deferred = m->until;
  }
}

static int on_reopened(struct change *ch)
{
  struct case_item *it = ch->item;
  if (!it)
    return -1;
  it->state = ITEM_REVIEW;
  it->decided = it->taken = 0;
  it->decided_by = it->reason = "";
  it->issue_due = (struct due){DAY_NONE, false};
  it->late_issue = false;
  it->redecided++;
  ask_again(ch->c, (int)(it - ch->c->items));
  return 0;
}

static int on_escalated(struct change *ch)
{
  struct joint *j = ch->j;
  j->disputes = arena_grow(ch->arena, j->disputes, j->dispute_count, &j->dispute_cap, sizeof *j->disputes);
  j->disputes[j->dispute_count++] = (struct dispute){.number = (int)json_int(ch->data, "dispute"),
                                                     .item = ch->item ? (int)(ch->item - ch->c->items) : -1,
                                                     .agency = arena_str(ch->arena, ch->event->actor.agency),
                                                     .by = arena_str(ch->arena, ch->event->actor.id),
                                                     .reason = copy(ch, "reason"),
                                                     .instance = copy(ch, "instance"),
                                                     .at = ch->event->at,
                                                     .due = day_read(json_object_get(ch->data, "due")),
                                                     .ruling = "",
                                                     .reasons = "",
                                                     .ruled_by = ""};
  return 0;
}

static int on_ruled(struct change *ch)
{
  for (size_t i = 0; i < ch->j->dispute_count; i++) {
    struct dispute *d = &ch->j->disputes[i];
    if (d->number != json_int(ch->data, "dispute"))
      continue;
    d->ruled = ch->event->at;
    d->ruling = copy(ch, "ruling");
    d->reasons = copy(ch, "reasons");
    d->ruled_by = arena_str(ch->arena, ch->event->actor.id);
    return 0;
  }
  return -1;
}

/* ---- materials that may follow ---- */

static int material_named(const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (strcmp(c->materials[i].material, id) == 0)
      return (int)i;
  return -1;
}

static int on_due_soon(struct change *ch)
{
  const json_t *list = json_list(ch->data, "materials");
  for (size_t i = 0; i < json_array_size(list); i++) {
    int m = material_named(ch->c, json_string_value(json_array_get(list, i)));
    if (m >= 0)
      ch->c->materials[m].remind = DAY_NONE;
  }
  return 0;
}

/* What came does not do: its files are set aside, it is to come again by the same day, and what it completed is incomplete. */
static int on_unfit(struct change *ch)
{
  struct casefile *c = ch->c;
  int m = material_named(c, json_str(ch->data, "material"));
  if (m < 0)
    return -1;
  for (size_t i = 0; i < c->attachment_count; i++)
    c->attachments[i].removed |= c->attachments[i].material == m;
  c->materials[m].attached = 0;
  c->materials[m].deferred = c->materials[m].until;
  for (size_t k = 0; k < c->materials[m].item_count; k++)
    if (c->items[c->materials[m].items[k]].state == ITEM_GRANTED)
      c->items[c->materials[m].items[k]].state = ITEM_GRANTED_TOLERANT;
  return 0;
}

/* ---- the table ---- */

static const struct {
  const char *type;
  int (*apply)(struct change *ch);
} events[] = {
    {"dates-offered", on_dates_offered},
    {"dates-said", on_dates_said},
    {"dates-open", on_dates_open},
    {"dates-clash", on_dates_clash},
    {"date-chosen", on_date_chosen},
    {"minuted", on_minuted},
    {"gathering-held", on_gathering_held},
    {"called-off", on_called_off},
    {"message", on_message},
    {"taken-up", on_taken_up},
    {"step-added", on_step_added},
    {"step-removed", on_step_removed},
    {"steps-returned", on_steps_returned},
    {"reopened", on_reopened},
    {"escalated", on_escalated},
    {"ruled", on_ruled},
    {"deferred-due-soon", on_due_soon},
    {"deferred-unfit", on_unfit},
};

int joint_evolve(struct casefile *c, struct arena *arena, const struct event *event)
{
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    if (strcmp(event->type, events[i].type) != 0)
      continue;
    int item = item_index(c, json_object_get(event->data, "item"));
    struct change ch = {.c = c,
                        .j = &c->joint_work,
                        .arena = arena,
                        .event = event,
                        .data = event->data,
                        .item = item >= 0 ? &c->items[item] : NULL};
    return events[i].apply(&ch) ? -1 : 0;
  }
  return 1;
}

/* ---- as JSON ---- */

static void put_day(struct json_writer *w, const char *key, day d)
{
  char text[DAY_TEXT];
  if (d == DAY_NONE)
    return;
  day_format(d, text);
  json_put_str(w, key, text);
}

static void put_moment(struct json_writer *w, const char *key, moment at)
{
  char text[MOMENT_TEXT];
  if (!at)
    return;
  moment_format(at, text);
  json_put_str(w, key, text);
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
  if (*text)
    json_put_str(w, key, text);
}

static void put_attendee(const struct gathering *g, const struct attendee *a, struct json_writer *w)
{
  static const char *const minutes[] = {"", "pass", "fail", "noted", "missing"};
  json_begin_object(w, NULL);
  json_put_str(w, "agency", a->agency);
  if (a->said) {
    json_begin_array(w, "suits");
    for (int d = 0; d < g->date_count; d++)
      if (a->suits & 1u << d)
        json_put_int(w, NULL, d);
    json_end(w);
  }
  put_text(w, "minutes", minutes[a->minutes]);
  put_text(w, "findings", a->findings);
  put_text(w, "by", a->by);
  put_moment(w, "at", a->at);
  json_end(w);
}

static void put_gathering(const struct gathering *g, struct json_writer *w)
{
  static const char *const states[] = {"offered", "open", "clash", "fixed", "held", "called-off"};
  json_begin_object(w, NULL);
  json_put_int(w, "gathering", g->number);
  json_put_str(w, "kind", g->visit ? "visit" : "meeting");
  json_put_str(w, "state", states[g->state]);
  put_text(w, "topic", g->topic);
  json_put_str(w, "agency", g->agency);
  put_day(w, "answer_by", g->answer_by);
  json_begin_array(w, "dates");
  for (int d = 0; d < g->date_count; d++) {
    json_begin_object(w, NULL);
    put_day(w, "day", g->dates[d].day);
    json_put_str(w, "half", g->dates[d].afternoon ? "afternoon" : "morning");
    json_end(w);
  }
  json_end(w);
  if (g->chosen >= 0)
    json_put_int(w, "chosen", g->chosen);
  json_begin_array(w, "steps");
  for (size_t i = 0; i < g->step_count; i++)
    json_put_int(w, NULL, g->steps[i]);
  json_end(w);
  json_begin_array(w, "who");
  for (size_t i = 0; i < g->who_count; i++)
    put_attendee(g, &g->who[i], w);
  json_end(w);
  put_text(w, "reason", g->reason);
  put_text(w, "resolution", g->resolution);
  if (g->after)
    json_put_int(w, "after", g->after);
  json_end(w);
}

static void put_message(const struct message *m, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "message", m->number);
  json_put_str(w, "agency", m->agency);
  json_put_str(w, "by", m->by);
  json_put_str(w, "text", m->text);
  put_moment(w, "at", m->at);
  put_text(w, "to", m->to);
  put_day(w, "due", m->due);
  if (m->answers)
    json_put_int(w, "answers", m->answers);
  put_moment(w, "answered", m->answered);
  json_put_bool(w, "shared", m->shared);
  json_put_bool(w, "resolution", m->resolution);
  json_end(w);
}

static void put_dispute(const struct casefile *c, const struct dispute *d, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "dispute", d->number);
  if (d->item >= 0)
    json_put_str(w, "item", c->items[d->item].item);
  json_put_str(w, "agency", d->agency);
  json_put_str(w, "reason", d->reason);
  json_put_str(w, "instance", d->instance);
  put_day(w, "due", d->due);
  put_moment(w, "ruled", d->ruled);
  put_text(w, "ruling", d->ruling);
  put_text(w, "reasons", d->reasons);
  put_text(w, "ruled_by", d->ruled_by);
  json_end(w);
}

void joint_dump(const struct casefile *c, bool personal, struct json_writer *w)
{
  const struct joint *j = &c->joint_work;
  json_begin_array(w, "gatherings");
  for (size_t i = 0; i < j->gathering_count; i++)
    put_gathering(&j->gatherings[i], w);
  json_end(w);
  json_begin_array(w, "photos");
  for (size_t i = 0; i < j->photo_count && personal; i++)
    json_put_str(w, NULL, j->photos[i].sha256);
  json_end(w);
  json_begin_array(w, "messages");
  for (size_t i = 0; i < j->message_count && personal; i++)
    put_message(&j->messages[i], w);
  json_end(w);
  json_begin_array(w, "disputes");
  for (size_t i = 0; i < j->dispute_count; i++)
    put_dispute(c, &j->disputes[i], w);
  json_end(w);
  json_begin_array(w, "worked");
  for (size_t i = 0; i < j->worked_count; i++)
    json_put_str(w, NULL, j->worked[i]);
  json_end(w);
  json_begin_object(w, "spent_ms");
  for (int k = 0; k < SPENT_COUNT; k++)
    json_put_int(w, spent_words[k].word, j->spent[k]);
  json_end(w);
}
