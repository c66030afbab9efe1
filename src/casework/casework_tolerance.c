/*
 * Tolerant acceptance (容缺受理), whole: which materials may follow, the commitment, by when, the reminder, what came and does not
 * do, and the end of what it was for. Sources: standards §2.6.
 */
#include <string.h>

#include "base/text.h"
#include "casework/rules.h"

enum { REMIND_DAYS = 2 };

static bool may_follow(const struct case_material *m)
{
  return m->source == SOURCE_UPLOAD && m->attached == 0 && m->defer > 0;
}

/* ---- the commitment ---- */

struct words casefile_commitment(const struct casefile *c, struct arena *arena)
{
  const char *zh = "", *en = "";
  size_t n = 0;
  for (size_t i = 0; i < c->material_count; i++) {
    const struct case_material *m = &c->materials[i];
    if (!may_follow(m))
      continue;
    n++;
    zh = arena_printf(arena, "%s%zu. %s：自受理之日起 %d 个工作日内补交。\n", zh, n, m->name.zh, m->defer);
    en = arena_printf(arena, "%s%zu. %s: within %d working days of acceptance.\n", en, n, m->name.en, m->defer);
  }
  if (!n)
    return (struct words){"", ""};
  return (struct words){
      arena_printf(arena,
                   "申请容缺受理承诺书\n本人（本单位）申请办理“%s”，下列材料暂缺，申请容缺受理，并承诺：\n%s"
                   "补交方式：在“我的办件”上传，或交到任一服务窗口。\n"
                   "材料补齐之前不出具结果；逾期未补齐或补交的材料不符合要求的，相关事项终止办理。\n"
                   "本人（本单位）对承诺的真实性负责；承诺不实的，记入失信记录，信用修复前不再适用容缺受理。",
                   c->name.zh, zh),
      arena_printf(
          arena,
          "Commitment for acceptance with materials to follow\n"
          "I apply for “%s”. These materials are not here yet, and I promise to hand them in:\n%s"
          "How: by uploading them in “My cases”, or at any window.\n"
          "No result is issued before they are all here. If they do not come in time, or do not meet the standard, the items "
          "that need them end.\n"
          "I answer for this promise: if it was dishonest that is recorded, and I cannot use this way again until my credit "
          "is repaired.",
          c->name.en, en)};
}

const char *commitment_digest(struct arena *arena, struct words text)
{
  struct digest digest = sha256(span_of(arena_printf(arena, "%s\n%s", text.zh, text.en)));
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(digest.b, DIGEST_BYTES, hex);
  return arena_str(arena, hex);
}

static int barred(struct work *w)
{
  return refuse(
      w, ERROR_FORBIDDEN, "barred-by-credit", "申请人有失信记录，信用修复前不适用容缺受理：材料须一次交齐",
      "A record of dishonesty stands against the applicant: until it is repaired all materials have to be handed in at once");
}

/*
 * The command's «barred» is what the room of credit said when the command was sent; whoever reads it is the page, which puts it
 * there whatever the browser sends (casework_command).
 */
int check_commitment(struct work *w, const struct casefile *would)
{
  const char *seen = json_str(w->data, "commitment_digest");
  struct words text = casefile_commitment(would, w->d->arena);
  if (!*text.zh)
    return 0;
  if (json_flag(w->data, "barred"))
    return barred(w);
  if (*seen && strcmp(seen, commitment_digest(w->d->arena, text)) != 0)
    return refuse(w, ERROR_CONFLICT, "commitment-changed", "承诺书的内容已变化，请重新阅读并确认",
                  "The commitment reads differently now: please read and confirm it again");
  return 0;
}

/* Both languages as they were shown, and their digest. */
void put_commitment(struct work *w, json_t *data)
{
  struct words text = casefile_commitment(w->c, w->d->arena);
  (void)json_object_set_new(data, "commitment", json_true());
  if (!*text.zh)
    return;
  (void)json_object_set_new(data, "commitment_text", json_pack("{s:s,s:s}", "zh", text.zh, "en", text.en));
  (void)json_object_set_new(data, "commitment_digest", json_string(commitment_digest(w->d->arena, text)));
  (void)json_object_set_new(data, "commitment_read", json_boolean(*json_str(w->data, "commitment_digest") != '\0'));
}

/* ---- acceptance ---- */

/* Never longer than the law gives the items that wait for it. */
static int days_to_follow(const struct casefile *c, const struct case_material *m)
{
  int days = m->defer;
  for (size_t k = 0; k < m->item_count; k++) {
    const struct case_item *it = &c->items[m->items[k]];
    if (!it->instant && it->statutory > 0 && it->statutory < days)
      days = it->statutory;
  }
  return days;
}

static day before_by(const struct work *w, day from, day due, int days)
{
  day d = calendar_before(w->calendar, due, days);
  return d > from ? d : DAY_NONE;
}

json_t *deferred_materials(struct work *w, day from)
{
  json_t *list = json_array();
  for (size_t i = 0; i < w->c->material_count; i++) {
    const struct case_material *m = &w->c->materials[i];
    if (!may_follow(m))
      continue;
    struct due due = due_after(w, from, days_to_follow(w->c, m));
    (void)json_array_append_new(list, json_pack("{s:s,s:o,s:o}", "material", m->material, "due", due_json(due), "remind",
                                                day_json(before_by(w, from, due.day, REMIND_DAYS))));
  }
  return list;
}

int check_tolerance(struct work *w)
{
  bool outstanding = false;
  for (size_t i = 0; i < w->c->material_count; i++)
    outstanding |= w->c->materials[i].source == SOURCE_UPLOAD && w->c->materials[i].attached == 0;
  if (!outstanding)
    return 0;
  if (json_flag(w->data, "barred"))
    return barred(w);
  if (json_flag(w->data, "tolerant"))
    return 0;
  return refuse(w, ERROR_RULE, "materials-outstanding", "还有可容缺的材料未交，请选择“容缺受理”或要求补正",
                "Deferrable materials have not come: accept tolerantly or ask for them");
}

/* ---- what comes later ---- */

/* Items granted with materials to follow are granted outright once everything is in. */
int complete_items(struct work *w)
{
  for (int i = 0; (size_t)i < w->c->item_count; i++)
    if (w->c->items[i].state == ITEM_GRANTED_TOLERANT && casefile_open_materials(w->c, (size_t)i) == 0 &&
        emit(w, "completed", i, NULL))
      return -1;
  return settle(w);
}

static bool wants(const struct case_material *m, int item)
{
  for (size_t k = 0; k < m->item_count; k++)
    if (m->items[k] == item)
      return true;
  return false;
}

static int end_materials(struct work *w, const bool *late, const char *reason)
{
  json_t *list = json_array();
  for (size_t i = 0; i < w->c->material_count; i++)
    if (late[i])
      (void)json_array_append_new(list, json_string(w->c->materials[i].material));
  json_t *data = json_pack("{s:o,s:s}", "materials", list, "reason", reason);
  add_paper(w, data, PAPER_TERMINATION);
  if (emit(w, "terminated", -1, data))
    return -1;
  for (int i = 0; (size_t)i < w->c->item_count; i++) {
    enum item_state s = w->c->items[i].state;
    bool hit = false;
    for (size_t m = 0; m < w->c->material_count; m++)
      hit |= late[m] && wants(&w->c->materials[m], i);
    if (hit && (s < ITEM_GRANTED || s == ITEM_GRANTED_TOLERANT) && close_item(w, i, "terminated", reason))
      return -1;
  }
  return settle(w);
}

/* 容缺逾期: the items that still wait for the material end; what was issued stands. */
int end_tolerance(struct work *w)
{
  bool *late = arena_array(w->d->arena, w->c->material_count + 1, sizeof *late), any = false;
  for (size_t i = 0; i < w->c->material_count; i++)
    any |= late[i] = is_over(w, w->c->materials[i].deferred);
  return any ? end_materials(w, late, "容缺材料逾期未补齐 / deferred materials did not come in time") : 0;
}

/* Once, for everything that is due soon. */
int remind(struct work *w)
{
  json_t *list = json_array();
  struct due soonest = {DAY_NONE, false};
  for (size_t i = 0; i < w->c->material_count; i++) {
    const struct case_material *m = &w->c->materials[i];
    if (m->remind == DAY_NONE || m->deferred.day == DAY_NONE || w->today < m->remind)
      continue;
    (void)json_array_append_new(list, json_string(m->material));
    if (soonest.day == DAY_NONE || m->deferred.day < soonest.day)
      soonest = m->deferred;
  }
  if (json_array_size(list) == 0) {
    json_decref(list);
    return 0;
  }
  return emit(w, "deferred-due-soon", -1, json_pack("{s:o,s:o}", "materials", list, "due", due_json(soonest)));
}

/* ---- what came and does not do ---- */

static int check_unfit(struct work *w, const struct case_material *m)
{
  bool own = false, open = false;
  if (m->until.day == DAY_NONE || m->attached == 0)
    return refuse(w, ERROR_RULE, "not-deferred", "这不是容缺后补交的材料", "This material was not handed in later");
  for (size_t k = 0; k < m->item_count; k++) {
    const struct case_item *it = &w->c->items[m->items[k]];
    own |= strcmp(it->agency, w->command->actor.agency) == 0;
    open |= it->state < ITEM_ISSUED;
    if (it->state >= ITEM_ISSUED && it->state <= ITEM_DELIVERED)
      return refuse(w, ERROR_RULE, "issued-already", "依据该材料的结果已经出件", "A result that rests on it has been issued");
    if (it->state == ITEM_GRANTED && check_nothing_rests_on(w, m->items[k]))
      return -1;
  }
  if (!own)
    return refuse(w, ERROR_FORBIDDEN, "not-your-agency", "这份材料由需要它的部门审查",
                  "A department that wants the material examines it");
  return open ? check_separation(w) : wrong_state(w);
}

/* It is to come again by the same day; after that day the items that wait for it end. */
int do_unfit(struct work *w)
{
  const char *material = "", *standard = "";
  int m = -1;
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (take_text(w, w->data, "material", true, &material))
    return -1;
  for (size_t i = 0; i < w->c->material_count; i++)
    if (strcmp(w->c->materials[i].material, material) == 0)
      m = (int)i;
  if (m < 0)
    return bad_argument(w, "material", "本办件不需要这份材料", "This case does not want this material");
  if (check_unfit(w, &w->c->materials[m]) || take_text(w, w->data, "standard", true, &standard))
    return -1;
  if (emit(w, "deferred-unfit", -1,
           json_pack("{s:s,s:s,s:o}", "material", material, "standard", standard, "due", due_json(w->c->materials[m].until))))
    return -1;
  if (!is_over(w, w->c->materials[m].deferred))
    return 0;
  bool *late = arena_array(w->d->arena, w->c->material_count + 1, sizeof *late);
  late[m] = true;
  return end_materials(
      w, late, arena_printf(w->d->arena, "容缺补交的材料不符合要求 / the material handed in later does not do: %s", standard));
}

/* The next day on whose beginning somebody is reminded. */
day remind_due(const struct casefile *c)
{
  day next = DAY_NONE;
  for (size_t i = 0; i < c->material_count; i++) {
    const struct case_material *m = &c->materials[i];
    if (m->remind != DAY_NONE && m->deferred.day != DAY_NONE && (next == DAY_NONE || m->remind < next))
      next = m->remind;
  }
  return next;
}
