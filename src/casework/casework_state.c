/*
 * The state of a case: how events make it, and how it is shown as JSON.
 */
#include "casework/internal.h"

#include <string.h>

#include "base/text.h"

/* ---- words ---- */

static const struct state_words case_words[] = {
#define X(name, word, event, zh, en) {word, event, {zh, en}},
    CASE_STATES(X)
#undef X
};
static const struct state_words item_words[] = {
#define X(name, word, event, zh, en) {word, event, {zh, en}},
    ITEM_STATES(X)
#undef X
};
static const struct paper_words papers[] = {
#define X(name, word, mark, zh, en) {word, mark, {zh, en}},
    PAPERS(X)
#undef X
};

const struct state_words *case_state_words(enum case_state state)
{
  return &case_words[state];
}

const struct state_words *item_state_words(enum item_state state)
{
  return &item_words[state];
}

const struct paper_words *paper_words(enum paper paper)
{
  return &papers[paper];
}

const struct paper_words *paper_find(struct span word)
{
  for (size_t i = 0; i < PAPER_COUNT; i++)
    if (span_is(word, papers[i].word))
      return &papers[i];
  return NULL;
}

bool case_state_parse(struct span word, enum case_state *ret)
{
  for (size_t i = 0; i < sizeof case_words / sizeof *case_words; i++)
    if (span_is(word, case_words[i].word)) {
      *ret = (enum case_state)i;
      return true;
    }
  return false;
}

bool item_state_parse(struct span word, enum item_state *ret)
{
  for (size_t i = 0; i < sizeof item_words / sizeof *item_words; i++)
    if (span_is(word, item_words[i].word)) {
      *ret = (enum item_state)i;
      return true;
    }
  return false;
}

static enum item_state item_state_of(const char *word, enum item_state otherwise)
{
  (void)item_state_parse(span_of(word), &otherwise);
  return otherwise;
}

bool case_state_closed(enum case_state state)
{
  switch (state) {
  case CASE_NOT_REQUIRED:
  case CASE_NO_JURISDICTION:
  case CASE_LAPSED:
  case CASE_ARCHIVED:
  case CASE_WITHDRAWN:
  case CASE_TERMINATED:
    return true;
  case CASE_NONE:
  case CASE_DRAFT:
  case CASE_SUBMITTED:
  case CASE_CORRECTION:
  case CASE_ACCEPTED:
  case CASE_IN_REVIEW:
  case CASE_SPECIAL:
  case CASE_DECIDED:
  case CASE_ISSUED:
    return false;
  }
  return false;
}

bool item_state_closed(enum item_state state)
{
  return state >= ITEM_DELIVERED;
}

int delivery_bit(struct span mode)
{
  if (span_is(mode, "e-certificate"))
    return DELIVERY_E_CERTIFICATE;
  if (span_is(mode, "courier"))
    return DELIVERY_COURIER;
  return span_is(mode, "window") ? DELIVERY_WINDOW : 0;
}

/* ---- small readers ---- */

json_t *day_json(day d)
{
  if (d == DAY_NONE)
    return json_null();
  char text[DAY_TEXT];
  day_format(d, text);
  return json_string(text);
}

day day_read(const json_t *text)
{
  day d = DAY_NONE;
  if (json_is_string(text))
    (void)day_parse(span_of(json_string_value(text)), &d);
  return d;
}

json_t *due_json(struct due due)
{
  if (due.day == DAY_NONE)
    return json_null();
  json_t *object = json_pack("{s:o}", "day", day_json(due.day));
  if (due.provisional)
    (void)json_object_set_new(object, "provisional", json_true());
  return object;
}

struct due due_read(const json_t *object)
{
  return (struct due){day_read(json_object_get(object, "day")), json_flag(object, "provisional")};
}

int item_index(const struct casefile *c, const json_t *name)
{
  if (json_is_integer(name)) {
    json_int_t i = json_integer_value(name);
    return i >= 0 && (uint64_t)i < c->item_count ? (int)i : -1;
  }
  const char *id = json_string_value(name);
  for (size_t i = 0; id && i < c->item_count; i++)
    if (strcmp(c->items[i].item, id) == 0)
      return (int)i;
  return -1;
}

static const char *copy(struct arena *arena, const json_t *object, const char *key)
{
  return arena_str(arena, json_str(object, key));
}

static struct words copy_words(struct arena *arena, const json_t *object, const char *key)
{
  const json_t *words = json_object_get(object, key);
  return (struct words){copy(arena, words, "zh"), copy(arena, words, "en")};
}

/* ---- the plan ---- */

static unsigned delivery_of(const json_t *list)
{
  unsigned set = 0;
  for (size_t i = 0; i < json_array_size(list); i++)
    set |= (unsigned)delivery_bit(span_of(json_string_value(json_array_get(list, i))));
  return set;
}

/* Indexes below the limit, from integers or from the member key of objects. NULL with *ret_n = SIZE_MAX where one is not. */
static int *indexes(struct arena *arena, const json_t *list, const char *key, size_t limit, size_t *ret_n)
{
  size_t n = json_array_size(list);
  int *index = arena_array(arena, n + 1, sizeof *index);
  for (size_t i = 0; i < n; i++) {
    const json_t *value = json_array_get(list, i);
    if (key)
      value = json_object_get(value, key);
    json_int_t v = json_is_integer(value) ? json_integer_value(value) : -1;
    if (v < 0 || (uint64_t)v >= limit) {
      *ret_n = SIZE_MAX;
      return NULL;
    }
    index[i] = (int)v;
  }
  *ret_n = n;
  return index;
}

static int pin_item(struct case_item *it, size_t number, struct arena *arena, const json_t *from)
{
  const json_t *result = json_object_get(from, "result");
  it->item = copy(arena, from, "item");
  it->agency = copy(arena, from, "agency");
  it->code = copy(arena, from, "code");
  it->name = copy_words(arena, from, "name");
  it->instant = json_flag(from, "instant");
  it->statutory = (int)json_int(from, "statutory");
  it->promised = (int)json_int(from, "promised");
  /* Only results of items before it: the plan is in an order that respects needs, so nothing can wait in a circle. */
  it->needs = indexes(arena, json_list(from, "needs"), NULL, number, &it->need_count);
  it->certificate = copy(arena, result, "certificate");
  it->document = copy(arena, result, "document");
  it->result_name = copy_words(arena, result, "name");
  it->valid_months = (int)json_int(result, "valid_months");
  it->delivery = delivery_of(json_list(from, "delivery"));
  it->number = it->decided_by = it->reason = it->special = it->result_number = "";
  it->clock_from = it->special_from = it->result_from = it->result_until = DAY_NONE;
  it->legal.day = it->promise.day = it->warn.day = it->issue_due.day = DAY_NONE;
  bool sane = it->statutory >= 0 && it->statutory <= 2000 && it->promised >= 0 && it->promised <= 2000 && it->valid_months >= 0 &&
              it->valid_months <= 1200;
  return *it->item && *it->agency && it->need_count != SIZE_MAX && sane ? 0 : -1;
}

static enum source source_of(const char *word)
{
  static const char *const names[] = {"upload", "form", "fetch", "result", "zone"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(word, names[i]) == 0)
      return (enum source)i;
  return SOURCE_UPLOAD;
}

static const struct case_material *material_before(const struct case_material *list, size_t n, const char *id)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].material, id) == 0)
      return &list[i];
  return NULL;
}

static int pin_materials(struct casefile *c, struct arena *arena, const json_t *list)
{
  size_t n = json_array_size(list), before = c->material_count;
  const struct case_material *old = c->materials;
  struct case_material *made = arena_array(arena, n + 1, sizeof *made);
  for (size_t i = 0; i < n; i++) {
    const json_t *from = json_array_get(list, i);
    struct case_material *m = &made[i];
    m->material = copy(arena, from, "material");
    m->name = copy_words(arena, from, "name");
    m->source = source_of(json_str(from, "source"));
    m->defer = (int)json_int(from, "defer");
    m->items = indexes(arena, json_list(from, "for"), "item", c->item_count, &m->item_count);
    m->asked = "";
    m->deferred.day = m->until.day = m->remind = DAY_NONE;
    if (!*m->material || m->item_count == SIZE_MAX || m->defer < 0 || m->defer > 2000)
      return -1;
    const struct case_material *same = material_before(old, before, m->material);
    m->attached = same ? same->attached : 0;
  }
  /* What was uploaded for a material that is no longer wanted is not part of the application any more. */
  for (size_t i = 0; i < c->attachment_count; i++) {
    const char *id = old[c->attachments[i].material].material;
    const struct case_material *now = material_before(made, n, id);
    c->attachments[i].removed |= !now;
    c->attachments[i].material = now ? (int)(now - made) : 0;
  }
  c->materials = made;
  c->material_count = n;
  return 0;
}

static enum field_type field_type_of(const char *word)
{
  static const char *const names[] = {"text", "number", "date", "choice", "boolean"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(word, names[i]) == 0)
      return (enum field_type)i;
  return FIELD_TEXT;
}

static int pin_fields(struct casefile *c, struct arena *arena, const json_t *list)
{
  size_t n = json_array_size(list);
  struct case_field *made = arena_array(arena, n + 1, sizeof *made);
  for (size_t i = 0; i < n; i++) {
    const json_t *from = json_array_get(list, i);
    struct case_field *f = &made[i];
    f->field = copy(arena, from, "field");
    f->name = copy_words(arena, from, "name");
    f->type = field_type_of(json_str(from, "type"));
    f->value = f->asked = "";
    if (!*f->field)
      return -1;
    for (size_t k = 0; k < c->field_count; k++)
      if (strcmp(c->fields[k].field, f->field) == 0)
        f->value = c->fields[k].value;
  }
  c->fields = made;
  c->field_count = n;
  return 0;
}

/* Silence is consent only where the plan says after how many days and by which rule. */
static void pin_silence(struct case_step *s, struct arena *arena, const json_t *from)
{
  s->law = copy(arena, from, "law");
  s->article = copy(arena, from, "article");
  s->consent.day = DAY_NONE;
  int days = (int)json_int(from, "days");
  s->silent_days = s->assist && *s->law && days > 0 && days <= 250 ? days : 0;
}

static int pin_steps(struct casefile *c, struct arena *arena, const json_t *list)
{
  size_t n = json_array_size(list);
  struct case_step *made = arena_array(arena, n + 1, sizeof *made);
  for (size_t i = 0; i < n; i++) {
    const json_t *from = json_array_get(list, i);
    json_int_t item = json_int(from, "item");
    if (item < 0 || (uint64_t)item >= c->item_count || !*json_str(from, "step"))
      return -1;
    made[i] = (struct case_step){.item = (int)item,
                                 .step = copy(arena, from, "step"),
                                 .agency = copy(arena, from, "agency"),
                                 .assist = json_flag(from, "assist"),
                                 .excluded = json_flag(from, "excluded"),
                                 .takes = (int)json_int(from, "takes"),
                                 .visit = json_is_integer(json_object_get(from, "visit")) ? (int)json_int(from, "visit") : -1,
                                 .by = "",
                                 .opinion = ""};
    pin_silence(&made[i], arena, json_object_get(from, "silent"));
    if (!*made[i].agency)
      made[i].agency = c->items[item].agency;
  }
  c->steps = made;
  c->step_count = n;
  return 0;
}

int casefile_pin(struct casefile *c, struct arena *arena, const json_t *plan)
{
  const json_t *items = json_list(plan, "items");
  size_t n = json_array_size(items);
  if (n < 1 || n > PLAN_ITEMS_MAX || json_array_size(json_list(plan, "materials")) > PLAN_LINES_MAX ||
      json_array_size(json_list(plan, "fields")) > PLAN_LINES_MAX || json_array_size(json_list(plan, "steps")) > PLAN_LINES_MAX)
    return -1;
  c->items = arena_array(arena, n, sizeof *c->items);
  c->item_count = n;
  c->joint = false;
  for (size_t i = 0; i < n; i++) {
    if (pin_item(&c->items[i], i, arena, json_array_get(items, i)))
      return -1;
    c->joint |= strcmp(c->items[i].agency, c->items[0].agency) != 0;
  }
  c->thing = copy(arena, plan, "thing");
  c->name = copy_words(arena, plan, "name");
  c->lead = copy(arena, plan, "lead");
  c->catalog_version = copy(arena, plan, "catalog");
  c->cap = (int)json_int(plan, "statutory");
  c->planned_online = (int)json_int(json_object_get(plan, "trips"), "online");
  c->planned_window = (int)json_int(json_object_get(plan, "trips"), "window");
  if (!*c->thing || c->cap < 0 || c->cap > 2000)
    return -1;
  return pin_materials(c, arena, json_list(plan, "materials")) || pin_fields(c, arena, json_list(plan, "fields")) ||
                 pin_steps(c, arena, json_list(plan, "steps"))
             ? -1
             : 0;
}

/* ---- what follows from the state ---- */

bool item_has_result(const struct casefile *c, size_t item)
{
  switch (c->items[item].state) {
  case ITEM_GRANTED:
  case ITEM_ISSUED:
  case ITEM_DELIVERED:
    return true;
  case ITEM_PENDING:
  case ITEM_WAITING:
  case ITEM_OPEN:
  case ITEM_REVIEW:
  case ITEM_SPECIAL:
  case ITEM_GRANTED_TOLERANT:
  case ITEM_REFUSED:
  case ITEM_CANNOT_PROCEED:
  case ITEM_WITHDRAWN:
  case ITEM_TERMINATED:
  case ITEM_REVOKED:
    return false;
  }
  return false;
}

/* «decide» in a plan is the decision itself, made by the command of that name. */
bool step_is_decision(const struct case_step *s)
{
  return !s->assist && strcmp(s->step, "decide") == 0;
}

bool item_under_way(const struct case_item *it)
{
  return it->state == ITEM_OPEN || it->state == ITEM_REVIEW || it->state == ITEM_SPECIAL;
}

bool casefile_step_is_next(const struct casefile *c, size_t step)
{
  const struct case_step *s = &c->steps[step];
  if (!item_under_way(&c->items[s->item]) || step_is_decision(s))
    return false;
  if (s->assist)
    return s->state == STEP_TO_DO;
  for (size_t i = 0; i < c->step_count; i++) {
    const struct case_step *other = &c->steps[i];
    if (other->item == s->item && !other->assist && !step_is_decision(other) && other->state == STEP_TO_DO)
      return i == step;
  }
  return false;
}

bool casefile_item_decidable(const struct casefile *c, size_t item)
{
  const struct case_item *it = &c->items[item];
  if (it->state != ITEM_OPEN && it->state != ITEM_REVIEW)
    return false;
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == (int)item && !step_is_decision(&c->steps[i]) && c->steps[i].state == STEP_TO_DO)
      return false;
  return true;
}

static bool wants(const struct case_material *m, size_t item)
{
  for (size_t i = 0; i < m->item_count; i++)
    if (m->items[i] == (int)item)
      return true;
  return false;
}

size_t casefile_open_materials(const struct casefile *c, size_t item)
{
  size_t n = 0;
  for (size_t i = 0; i < c->material_count; i++)
    n += c->materials[i].deferred.day != DAY_NONE && wants(&c->materials[i], item);
  return n;
}

const char *casefile_delivery(const struct casefile *c, size_t item)
{
  unsigned offers = c->items[item].delivery;
  if (!offers)
    offers = DELIVERY_E_CERTIFICATE | DELIVERY_COURIER | DELIVERY_WINDOW;
  if (offers & (unsigned)delivery_bit(span_of(c->delivery_mode)))
    return c->delivery_mode;
  if (offers & DELIVERY_E_CERTIFICATE)
    return "e-certificate";
  return offers & DELIVERY_COURIER ? "courier" : "window";
}

static void add_lack(struct arena *arena, struct lack **list, size_t *n, size_t *cap, struct lack lack)
{
  *list = arena_grow(arena, *list, *n, cap, sizeof **list);
  (*list)[(*n)++] = lack;
}

static bool needs_address(const struct casefile *c)
{
  for (size_t i = 0; i < c->item_count; i++)
    if (strcmp(casefile_delivery(c, i), "courier") == 0)
      return true;
  return false;
}

size_t casefile_lacks(const struct casefile *c, bool commitment, struct arena *arena, struct lack **ret)
{
  struct lack *list = NULL;
  size_t n = 0, cap = 0;
  for (size_t i = 0; i < c->field_count; i++)
    if (!*c->fields[i].value)
      add_lack(arena, &list, &n, &cap, (struct lack){LACK_FIELD, c->fields[i].field, c->fields[i].name});
  for (size_t i = 0; i < c->material_count; i++) {
    const struct case_material *m = &c->materials[i];
    if (m->source != SOURCE_UPLOAD || m->attached > 0 || (m->defer > 0 && commitment))
      continue;
    add_lack(arena, &list, &n, &cap, (struct lack){m->defer > 0 ? LACK_COMMITMENT : LACK_MATERIAL, m->material, m->name});
  }
  if (!*c->delivery_mode)
    add_lack(arena, &list, &n, &cap, (struct lack){LACK_DELIVERY, "delivery", {"领取方式", "how the results reach you"}});
  else if (needs_address(c) && !*c->delivery_address)
    add_lack(arena, &list, &n, &cap, (struct lack){LACK_ADDRESS, "address", {"邮寄地址", "the address for the courier"}});
  *ret = list;
  return n;
}

bool casefile_has_file(const struct casefile *c, struct span sha256)
{
  for (size_t i = 0; i < c->attachment_count; i++)
    if (span_is(sha256, c->attachments[i].sha256))
      return true;
  return false;
}

void *list_copy(struct arena *arena, const void *list, size_t n, size_t size)
{
  void *copied = arena_array(arena, n + 1, size);
  if (n)
    memcpy(copied, list, n * size);
  return copied;
}

struct casefile *casefile_clone(const struct casefile *c, struct arena *arena)
{
  struct casefile *made = list_copy(arena, c, 1, sizeof *c);
  made->items = list_copy(arena, c->items, c->item_count, sizeof *c->items);
  made->steps = list_copy(arena, c->steps, c->step_count, sizeof *c->steps);
  made->materials = list_copy(arena, c->materials, c->material_count, sizeof *c->materials);
  made->fields = list_copy(arena, c->fields, c->field_count, sizeof *c->fields);
  made->attachments = list_copy(arena, c->attachments, c->attachment_count, sizeof *c->attachments);
  made->prepared = list_copy(arena, c->prepared, c->prepared_count, sizeof *c->prepared);
  made->plans = list_copy(arena, c->plans, c->plan_count, sizeof *c->plans);
  made->plan_cap = c->plan_count;
  made->attachment_cap = c->attachment_count;
  made->joint_work = joint_clone(&c->joint_work, arena);
  made->prepared_cap = c->prepared_count;
  return made;
}

/* ---- evolve ---- */

struct change {
  struct casefile *c;
  struct arena *arena;
  const struct event *event;
  const json_t *data;
  struct case_item *item; /* of data.item; NULL where there is none */
};

/* From acceptance on, the state of the case follows from its items. */
static void derive(struct casefile *c)
{
  if (c->state < CASE_ACCEPTED || case_state_closed(c->state))
    return;
  size_t special = 0, working = 0, begun = 0, undecided = 0, to_issue = 0, to_deliver = 0;
  for (size_t i = 0; i < c->item_count; i++) {
    enum item_state s = c->items[i].state;
    special += s == ITEM_SPECIAL;
    working += s == ITEM_OPEN || s == ITEM_REVIEW;
    undecided += s < ITEM_GRANTED;
    begun += s >= ITEM_REVIEW;
    to_issue += s == ITEM_GRANTED || s == ITEM_GRANTED_TOLERANT;
    to_deliver += s == ITEM_ISSUED;
  }
  if (undecided)
    c->state = special && !working ? CASE_SPECIAL : begun ? CASE_IN_REVIEW : CASE_ACCEPTED;
  else if (to_issue)
    c->state = CASE_DECIDED;
  else if (to_deliver)
    c->state = CASE_ISSUED;
}

/* A deferred material that no item waits for any more is asked for no more. */
static void drop_deferrals(struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++) {
    struct case_material *m = &c->materials[i];
    bool awaited = false;
    for (size_t k = 0; k < m->item_count; k++) {
      enum item_state s = c->items[m->items[k]].state;
      awaited |= s < ITEM_GRANTED || s == ITEM_GRANTED_TOLERANT;
    }
    if (!awaited)
      m->deferred = (struct due){DAY_NONE, false};
  }
}

static void read_clocks(struct change *ch)
{
  ch->item->legal = due_read(json_object_get(ch->data, "legal"));
  ch->item->promise = due_read(json_object_get(ch->data, "promise"));
  ch->item->warn = due_read(json_object_get(ch->data, "warn"));
  const json_t *list = json_list(ch->data, "silent");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    json_int_t n = json_int(one, "step");
    if (n >= 0 && (uint64_t)n < ch->c->step_count)
      ch->c->steps[n].consent = due_read(json_object_get(one, "due"));
  }
}

static void note_preparer(struct change *ch)
{
  struct casefile *c = ch->c;
  if (strcmp(ch->event->actor.role, "clerk") != 0)
    return;
  for (size_t i = 0; i < c->prepared_count; i++)
    if (strcmp(c->prepared[i], ch->event->actor.id) == 0)
      return;
  c->prepared = arena_grow(ch->arena, c->prepared, c->prepared_count, &c->prepared_cap, sizeof *c->prepared);
  c->prepared[c->prepared_count++] = arena_str(ch->arena, ch->event->actor.id);
}

static void no_limits(struct casefile *c)
{
  c->received = c->accepted_day = c->last_trip = DAY_NONE;
  c->notice.day = c->correction.day = c->joint_due.day = DAY_NONE;
}

static void note_plan(struct change *ch)
{
  struct casefile *c = ch->c;
  c->plan_digest = copy(ch->arena, ch->data, "digest");
  c->plans = arena_grow(ch->arena, c->plans, c->plan_count, &c->plan_cap, sizeof *c->plans);
  c->plans[c->plan_count++] = c->plan_digest;
}

static int on_drafted(struct change *ch)
{
  struct casefile *c = ch->c;
  const json_t *applicant = json_object_get(ch->data, "applicant");
  c->id = ch->event->id;
  c->state = CASE_DRAFT;
  c->number = copy(ch->arena, ch->data, "number");
  c->code = copy(ch->arena, ch->data, "code");
  c->district = copy(ch->arena, ch->data, "district");
  c->channel = arena_str(ch->arena, ch->event->actor.channel);
  c->account = copy(ch->arena, applicant, "account");
  c->applicant = copy(ch->arena, applicant, "name");
  c->id_number = copy(ch->arena, applicant, "id_number");
  c->phone = copy(ch->arena, applicant, "phone");
  c->delivery_mode = c->delivery_address = c->committed = c->accepted_by = c->accepted_for = c->reason = c->right_body = c->ground =
      "";
  c->created = ch->event->at;
  no_limits(c);
  note_plan(ch);
  note_preparer(ch);
  return casefile_pin(c, ch->arena, json_object_get(ch->data, "plan"));
}

static int on_pinned(struct change *ch)
{
  note_plan(ch);
  return casefile_pin(ch->c, ch->arena, json_object_get(ch->data, "plan"));
}

static void set_fields(struct change *ch)
{
  struct casefile *c = ch->c;
  const json_t *fields = json_object_get(ch->data, "fields");
  for (size_t i = 0; i < c->field_count; i++) {
    const json_t *value = json_object_get(fields, c->fields[i].field);
    if (!json_is_string(value) || strcmp(json_string_value(value), c->fields[i].value) == 0)
      continue;
    c->fields[i].value = arena_str(ch->arena, json_string_value(value));
    c->fields[i].changed = true;
  }
}

static int on_saved(struct change *ch)
{
  const json_t *delivery = json_object_get(ch->data, "delivery");
  set_fields(ch);
  if (delivery) {
    ch->c->delivery_mode = copy(ch->arena, delivery, "mode");
    ch->c->delivery_address = copy(ch->arena, delivery, "address");
  }
  note_preparer(ch);
  return 0;
}

static int material_index(const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (strcmp(c->materials[i].material, id) == 0)
      return (int)i;
  return -1;
}

static int on_attached(struct change *ch)
{
  struct casefile *c = ch->c;
  int m = material_index(c, json_str(ch->data, "material"));
  if (m < 0)
    return -1;
  c->attachments = arena_grow(ch->arena, c->attachments, c->attachment_count, &c->attachment_cap, sizeof *c->attachments);
  c->attachments[c->attachment_count++] = (struct attachment){.number = (int)json_int(ch->data, "attachment"),
                                                              .material = m,
                                                              .sha256 = copy(ch->arena, ch->data, "sha256"),
                                                              .name = copy(ch->arena, ch->data, "name"),
                                                              .type = copy(ch->arena, ch->data, "type"),
                                                              .size = json_int(ch->data, "size"),
                                                              .at = ch->event->at};
  c->materials[m].attached++;
  c->materials[m].changed = true;
  c->materials[m].deferred = (struct due){DAY_NONE, false};
  note_preparer(ch);
  return 0;
}

static int on_detached(struct change *ch)
{
  struct casefile *c = ch->c;
  for (size_t i = 0; i < c->attachment_count; i++) {
    struct attachment *a = &c->attachments[i];
    if (a->number != json_int(ch->data, "attachment") || a->removed)
      continue;
    a->removed = true;
    c->materials[a->material].attached--;
    c->materials[a->material].changed = true;
    note_preparer(ch);
    return 0;
  }
  return -1;
}

static int on_present(struct change *ch)
{
  struct casefile *c = ch->c;
  day on = day_read(json_object_get(ch->data, "day"));
  if (on != c->last_trip) {
    c->trips_applicant++;
    c->trip_whys = 0;
  }
  c->last_trip = on;
  c->trip_whys |= (unsigned)json_int(ch->data, "bit");
  return 0;
}

static int on_errand(struct change *ch)
{
  ch->c->trips_staff++;
  note_preparer(ch);
  return 0;
}

static int on_submitted(struct change *ch)
{
  struct casefile *c = ch->c;
  c->state = CASE_SUBMITTED;
  if (!c->submitted)
    c->submitted = ch->event->at;
  c->received = day_read(json_object_get(ch->data, "received"));
  c->notice = due_read(json_object_get(ch->data, "notice"));
  c->correction.day = DAY_NONE;
  c->commitment |= json_flag(ch->data, "commitment");
  if (*json_str(ch->data, "commitment_digest"))
    c->committed = copy(ch->arena, ch->data, "commitment_digest");
  for (size_t i = 0; i < c->material_count; i++)
    c->materials[i].asked = "";
  for (size_t i = 0; i < c->field_count; i++)
    c->fields[i].asked = "";
  note_preparer(ch);
  return 0;
}

static int on_fixed(struct change *ch)
{
  set_fields(ch);
  note_preparer(ch);
  return 0;
}

static int on_correction_asked(struct change *ch)
{
  struct casefile *c = ch->c;
  const json_t *missing = json_list(ch->data, "missing");
  c->state = CASE_CORRECTION;
  c->corrections++;
  c->correction = due_read(json_object_get(ch->data, "due"));
  c->notice.day = DAY_NONE;
  for (size_t i = 0; i < c->material_count; i++)
    c->materials[i].changed = false;
  for (size_t i = 0; i < c->field_count; i++)
    c->fields[i].changed = false;
  for (size_t i = 0; i < json_array_size(missing); i++) {
    const json_t *one = json_array_get(missing, i);
    int m = material_index(c, json_str(one, "material"));
    if (m >= 0)
      c->materials[m].asked = copy(ch->arena, one, "standard");
    for (size_t k = 0; m < 0 && k < c->field_count; k++)
      if (strcmp(c->fields[k].field, json_str(one, "field")) == 0)
        c->fields[k].asked = copy(ch->arena, one, "standard");
  }
  return 0;
}

static void defer_materials(struct change *ch)
{
  const json_t *list = json_list(ch->data, "deferred");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    int m = material_index(ch->c, json_str(one, "material"));
    if (m < 0)
      continue;
    ch->c->materials[m].deferred = ch->c->materials[m].until = due_read(json_object_get(one, "due"));
    ch->c->materials[m].remind = day_read(json_object_get(one, "remind"));
  }
}

static int on_accepted(struct change *ch)
{
  struct casefile *c = ch->c;
  const json_t *items = json_list(ch->data, "items");
  c->state = CASE_ACCEPTED;
  c->deemed = json_flag(ch->data, "deemed");
  c->tolerant = json_flag(ch->data, "tolerant");
  c->accepted_day = day_read(json_object_get(ch->data, "day"));
  c->accepted = ch->event->at;
  if (c->deemed)
    c->accepted = day_of(c->submitted) == c->accepted_day ? c->submitted : day_start(c->accepted_day);
  bool person = strcmp(ch->event->actor.role, "system") != 0;
  c->accepted_by = person ? arena_str(ch->arena, ch->event->actor.id) : "";
  c->accepted_for = person ? arena_str(ch->arena, ch->event->actor.agency) : "";
  c->joint_due = due_read(json_object_get(ch->data, "joint"));
  c->notice.day = DAY_NONE;
  for (size_t i = 0; i < c->item_count; i++) {
    c->items[i].state = ITEM_WAITING;
    c->items[i].number = arena_str(ch->arena, json_string_value(json_array_get(items, i)));
  }
  defer_materials(ch);
  return 0;
}

static int on_not_accepted(struct change *ch)
{
  ch->c->state = strcmp(json_str(ch->data, "why"), "not-required") == 0 ? CASE_NOT_REQUIRED : CASE_NO_JURISDICTION;
  ch->c->reason = copy(ch->arena, ch->data, "reasons");
  ch->c->right_body = copy(ch->arena, ch->data, "right_body");
  ch->c->notice.day = DAY_NONE;
  ch->c->closed = ch->event->at;
  return 0;
}

static int on_lapsed(struct change *ch)
{
  ch->c->state = CASE_LAPSED;
  ch->c->reason = copy(ch->arena, ch->data, "reason");
  ch->c->correction.day = DAY_NONE;
  ch->c->closed = ch->event->at;
  return 0;
}

/* The next step of the item's own begins to wait when the one before is done. */
void item_begin_steps(struct casefile *c, int item, moment at)
{
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == item && !c->steps[i].since && casefile_step_is_next(c, i))
      c->steps[i].since = at;
}

static int on_opened(struct change *ch)
{
  ch->item->state = ITEM_OPEN;
  ch->item->opened = ch->event->at;
  ch->item->clock_from = day_read(json_object_get(ch->data, "from"));
  read_clocks(ch);
  item_begin_steps(ch->c, (int)(ch->item - ch->c->items), ch->event->at);
  return 0;
}

static int on_step_done(struct change *ch)
{
  json_int_t n = json_int(ch->data, "step");
  if (n < 0 || (uint64_t)n >= ch->c->step_count)
    return -1;
  struct case_step *s = &ch->c->steps[n];
  s->state = strcmp(json_str(ch->data, "result"), "pass") == 0 ? STEP_PASSED : STEP_FAILED;
  s->done = ch->event->at;
  s->by = arena_str(ch->arena, ch->event->actor.id);
  s->opinion = copy(ch->arena, ch->data, "opinion");
  struct case_item *it = &ch->c->items[s->item];
  if (it->state == ITEM_OPEN)
    it->state = ITEM_REVIEW;
  s->silent = json_flag(ch->data, "silent");
  if (!s->taken && !s->silent)
    s->taken = s->done;
  s->consent.day = DAY_NONE;
  casefile_note_worker(ch->c, ch->arena, &ch->event->actor);
  item_begin_steps(ch->c, s->item, ch->event->at);
  return 0;
}

static int on_special_started(struct change *ch)
{
  struct case_item *it = ch->item;
  it->before_special = it->state;
  it->state = ITEM_SPECIAL;
  it->special = copy(ch->arena, ch->data, "type");
  it->special_days = (int)json_int(ch->data, "days");
  it->special_from = day_read(json_object_get(ch->data, "from"));
  it->paused += it->special_days; /* for now all that was approved; its end takes back what was not needed */
  it->warned = false;
  read_clocks(ch);
  return 0;
}

static int on_special_ended(struct change *ch)
{
  struct case_item *it = ch->item;
  it->state = it->before_special == ITEM_OPEN ? ITEM_OPEN : ITEM_REVIEW;
  for (size_t i = 0; i < ch->c->step_count; i++)
    if (ch->c->steps[i].item == (int)(it - ch->c->items) && ch->c->steps[i].done)
      it->state = ITEM_REVIEW;
  it->paused += (int)json_int(ch->data, "used") - it->special_days;
  it->special = "";
  it->special_days = 0;
  it->special_from = DAY_NONE;
  read_clocks(ch);
  return 0;
}

static int on_extended(struct change *ch)
{
  ch->item->extended += (int)json_int(ch->data, "days");
  ch->item->was_extended = true;
  ch->item->warned = false;
  read_clocks(ch);
  return 0;
}

static int on_clocks_changed(struct change *ch)
{
  if (ch->item && json_object_get(ch->data, "issue_due")) {
    ch->item->issue_due = due_read(json_object_get(ch->data, "issue_due"));
    return 0;
  }
  if (ch->item) {
    read_clocks(ch);
    return 0;
  }
  ch->c->notice = due_read(json_object_get(ch->data, "notice"));
  ch->c->correction = due_read(json_object_get(ch->data, "correction"));
  ch->c->joint_due = due_read(json_object_get(ch->data, "joint"));
  return 0;
}

static int on_decided(struct change *ch)
{
  struct case_item *it = ch->item;
  bool granted = json_flag(ch->data, "granted");
  it->state = !granted ? ITEM_REFUSED : json_flag(ch->data, "tolerant") ? ITEM_GRANTED_TOLERANT : ITEM_GRANTED;
  it->decided = ch->event->at;
  it->decided_by = arena_str(ch->arena, ch->event->actor.id);
  it->reason = copy(ch->arena, ch->data, "reasons");
  it->issue_due = due_read(json_object_get(ch->data, "issue_due"));
  if (!it->taken)
    it->taken = it->decided;
  casefile_note_worker(ch->c, ch->arena, &ch->event->actor);
  return 0;
}

static int on_completed(struct change *ch)
{
  ch->item->state = ITEM_GRANTED;
  return 0;
}

static int on_item_closed(struct change *ch)
{
  ch->item->state = item_state_of(json_str(ch->data, "why"), ITEM_CANNOT_PROCEED);
  ch->item->reason = copy(ch->arena, ch->data, "reason");
  ch->item->special = "";
  return 0;
}

static int on_issued(struct change *ch)
{
  ch->item->state = ITEM_ISSUED;
  ch->item->issued = ch->event->at;
  ch->item->result_number = copy(ch->arena, ch->data, "number");
  ch->item->result_from = day_read(json_object_get(ch->data, "from"));
  ch->item->result_until = day_read(json_object_get(ch->data, "until"));
  return 0;
}

static int on_delivered(struct change *ch)
{
  ch->item->state = ITEM_DELIVERED;
  ch->item->delivered = ch->event->at;
  return 0;
}

static int on_withdrawn(struct change *ch)
{
  ch->c->reason = copy(ch->arena, ch->data, "reason");
  if (ch->c->state < CASE_ACCEPTED) {
    ch->c->state = CASE_WITHDRAWN;
    ch->c->notice.day = ch->c->correction.day = DAY_NONE;
    ch->c->closed = ch->event->at;
  }
  return 0;
}

static int on_terminated(struct change *ch)
{
  const json_t *list = json_list(ch->data, "materials");
  for (size_t i = 0; i < json_array_size(list); i++) {
    int m = material_index(ch->c, json_string_value(json_array_get(list, i)));
    if (m >= 0)
      ch->c->materials[m].deferred.day = DAY_NONE;
  }
  ch->c->reason = copy(ch->arena, ch->data, "reason");
  return 0;
}

static int on_revoked(struct change *ch)
{
  ch->item->state = ITEM_REVOKED;
  ch->item->reason = copy(ch->arena, ch->data, "reasons");
  return 0;
}

static int on_overdue(struct change *ch)
{
  const char *level = json_str(ch->data, "level");
  if (strcmp(level, "warning") == 0)
    ch->item->warned = true;
  else if (strcmp(level, "yellow") == 0)
    ch->item->yellow = true;
  else if (strcmp(level, "red") == 0)
    ch->item->red = true;
  else
    ch->item->late_issue = true;
  return 0;
}

static int on_erased(struct change *ch)
{
  return casefile_from_residue(ch->c, ch->arena, ch->event);
}

static int on_archived(struct change *ch)
{
  (void)case_state_parse(span_of(json_str(ch->data, "state")), &ch->c->state);
  ch->c->closed = ch->event->at;
  return 0;
}

static const struct {
  const char *type;
  int (*apply)(struct change *ch);
  bool of_item;
} events[] = {
    {"drafted", on_drafted, false},
    {"plan-pinned", on_pinned, false},
    {"saved", on_saved, false},
    {"attached", on_attached, false},
    {"detached", on_detached, false},
    {"present", on_present, false},
    {"errand", on_errand, false},
    {"submitted", on_submitted, false},
    {"resubmitted", on_submitted, false},
    {"fixed", on_fixed, false},
    {"correction-asked", on_correction_asked, false},
    {"accepted", on_accepted, false},
    {"not-accepted", on_not_accepted, false},
    {"lapsed", on_lapsed, false},
    {"opened", on_opened, true},
    {"step-done", on_step_done, false},
    {"special-started", on_special_started, true},
    {"special-ended", on_special_ended, true},
    {"extended", on_extended, true},
    {"clocks-changed", on_clocks_changed, false},
    {"decided", on_decided, true},
    {"completed", on_completed, true},
    {"item-closed", on_item_closed, true},
    {"issued", on_issued, true},
    {"delivered", on_delivered, true},
    {"withdrawn", on_withdrawn, false},
    {"terminated", on_terminated, false},
    {"revoked", on_revoked, true},
    {"overdue", on_overdue, true},
    {"archived", on_archived, false},
    {"erased", on_erased, false},
};

int casefile_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct change ch = {.c = state, .arena = arena, .event = event, .data = event->data};
  int item = item_index(ch.c, json_object_get(event->data, "item"));
  ch.item = item >= 0 ? &ch.c->items[item] : NULL;
  joint_measure(ch.c, event->at);
  int bad = joint_evolve(ch.c, arena, event);
  for (size_t i = 0; bad > 0 && i < sizeof events / sizeof *events; i++)
    if (strcmp(event->type, events[i].type) == 0)
      bad = (events[i].of_item && !ch.item) || events[i].apply(&ch) ? -1 : 0;
  if (bad)
    return -1;
  derive(ch.c);
  drop_deferrals(ch.c);
  return 0;
}
