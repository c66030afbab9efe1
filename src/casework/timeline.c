/*
 * Each event has a function that says it; what only some may read is added to the detail for them. A person who looks by
 * number and code sees what happened and when, but no names, reasons or numbers of certificates.
 */
#include "casework/timeline.h"

#include <string.h>

#include "casework/internal.h"
#include "casework/staff.h"

struct telling {
  struct request *rq;
  const struct casefile *c;
  const struct event *event;
  const json_t *data;
  const struct case_item *item; /* it is about; NULL */
  enum view_for who;
  struct stage_line line;
};

static const char *item_text(const struct telling *t)
{
  return t->item ? words_text(t->rq, t->item->name) : "";
}

static const char *data_text(const struct telling *t, const char *key)
{
  return arena_str(t->rq->arena, json_str(t->data, key));
}

static void add(struct telling *t, const char *text)
{
  if (!*text)
    return;
  t->line.detail = t->line.detail ? arena_printf(t->rq->arena, "%s · %s", t->line.detail, text) : text;
}

/* For the applicant and staff: reasons and the like. */
static void add_private(struct telling *t, const char *text)
{
  if (t->who != VIEW_PUBLIC)
    add(t, text);
}

static void add_due(struct telling *t, const char *key, const char *english)
{
  const char *due = due_text(t->rq, due_read(json_object_get(t->data, key)));
  if (*due)
    add(t, tr_holes(t->rq, english, (const struct hole[]){hole_str(due)}, 1));
}

static bool staff_only(const struct telling *t)
{
  return t->who == VIEW_STAFF;
}

static bool not_public(const struct telling *t)
{
  return t->who != VIEW_PUBLIC;
}

static const char *say_drafted(struct telling *t)
{
  return tr(t->rq, "Application begun");
}

static const char *say_pinned(struct telling *t)
{
  return tr(t->rq, "The plan was compiled again");
}

static const char *say_saved(struct telling *t)
{
  return tr(t->rq, "Form saved");
}

static const char *material_text(const struct telling *t, const char *id)
{
  for (size_t i = 0; i < t->c->material_count; i++)
    if (strcmp(t->c->materials[i].material, id) == 0)
      return words_text(t->rq, t->c->materials[i].name);
  return "";
}

static const char *say_attached(struct telling *t)
{
  add_private(t, data_text(t, "name"));
  return trf(t->rq, "Material handed in: %s", material_text(t, json_str(t->data, "material")));
}

static const char *say_detached(struct telling *t)
{
  return tr(t->rq, "A file was taken out again");
}

static const char *say_submitted(struct telling *t)
{
  add_due(t, "notice", N_("We say by %s whether it is accepted"));
  return strcmp(t->event->type, "resubmitted") == 0 ? tr(t->rq, "Corrected application received")
                                                    : tr(t->rq, "Application received");
}

static const char *say_fixed(struct telling *t)
{
  add_private(t, data_text(t, "note"));
  return tr(t->rq, "Mended on the spot at the window");
}

static void add_missing(struct telling *t)
{
  const json_t *list = json_list(t->data, "missing");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *name = material_text(t, json_str(one, "material"));
    for (size_t k = 0; !*name && k < t->c->field_count; k++)
      if (strcmp(t->c->fields[k].field, json_str(one, "field")) == 0)
        name = words_text(t->rq, t->c->fields[k].name);
    add_private(t, trf(t->rq, "%s: %s", name, json_str(one, "standard")));
  }
}

static const char *say_correction(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_due(t, "due", N_("Please hand them in by %s"));
  add_missing(t);
  return tr(t->rq, "Corrections asked for");
}

static const char *say_accepted(struct telling *t)
{
  if (json_flag(t->data, "tolerant"))
    add(t, tr(t->rq, "Some materials may still follow"));
  if (json_flag(t->data, "deemed"))
    return tr(t->rq, "Accepted by law: five working days passed without an answer");
  return tr(t->rq, "Accepted");
}

static const char *say_not_accepted(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_private(t, data_text(t, "reasons"));
  bool not_required = strcmp(json_str(t->data, "why"), "not-required") == 0;
  return case_state_text(t->rq, not_required ? CASE_NOT_REQUIRED : CASE_NO_JURISDICTION);
}

static const char *say_lapsed(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  return tr(t->rq, "Closed: the corrections did not come in time");
}

static const char *say_opened(struct telling *t)
{
  add(t, agency_text(t->rq, t->item->agency));
  add_due(t, "promise", N_("promised by %s"));
  return trf(t->rq, "%s: handling begins", item_text(t));
}

static const char *say_step(struct telling *t)
{
  json_int_t n = json_int(t->data, "step");
  if (n < 0 || (uint64_t)n >= t->c->step_count)
    return "";
  const struct case_step *s = &t->c->steps[n];
  bool passed = strcmp(json_str(t->data, "result"), "pass") == 0;
  add(t, agency_text(t->rq, s->agency));
  if (json_flag(t->data, "silent"))
    add(t, trf(t->rq, "no answer in time, which counts as consent (%s %s)", s->law, s->article));
  if (t->who == VIEW_STAFF)
    add(t, data_text(t, "opinion"));
  const char *item = words_text(t->rq, t->c->items[s->item].name), *step = words_text(t->rq, step_words(s->step));
  if (passed || t->who == VIEW_PUBLIC)
    return trf(t->rq, "%s: %s done", item, step);
  return trf(t->rq, "%s: %s not passed", item, step);
}

static const char *say_special_started(struct telling *t)
{
  add_due(t, "until", N_("The time limit stands still until %s"));
  add_private(t, data_text(t, "reason"));
  return trf(t->rq, "%s: special procedure begun (%s)", item_text(t), special_text(t->rq, json_str(t->data, "type")));
}

static const char *say_special_ended(struct telling *t)
{
  add_private(t, data_text(t, "result"));
  add_due(t, "promise", N_("promised by %s"));
  return trf(t->rq, "%s: special procedure ended", item_text(t));
}

static const char *say_extended(struct telling *t)
{
  add_private(t, data_text(t, "reason"));
  add_due(t, "promise", N_("promised by %s"));
  return trf(t->rq, "%s: extended by %s working days", item_text(t), (long long)json_int(t->data, "days"));
}

static const char *say_clocks(struct telling *t)
{
  return tr(t->rq, "Due days counted again after the new calendar of holidays");
}

static const char *say_decided(struct telling *t)
{
  bool granted = json_flag(t->data, "granted");
  add(t, agency_text(t->rq, t->item->agency));
  add_private(t, data_text(t, "reasons"));
  if (!granted) {
    add_private(t, data_text(t, "remedy"));
    t->line.stage = STAGE_STOPPED;
  }
  if (granted && json_flag(t->data, "tolerant"))
    return trf(t->rq, "%s: granted, the materials that may follow are still to come", item_text(t));
  return granted ? trf(t->rq, "%s: granted", item_text(t)) : trf(t->rq, "%s: refused", item_text(t));
}

static const char *say_completed(struct telling *t)
{
  return trf(t->rq, "%s: all materials are in, granted", item_text(t));
}

static const char *say_item_closed(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_private(t, data_text(t, "reason"));
  const char *why = json_str(t->data, "why");
  if (strcmp(why, "withdrawn") == 0)
    return trf(t->rq, "%s: %s", item_text(t), item_state_text(t->rq, ITEM_WITHDRAWN));
  return trf(t->rq, "%s: %s", item_text(t),
             item_state_text(t->rq, strcmp(why, "terminated") == 0 ? ITEM_TERMINATED : ITEM_CANNOT_PROCEED));
}

static const char *say_issued(struct telling *t)
{
  add_private(t, trf(t->rq, "number %s", json_str(t->data, "number")));
  return trf(t->rq, "%s: %s issued", item_text(t), words_text(t->rq, t->item->result_name));
}

static const char *say_delivered(struct telling *t)
{
  add(t, delivery_text(t->rq, data_text(t, "mode")));
  if (*json_str(t->data, "tracking"))
    add_private(t, trf(t->rq, "tracking number %s", json_str(t->data, "tracking")));
  return trf(t->rq, "%s: delivered", item_text(t));
}

static const char *say_withdrawn(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_private(t, data_text(t, "reason"));
  return tr(t->rq, "Application withdrawn");
}

static const char *say_terminated(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  const json_t *list = json_list(t->data, "materials");
  for (size_t i = 0; i < json_array_size(list); i++)
    add_private(t, material_text(t, json_string_value(json_array_get(list, i))));
  return tr(t->rq, "Ended: materials that were to follow did not come in time");
}

static const char *say_revoked(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_private(t, data_text(t, "reasons"));
  add_private(t, data_text(t, "basis"));
  return trf(t->rq, "%s: revoked", item_text(t));
}

static const char *say_present(struct telling *t)
{
  const char *why = presence_text(t->rq, data_text(t, "why"));
  return trf(t->rq, "Trip %s to the government: %s", (long long)json_int(t->data, "trip"), why);
}

static const char *say_errand(struct telling *t)
{
  add_private(t, data_text(t, "why"));
  return tr(t->rq, "Staff ran an errand for the applicant");
}

static const char *say_overdue(struct telling *t)
{
  const char *level = json_str(t->data, "level");
  if (strcmp(level, "warning") == 0)
    return t->who == VIEW_STAFF ? trf(t->rq, "%s: the promised day is tomorrow", item_text(t)) : "";
  add_due(t, "due", N_("It was due on %s"));
  if (strcmp(level, "red") == 0)
    return trf(t->rq, "%s: past the legal limit; the supervisor has been told", item_text(t));
  if (strcmp(level, "issue") == 0)
    return trf(t->rq, "%s: should have been issued; the supervisor has been told", item_text(t));
  return trf(t->rq, "%s: past the promised day; the supervisor has been told", item_text(t));
}

static const char *say_archived(struct telling *t)
{
  return tr(t->rq, "Finished and archived");
}

/* ---- the joint back office ---- */

static bool of_visit(const struct telling *t)
{
  return t->who == VIEW_STAFF || strcmp(json_str(t->data, "kind"), "visit") == 0;
}

static const struct gathering *gathering_told(const struct telling *t)
{
  int i = gathering_index(t->c, json_int(t->data, "gathering"));
  return i < 0 ? NULL : &t->c->joint_work.gatherings[i];
}

static bool is_meeting(const struct telling *t)
{
  return strcmp(json_str(t->data, "kind"), "meeting") == 0;
}

static void add_agencies(struct telling *t, const char *key)
{
  const json_t *list = json_list(t->data, key);
  for (size_t i = 0; i < json_array_size(list); i++)
    add(t, staff_agency(t->rq, arena_str(t->rq->arena, json_string_value(json_array_get(list, i)))));
}

static const char *say_dates_offered(struct telling *t)
{
  add_agencies(t, "agencies");
  add(t, data_text(t, "topic"));
  add(t, data_text(t, "reason"));
  return is_meeting(t) ? tr(t->rq, "Dates offered for a joint meeting") : tr(t->rq, "Dates offered for the joint site visit");
}

static const char *say_dates_said(struct telling *t)
{
  return trf(t->rq, "%s dates suit", (long long)json_array_size(json_list(t->data, "dates")));
}

static const char *say_dates_open(struct telling *t)
{
  return is_meeting(t) ? tr(t->rq, "All departments have said when they can meet")
                       : tr(t->rq, "All departments have said when they can come: the applicant chooses the date");
}

static const char *say_dates_clash(struct telling *t)
{
  return tr(t->rq, "No date suits all departments: others are offered");
}

static const char *say_date_chosen(struct telling *t)
{
  const struct gathering *g = gathering_told(t);
  if (g && g->chosen >= 0)
    add(t, offered_date_text(t->rq, &g->dates[g->chosen]));
  return is_meeting(t) ? tr(t->rq, "Date of the joint meeting fixed") : tr(t->rq, "Date of the joint site visit fixed");
}

static const char *say_minuted(struct telling *t)
{
  add(t, data_text(t, "findings"));
  return is_meeting(t) ? tr(t->rq, "Minutes of the joint meeting") : tr(t->rq, "Minutes of the site visit");
}

static const char *say_held(struct telling *t)
{
  add_agencies(t, "missing");
  add_private(t, data_text(t, "reason"));
  if (t->who == VIEW_STAFF)
    add(t, data_text(t, "resolution"));
  if (json_array_size(json_list(t->data, "missing")))
    return is_meeting(t) ? tr(t->rq, "Joint meeting held, departments were missing")
                         : tr(t->rq, "Joint site visit held, departments were missing");
  return is_meeting(t) ? tr(t->rq, "Joint meeting held") : tr(t->rq, "Joint site visit held, all departments came");
}

static const char *say_called_off(struct telling *t)
{
  add_private(t, data_text(t, "reason"));
  return is_meeting(t) ? tr(t->rq, "Joint meeting called off") : tr(t->rq, "Joint site visit called off");
}

static bool message_shown(const struct telling *t)
{
  return t->who == VIEW_STAFF || (t->who == VIEW_APPLICANT && json_flag(t->data, "shared"));
}

static const char *say_message(struct telling *t)
{
  const char *to = data_text(t, "to");
  add(t, data_text(t, "text"));
  if (json_flag(t->data, "resolution"))
    return tr(t->rq, "Resolution of the departments");
  if (t->who == VIEW_APPLICANT)
    return tr(t->rq, "Message of a department");
  if (json_int(t->data, "answers"))
    return tr(t->rq, "Answer");
  return *to ? trf(t->rq, "Question to %s", staff_agency(t->rq, to)) : tr(t->rq, "Message to the departments");
}

static const char *say_taken_up(struct telling *t)
{
  json_int_t n = json_is_integer(json_object_get(t->data, "step")) ? json_int(t->data, "step") : -1;
  if (n >= 0 && (uint64_t)n < t->c->step_count)
    return trf(t->rq, "%s: %s taken up", item_text(t), words_text(t->rq, step_words(t->c->steps[n].step)));
  return trf(t->rq, "%s: the decision is taken up", item_text(t));
}

static const char *say_step_added(struct telling *t)
{
  add(t, trf(t->rq, "within %s working days; the promised day stays", (long long)json_int(t->data, "takes")));
  add_private(t, data_text(t, "reason"));
  return trf(t->rq, "%s: %s is asked, too", item_text(t), staff_agency(t->rq, data_text(t, "agency")));
}

static const char *say_step_removed(struct telling *t)
{
  add_private(t, data_text(t, "reason"));
  return trf(t->rq, "%s: %s is not asked any more", item_text(t), staff_agency(t->rq, data_text(t, "agency")));
}

static const char *say_returned(struct telling *t)
{
  json_int_t n = json_int(t->data, "step");
  const char *step = n >= 0 && (uint64_t)n < t->c->step_count ? words_text(t->rq, step_words(t->c->steps[n].step)) : "";
  add_private(t, data_text(t, "reason"));
  return trf(t->rq, "%s: back to “%s”", item_text(t), step);
}

static const char *say_reopened(struct telling *t)
{
  const json_t *first = json_object_get(t->data, "first");
  add_private(t, data_text(t, "reasons"));
  if (t->who == VIEW_STAFF)
    add(t, trf(t->rq, "The first decision, by %s: %s", staff_name(t->rq, arena_str(t->rq->arena, json_str(first, "by"))),
               json_str(first, "reasons")));
  return json_flag(first, "granted") ? trf(t->rq, "%s: the grant is taken back, to be decided again", item_text(t))
                                     : trf(t->rq, "%s: the refusal is taken back, to be decided again", item_text(t));
}

static const char *say_escalated(struct telling *t)
{
  day due = day_read(json_object_get(t->data, "due"));
  add(t, data_text(t, "reason"));
  add(t, trf(t->rq, "%s rules on it by %s", data_text(t, "instance"), day_words(t->rq, due)));
  return t->item ? trf(t->rq, "%s: disagreement escalated", item_text(t)) : tr(t->rq, "Disagreement escalated");
}

static const char *say_ruled(struct telling *t)
{
  add(t, data_text(t, "ruling"));
  add(t, data_text(t, "reasons"));
  return t->item ? trf(t->rq, "%s: ruling on the disagreement", item_text(t)) : tr(t->rq, "Ruling on the disagreement");
}

static const char *say_due_soon(struct telling *t)
{
  const json_t *list = json_list(t->data, "materials");
  for (size_t i = 0; i < json_array_size(list); i++)
    add_private(t, material_text(t, json_string_value(json_array_get(list, i))));
  add_due(t, "due", N_("Please hand them in by %s"));
  return tr(t->rq, "Reminder: materials that may follow are due soon");
}

static const char *say_unfit(struct telling *t)
{
  t->line.stage = STAGE_STOPPED;
  add_private(t, data_text(t, "standard"));
  add_due(t, "due", N_("Please hand them in by %s"));
  return trf(t->rq, "%s does not meet the standard: to be handed in again", material_text(t, json_str(t->data, "material")));
}

static const char *say_erased(struct telling *t)
{
  const struct ground_words *ground = erase_ground(span_of(json_str(t->data, "ground")));
  if (ground)
    add(t, words_text(t->rq, ground->name));
  return tr(t->rq, "What was personal was erased");
}

static const struct {
  const char *type;
  const char *(*say)(struct telling *t); /* "": not for this reader */
  bool of_item;
  bool (*shown)(const struct telling *t); /* NULL: to everybody */
} tellings[] = {
    {"drafted", say_drafted, false, not_public},
    {"plan-pinned", say_pinned, false, staff_only},
    {"saved", say_saved, false, staff_only},
    {"attached", say_attached, false, not_public},
    {"detached", say_detached, false, staff_only},
    {"submitted", say_submitted, false, NULL},
    {"resubmitted", say_submitted, false, NULL},
    {"fixed", say_fixed, false, not_public},
    {"correction-asked", say_correction, false, NULL},
    {"accepted", say_accepted, false, NULL},
    {"not-accepted", say_not_accepted, false, NULL},
    {"lapsed", say_lapsed, false, NULL},
    {"opened", say_opened, true, NULL},
    {"step-done", say_step, false, NULL},
    {"special-started", say_special_started, true, NULL},
    {"special-ended", say_special_ended, true, NULL},
    {"extended", say_extended, true, NULL},
    {"clocks-changed", say_clocks, false, not_public},
    {"decided", say_decided, true, NULL},
    {"completed", say_completed, true, NULL},
    {"item-closed", say_item_closed, true, NULL},
    {"issued", say_issued, true, NULL},
    {"delivered", say_delivered, true, NULL},
    {"withdrawn", say_withdrawn, false, NULL},
    {"terminated", say_terminated, false, NULL},
    {"revoked", say_revoked, true, NULL},
    {"present", say_present, false, not_public},
    {"errand", say_errand, false, not_public},
    {"overdue", say_overdue, true, not_public},
    {"dates-offered", say_dates_offered, false, staff_only},
    {"dates-said", say_dates_said, false, staff_only},
    {"dates-open", say_dates_open, false, of_visit},
    {"dates-clash", say_dates_clash, false, of_visit},
    {"date-chosen", say_date_chosen, false, of_visit},
    {"minuted", say_minuted, false, staff_only},
    {"gathering-held", say_held, false, of_visit},
    {"called-off", say_called_off, false, of_visit},
    {"message", say_message, false, message_shown},
    {"taken-up", say_taken_up, true, not_public},
    {"step-added", say_step_added, true, NULL},
    {"step-removed", say_step_removed, true, NULL},
    {"steps-returned", say_returned, true, NULL},
    {"reopened", say_reopened, true, NULL},
    {"escalated", say_escalated, false, staff_only},
    {"ruled", say_ruled, false, staff_only},
    {"deferred-due-soon", say_due_soon, false, not_public},
    {"deferred-unfit", say_unfit, false, not_public},
    {"archived", say_archived, false, NULL},
    {"erased", say_erased, false, NULL},
};

static bool tell(struct telling *t)
{
  for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++) {
    if (strcmp(tellings[i].type, t->event->type) != 0)
      continue;
    if ((tellings[i].shown && !tellings[i].shown(t)) || (tellings[i].of_item && !t->item))
      return false;
    t->line.text = tellings[i].say(t);
    return *t->line.text != '\0';
  }
  return false;
}

static void add_actor(struct telling *t)
{
  const struct actor *actor = &t->event->actor;
  if (t->who != VIEW_STAFF || strcmp(actor->role, "system") == 0)
    return;
  if (*actor->agency)
    add(t, trf(t->rq, "by %s, %s", staff_name(t->rq, actor->id), staff_agency(t->rq, actor->agency)));
  else
    add(t, trf(t->rq, "by %s", staff_name(t->rq, actor->id)));
}

static void reverse(struct stage_line *lines, size_t n)
{
  for (size_t i = 0; i < n / 2; i++) {
    struct stage_line line = lines[i];
    lines[i] = lines[n - 1 - i];
    lines[n - 1 - i] = line;
  }
}

static void add_receipt(struct telling *t, const char *pseudonym)
{
  if (t->who == VIEW_PUBLIC)
    return;
  t->line.href = arena_printf(t->rq->arena, "/receipt/%lld/page?case=%s", (long long)t->event->seq - 1, pseudonym);
  t->line.link = tr(t->rq, "Receipt");
}

struct stage_line *case_timeline(struct request *rq, const struct casefile *c, const char *pseudonym, const struct event *events,
                                 size_t n, enum view_for who, size_t *ret_n)
{
  struct stage_line *lines = arena_array(rq->arena, n + 1, sizeof *lines);
  size_t kept = 0;
  bool submitted = false;
  for (size_t i = 0; i < n; i++) {
    submitted |= strcmp(events[i].type, "submitted") == 0 || strcmp(events[i].type, "erased") == 0;
    /* what was gathered in the draft is not progress */
    if (who != VIEW_STAFF && !submitted && strcmp(events[i].type, "drafted") != 0 && strcmp(events[i].type, "withdrawn") != 0)
      continue;
    int item = item_index(c, json_object_get(events[i].data, "item"));
    struct telling t = {.rq = rq,
                        .c = c,
                        .event = &events[i],
                        .data = events[i].data,
                        .item = item >= 0 ? &c->items[item] : NULL,
                        .who = who,
                        .line = {.stage = STAGE_DONE, .when = moment_words(rq, events[i].at)}};
    if (!tell(&t))
      continue;
    add_actor(&t);
    add_receipt(&t, pseudonym);
    lines[kept++] = t.line;
  }
  reverse(lines, kept);
  if (kept && lines[0].stage == STAGE_DONE && !case_state_closed(c->state))
    lines[0].stage = STAGE_NOW;
  *ret_n = kept;
  return lines;
}
