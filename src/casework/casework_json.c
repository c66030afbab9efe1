/*
 * A case as JSON: for the API, for debugging, and for comparing a replay with what the engine holds.
 */
#include "casework/internal.h"

static void put_day(struct json_writer *w, const char *key, day d)
{
  char text[DAY_TEXT];
  if (d == DAY_NONE)
    return;
  day_format(d, text);
  json_put_str(w, key, text);
}

static void put_due(struct json_writer *w, const char *key, struct due due)
{
  if (due.day == DAY_NONE)
    return;
  json_begin_object(w, key);
  put_day(w, "day", due.day);
  if (due.provisional)
    json_put_bool(w, "provisional", true);
  json_end(w);
}

static void put_moment(struct json_writer *w, const char *key, moment at)
{
  char text[MOMENT_TEXT];
  if (!at)
    return;
  moment_format(at, text);
  json_put_str(w, key, text);
}

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
  if (text && *text)
    json_put_str(w, key, text);
}

static void put_flag(struct json_writer *w, const char *key, bool flag)
{
  if (flag)
    json_put_bool(w, key, true);
}

static void dump_item(const struct case_item *it, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_str(w, "item", it->item);
  put_words(w, "name", it->name);
  json_put_str(w, "agency", it->agency);
  json_put_str(w, "state", item_state_words(it->state)->word);
  put_text(w, "number", it->number);
  put_moment(w, "opened", it->opened);
  put_day(w, "clock_from", it->clock_from);
  put_due(w, "legal", it->legal);
  put_due(w, "promise", it->promise);
  put_due(w, "warn", it->warn);
  json_put_int(w, "paused", it->paused);
  json_put_int(w, "extended", it->extended);
  put_flag(w, "was_extended", it->was_extended);
  put_text(w, "special", it->special);
  put_day(w, "special_from", it->special_from);
  json_put_int(w, "special_days", it->special_days);
  put_flag(w, "warned", it->warned);
  put_flag(w, "yellow", it->yellow);
  put_flag(w, "red", it->red);
  put_flag(w, "late_issue", it->late_issue);
  put_moment(w, "decided", it->decided);
  put_text(w, "decided_by", it->decided_by);
  put_text(w, "reason", it->reason);
  put_due(w, "issue_due", it->issue_due);
  put_text(w, "result_number", it->result_number);
  put_day(w, "result_from", it->result_from);
  put_day(w, "result_until", it->result_until);
  put_moment(w, "taken", it->taken);
  json_put_int(w, "redecided", it->redecided);
  put_moment(w, "issued", it->issued);
  put_moment(w, "delivered", it->delivered);
  json_end(w);
}

static void dump_step(const struct casefile *c, const struct case_step *s, struct json_writer *w)
{
  static const char *const words[] = {"to-do", "passed", "failed", "removed"};
  json_begin_object(w, NULL);
  json_put_str(w, "item", c->items[s->item].item);
  json_put_str(w, "step", s->step);
  json_put_str(w, "agency", s->agency);
  put_flag(w, "assist", s->assist);
  json_put_str(w, "state", words[s->state]);
  put_flag(w, "added", s->added);
  put_flag(w, "silent", s->silent);
  put_due(w, "consent", s->consent);
  put_moment(w, "since", s->since);
  put_moment(w, "taken", s->taken);
  put_moment(w, "done", s->done);
  put_text(w, "by", s->by);
  put_text(w, "opinion", s->opinion);
  json_end(w);
}

static void dump_material(const struct case_material *m, struct json_writer *w)
{
  static const char *const words[] = {"upload", "form", "fetch", "result", "zone"};
  json_begin_object(w, NULL);
  json_put_str(w, "material", m->material);
  put_words(w, "name", m->name);
  json_put_str(w, "source", words[m->source]);
  json_put_int(w, "attached", m->attached);
  put_flag(w, "changed", m->changed);
  put_text(w, "asked", m->asked);
  put_due(w, "deferred", m->deferred);
  put_due(w, "until", m->until);
  put_day(w, "remind", m->remind);
  json_end(w);
}

static void dump_field(const struct case_field *f, bool personal, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_str(w, "field", f->field);
  put_words(w, "name", f->name);
  if (personal)
    json_put_str(w, "value", f->value);
  json_put_bool(w, "filled", *f->value != '\0');
  put_flag(w, "changed", f->changed);
  put_text(w, "asked", f->asked);
  json_end(w);
}

static void dump_attachment(const struct casefile *c, const struct attachment *a, bool personal, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "attachment", a->number);
  json_put_str(w, "material", a->removed ? "" : c->materials[a->material].material);
  if (personal) {
    json_put_str(w, "name", a->name);
    json_put_str(w, "sha256", a->sha256);
  }
  json_put_str(w, "type", a->type);
  json_put_int(w, "size", a->size);
  put_moment(w, "at", a->at);
  put_flag(w, "removed", a->removed);
  json_end(w);
}

static void dump_person(const struct casefile *c, struct json_writer *w)
{
  json_begin_object(w, "applicant");
  json_put_str(w, "name", c->applicant);
  put_text(w, "id_number", c->id_number);
  put_text(w, "phone", c->phone);
  put_text(w, "account", c->account);
  json_end(w);
  put_text(w, "delivery_address", c->delivery_address);
}

static void dump_whole(const struct casefile *c, struct json_writer *w)
{
  put_moment(w, "created", c->created);
  put_moment(w, "submitted", c->submitted);
  put_moment(w, "accepted", c->accepted);
  put_moment(w, "closed", c->closed);
  put_moment(w, "erased", c->erased);
  put_text(w, "ground", c->ground);
  put_day(w, "received", c->received);
  put_day(w, "accepted_day", c->accepted_day);
  put_due(w, "notice", c->notice);
  put_due(w, "correction", c->correction);
  put_due(w, "joint_due", c->joint_due);
  json_put_int(w, "corrections", c->corrections);
  put_flag(w, "commitment", c->commitment);
  put_text(w, "commitment_digest", c->committed);
  put_flag(w, "deemed", c->deemed);
  put_flag(w, "tolerant", c->tolerant);
  put_text(w, "accepted_by", c->accepted_by);
  put_text(w, "accepted_for", c->accepted_for);
  put_text(w, "reason", c->reason);
  put_text(w, "right_body", c->right_body);
  put_text(w, "delivery_mode", c->delivery_mode);
  json_begin_object(w, "trips");
  json_put_int(w, "applicant", c->trips_applicant);
  json_put_int(w, "staff", c->trips_staff);
  json_put_int(w, "total", c->trips_applicant + c->trips_staff);
  put_day(w, "last", c->last_trip);
  json_put_int(w, "whys", c->trip_whys);
  json_end(w);
}

static void dump_lists(const struct casefile *c, bool personal, struct json_writer *w)
{
  json_begin_array(w, "items");
  for (size_t i = 0; i < c->item_count; i++)
    dump_item(&c->items[i], w);
  json_end(w);
  json_begin_array(w, "steps");
  for (size_t i = 0; i < c->step_count; i++)
    dump_step(c, &c->steps[i], w);
  json_end(w);
  json_begin_array(w, "materials");
  for (size_t i = 0; i < c->material_count; i++)
    dump_material(&c->materials[i], w);
  json_end(w);
  json_begin_array(w, "fields");
  for (size_t i = 0; i < c->field_count; i++)
    dump_field(&c->fields[i], personal, w);
  json_end(w);
  json_begin_array(w, "attachments");
  for (size_t i = 0; i < c->attachment_count; i++)
    dump_attachment(c, &c->attachments[i], personal, w);
  json_end(w);
  json_begin_array(w, "prepared");
  for (size_t i = 0; i < c->prepared_count; i++)
    json_put_str(w, NULL, c->prepared[i]);
  json_end(w);
}

void casefile_dump(const struct casefile *c, bool personal, struct json_writer *w, const char *key)
{
  json_begin_object(w, key);
  json_put_str(w, "state", case_state_words(c->state)->word);
  if (c->state == CASE_NONE) {
    json_end(w);
    return;
  }
  put_text(w, "number", c->number);
  if (personal)
    put_text(w, "code", c->code);
  json_put_str(w, "thing", c->thing);
  put_words(w, "name", c->name);
  json_put_str(w, "lead", c->lead);
  json_put_str(w, "district", c->district);
  json_put_str(w, "channel", c->channel);
  json_put_str(w, "plan", c->plan_digest);
  if (personal)
    dump_person(c, w);
  dump_whole(c, w);
  dump_lists(c, personal, w);
  joint_dump(c, personal, w);
  json_end(w);
}
