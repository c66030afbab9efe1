#include <string.h>

#include "proof/proof.h"

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_person(struct json_writer *w, const struct proof_person *person)
{
  json_begin_object(w, "person");
  put_words(w, "who", person->who);
  put_words(w, "what", person->what);
  json_begin_object(w, "answers");
  for (size_t i = 0; i < person->answers.n; i++)
    json_put_str(w, person->answers.list[i].question, person->answers.list[i].text);
  json_end(w);
  json_begin_array(w, "matters");
  for (size_t i = 0; i < person->answers.n; i++)
    if (person->matters[i])
      json_put_str(w, NULL, person->answers.list[i].question);
  json_end(w);
  json_put_str(w, "zone", person->zone ? person->zone->id : NULL);
  json_end(w);
}

static void put_exception(struct json_writer *w, const struct exception *exception)
{
  char review[DAY_TEXT];
  day_format(exception->review, review);
  json_begin_object(w, "negative");
  put_words(w, "reason", exception->reason);
  json_put_str(w, "owner", exception->owner->id);
  json_put_str(w, "review", review);
  json_end(w);
}

static void put_line(struct json_writer *w, const struct proof_line *line)
{
  json_begin_object(w, NULL);
  json_put_str(w, "property", line->property);
  put_words(w, "name", line->name);
  json_put_str(w, "outcome", proof_outcome_name(line->outcome));
  json_put_str(w, "by", line->by_structure ? "structure" : "solver");
  if (line->person)
    put_person(w, line->person);
  if (line->exception)
    put_exception(w, line->exception);
  if (line->uncertain)
    json_put_str(w, "uncertain", line->uncertain);
  json_end(w);
}

void proof_json(const struct proof *proof, struct json_writer *w, const char *key)
{
  json_begin_object(w, key);
  json_put_str(w, "solver", proof->solver);
  json_put_int(w, "proved", (int64_t)proof->proved);
  json_put_int(w, "excused", (int64_t)proof->excused);
  json_put_int(w, "failed", (int64_t)proof->failed);
  json_begin_array(w, "things");
  for (size_t t = 0; t < proof->thing_count; t++) {
    const struct proof_thing *thing = &proof->things[t];
    json_begin_object(w, NULL);
    json_put_str(w, "thing", thing->thing->id);
    put_words(w, "name", thing->thing->name);
    json_put_num(w, "answers", thing->answers);
    json_put_int(w, "asked", (int64_t)thing->asked);
    json_begin_array(w, "properties");
    for (size_t i = 0; i < thing->line_count; i++)
      put_line(w, &thing->lines[i]);
    json_end(w);
    json_end(w);
  }
  json_end(w);
  json_begin_array(w, "hints");
  for (size_t i = 0; i < proof->hint_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "file", proof->hints[i].place.file);
    json_put_int(w, "line", proof->hints[i].place.line);
    json_put_int(w, "column", proof->hints[i].place.column);
    put_words(w, "text", proof->hints[i].text);
    json_end(w);
  }
  json_end(w);
  json_end(w);
}

/* ---- kept as persons/ID.yaml ---- */

/* JSON strings are YAML strings. */
static void put_text(struct buf *out, const char *text)
{
  struct json_writer w = json_to(out);
  json_put_str(&w, NULL, text);
}

static void keep_person(struct buf *out, const struct proof_thing *thing, const struct proof_line *line, const struct zone *zone)
{
  const struct proof_person *person = line->person;
  buf_printf(out, "--- # persons/%s.%s.yaml\nperson: %s-%s\nthing: %s\nproperty: %s\nfails: true\nanswers:\n", thing->thing->id,
             line->property, thing->thing->id, line->property, thing->thing->id, line->property);
  for (size_t i = 0; i < person->answers.n; i++)
    buf_printf(out, "  - \"%s=%s\"\n", person->answers.list[i].question, person->answers.list[i].text);
  if (zone)
    buf_printf(out, "zone: %s\n", zone->id);
  buf_printf(out, "story:\n  zh: ");
  put_text(out, person->who.zh);
  buf_printf(out, "\n  en: ");
  put_text(out, person->who.en);
  buf_printf(out, "\n");
}

struct span proof_keep(struct arena *arena, const struct proof *proof)
{
  struct buf out;
  buf_init(&out, (size_t)64 * 1024 * 1024);
  for (size_t t = 0; t < proof->thing_count; t++)
    for (size_t i = 0; i < proof->things[t].line_count; i++)
      if (proof->things[t].lines[i].person)
        keep_person(&out, &proof->things[t], &proof->things[t].lines[i], proof->things[t].lines[i].person->zone);
  struct span kept = arena_span(arena, buf_view(&out));
  buf_release(&out);
  return kept;
}
