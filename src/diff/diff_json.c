#include <string.h>

#include "diff/diff.h"

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_list(struct json_writer *w, const char *key, const struct words *list, size_t n)
{
  json_begin_array(w, key);
  for (size_t i = 0; i < n; i++)
    put_words(w, NULL, list[i]);
  json_end(w);
}

static void put_figures(struct json_writer *w, const char *key, const struct diff_figures *f)
{
  static const char *const names[DIFF_MEASURES] = {"trips_online", "trips_window",       "materials", "fields",
                                                   "days",         "days_with_services", "fen"};
  json_begin_object(w, key);
  for (enum diff_measure m = 0; m < DIFF_MEASURES; m++)
    json_put_int(w, names[m], f->of[m]);
  json_end(w);
}

static void put_answers(struct json_writer *w, const struct diff_person *person, const struct thing *thing, const char *key)
{
  json_begin_object(w, key);
  for (size_t q = 0; q < thing->question_count; q++)
    for (size_t i = 0; i < person->answers.n; i++)
      if (strcmp(person->answers.list[i].question, thing->questions[q].id) == 0)
        json_put_str(w, thing->questions[q].id, person->answers.list[i].text);
  json_end(w);
}

static void put_person(struct json_writer *w, const struct diff_thing *thing, const struct diff_person *person)
{
  static const char *const effects[] = {"worse", "mixed", "better", "other"};
  json_begin_object(w, NULL);
  json_put_str(w, "effect", effects[person->effect]);
  put_words(w, "who", person->who);
  json_put_str(w, "zone", person->zone ? person->zone->id : NULL);
  put_answers(w, person, thing->before, "answers_before");
  put_answers(w, person, thing->after, "answers_after");
  json_begin_array(w, "matters");
  for (size_t i = 0; i < person->answers.n; i++)
    if (person->matters[i])
      json_put_str(w, NULL, person->answers.list[i].question);
  json_end(w);
  put_list(w, "causes", person->causes, person->cause_count);
  put_figures(w, "before", &person->before);
  put_figures(w, "after", &person->after);
  json_begin_array(w, "differs");
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
    if (person->aspects & 1u << a) {
      json_begin_object(w, NULL);
      json_put_str(w, "aspect", diff_aspect_id(a));
      if (person->said[a].zh)
        put_words(w, "said", person->said[a]);
      json_end(w);
    }
  json_end(w);
  json_end(w);
}

static void put_thing(struct json_writer *w, const struct diff_thing *thing)
{
  static const char *const outcomes[] = {"unchanged", "same", "differs", "unknown"};
  const struct thing *named = thing->after ? thing->after : thing->before;
  json_begin_object(w, NULL);
  json_put_str(w, "thing", named->id);
  put_words(w, "name", named->name);
  json_put_str(w, "in", thing->before && thing->after ? "both" : thing->after ? "new" : "old");
  put_list(w, "notes", thing->notes, thing->note_count);
  json_begin_object(w, "aspects");
  for (enum diff_aspect a = 0; thing->before && thing->after && a < DIFF_ASPECTS; a++)
    json_put_str(w, diff_aspect_id(a), outcomes[thing->aspects[a]]);
  json_end(w);
  json_put_bool(w, "nobody_worse", thing->nobody_worse);
  json_put_bool(w, "nobody_else", thing->nobody_else);
  json_put_str(w, "disagrees", thing->disagrees);
  json_put_int(w, "asked", (int64_t)thing->asked);
  json_put_int(w, "compiled", (int64_t)thing->compiled);
  json_begin_array(w, "persons");
  for (size_t i = 0; i < thing->person_count; i++)
    put_person(w, thing, &thing->persons[i]);
  json_end(w);
  json_end(w);
}

void diff_json(const struct diff *diff, struct json_writer *w, const char *key)
{
  bool differs = diff->note_count > 0;
  for (size_t t = 0; t < diff->thing_count; t++)
    differs |= diff_thing_differs(&diff->things[t]);
  json_begin_object(w, key);
  json_put_bool(w, "differs", differs);
  put_list(w, "notes", diff->notes, diff->note_count);
  json_begin_array(w, "things");
  for (size_t t = 0; t < diff->thing_count; t++)
    put_thing(w, &diff->things[t]);
  json_end(w);
  json_end(w);
}
