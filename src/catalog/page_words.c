/* page_words.c: the catalogue in words for people. */
#include "catalog/catalog_pages.h"

#include <ctype.h>
#include <string.h>

#include "app/app.h"

#define WORDS_MAX ((size_t)16 * 1024)

const char *name_of(const struct request *rq, struct words words)
{
  const char *name = say(rq, words.zh ? words.zh : "", words.en ? words.en : "");
  return name ? name : "";
}

const char *unit_words(const struct request *rq, const char *unit)
{
  static const struct {
    const char *unit;
    struct words words;
  } units[] = {
      {"m2", {"平方米", "m²"}},   {"m3", {"立方米", "m³"}},       {"CNY", {"元", "yuan"}},     {"10k", {"万元", "10,000 yuan"}},
      {"ha", {"公顷", "ha"}},     {"person", {"人", "people"}},   {"piece", {"件", "pieces"}}, {"pieces", {"件", "pieces"}},
      {"rooms", {"间", "rooms"}}, {"sets", {"台（套）", "sets"}}, {"t", {"吨", "t"}},          {"tce", {"吨标准煤", "tce"}},
      {"kg", {"千克", "kg"}},     {"month", {"个月", "months"}},  {"year", {"年", "years"}}};
  for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
    if (!strcmp(unit, units[i].unit))
      return name_of(rq, units[i].words);
  return unit;
}

const char *basis_words(struct request *rq, const struct basis *basis)
{
  if (!basis || !basis->law)
    return "";
  const char *article = basis->article ? basis->article : "";
  return arena_printf(rq->arena, "《%s》%s", basis->law, article);
}

const char *days_words(struct request *rq, int days)
{
  return days == 1 ? tr(rq, "1 working day") : trf(rq, "%s working days", days);
}

const char *validity_words(struct request *rq, int months)
{
  if (months <= 0)
    return "";
  if (months % 12 == 0)
    return months == 12 ? tr(rq, "1 year") : trf(rq, "%s years", months / 12);
  return trf(rq, "%s months", months);
}

const char *result_words(struct request *rq, const struct item *item)
{
  if (item->result)
    return name_of(rq, item->result->name);
  const struct material *document = item->document ? catalog_material(rq->app->catalog, span_of(item->document)) : NULL;
  return document ? name_of(rq, document->name) : trf(rq, "Outcome of “%s”", name_of(rq, item->name));
}

static bool yields(const struct item *item, const char *material)
{
  const char *id = item->result ? item->result->id : item->document;
  return id && !strcmp(id, material);
}

const struct item *producer_of(const struct catalog *catalog, const struct item *item, const char *material)
{
  for (size_t i = 0; i < item->need_count; i++)
    if (yields(item->needs[i], material))
      return item->needs[i];
  for (size_t i = 0; i < catalog->item_count; i++)
    if (yields(&catalog->items[i], material))
      return &catalog->items[i];
  return NULL;
}

struct bit_words {
  unsigned bit;
  const char *english;
};

static const char *joined(struct request *rq, unsigned bits, const struct bit_words *list)
{
  const char *out = "";
  for (; list->bit; list++)
    if (bits & list->bit)
      out = arena_printf(rq->arena, "%s%s%s", out, *out ? say(rq, "、", ", ") : "", tr(rq, list->english));
  return out;
}

const char *channels_words(struct request *rq, unsigned channels)
{
  static const struct bit_words list[] = {{CHANNEL_ONLINE, N_("online")},
                                          {CHANNEL_MOBILE, N_("on the phone")},
                                          {CHANNEL_WINDOW, N_("at a window")},
                                          {CHANNEL_KIOSK, N_("at a self-service terminal")},
                                          {0}};
  return joined(rq, channels, list);
}

const char *delivery_words(struct request *rq, unsigned delivery)
{
  static const struct bit_words list[] = {{DELIVERY_E_CERTIFICATE, N_("electronic certificate")},
                                          {DELIVERY_COURIER, N_("by courier")},
                                          {DELIVERY_WINDOW, N_("collected at a window")},
                                          {0}};
  return joined(rq, delivery, list);
}

/* ---- conditions ---- */

static const struct question *question_in(const struct thing *thing, struct span id)
{
  for (size_t i = 0; i < thing->question_count; i++)
    if (span_is(id, thing->questions[i].id))
      return &thing->questions[i];
  return NULL;
}

static const struct question *find_question(const struct catalog *catalog, const struct thing *thing, struct span id)
{
  const struct question *found = thing ? question_in(thing, id) : NULL;
  for (size_t i = 0; !thing && !found && i < catalog->thing_count; i++)
    found = question_in(&catalog->things[i], id);
  return found;
}

static struct span take_word(struct span *rest)
{
  size_t n = 0;
  while (n < rest->n && (isalnum((unsigned char)rest->p[n]) || rest->p[n] == '_'))
    n++;
  struct span word = {rest->p, n};
  rest->p += n;
  rest->n -= n;
  return word;
}

static void skip_space(struct span *rest)
{
  while (rest->n && *rest->p == ' ')
    rest->p++, rest->n--;
}

/* «not(name)»: the name, and the rest stands after the bracket. */
static bool take_negated(struct span *rest, struct span *ret_name)
{
  struct span s = *rest;
  skip_space(&s);
  if (!span_starts(s, "("))
    return false;
  s.p++, s.n--;
  *ret_name = take_word(&s);
  if (!ret_name->n || !span_starts(s, ")"))
    return false;
  *rest = (struct span){s.p + 1, s.n - 1};
  return true;
}

struct reading {
  struct request *rq;
  const struct thing *thing;
  const struct question *last; /* whose choices the next quoted value is one of */
  struct buf out;
};

static void put_question(struct reading *r, const struct question *q)
{
  buf_str(&r->out, say(r->rq, "「", "“"));
  buf_str(&r->out, name_of(r->rq, q->text));
  buf_str(&r->out, say(r->rq, "」", "”"));
}

static void put_yes_no(struct reading *r, const struct question *q, bool yes)
{
  struct request *rq = r->rq;
  put_question(r, q);
  buf_str(&r->out, say(rq, "：", ": "));
  buf_str(&r->out, yes ? tr(rq, "yes") : tr(rq, "no"));
}

static void put_name(struct reading *r, struct span word, struct span rest)
{
  const struct question *q = find_question(r->rq->app->catalog, r->thing, word);
  r->last = q;
  skip_space(&rest);
  if (!q)
    buf_span(&r->out, word);
  else if (q->type == ASK_BOOLEAN && !span_starts(rest, "="))
    put_yes_no(r, q, true);
  else
    put_question(r, q);
}

static void put_word(struct reading *r, struct span *rest)
{
  struct request *rq = r->rq;
  struct span word = take_word(rest), name;
  const struct question *q;
  if (span_is(word, "not") && take_negated(rest, &name) && (q = find_question(r->rq->app->catalog, r->thing, name)) != NULL)
    put_yes_no(r, q, false);
  else if (span_is(word, "and"))
    buf_str(&r->out, tr(rq, "and"));
  else if (span_is(word, "or"))
    buf_str(&r->out, tr(rq, "or"));
  else if (span_is(word, "in"))
    buf_str(&r->out, tr(rq, "one of"));
  else if (span_is(word, "true") || span_is(word, "false"))
    buf_str(&r->out, span_is(word, "true") ? tr(rq, "yes") : tr(rq, "no"));
  else if (isdigit((unsigned char)word.p[0]))
    buf_span(&r->out, word);
  else
    put_name(r, word, *rest);
}

static const char *choice_name(const struct reading *r, const struct thing *thing, struct span value)
{
  const struct question *q = question_in(thing, span_of(r->last->id));
  for (size_t i = 0; q && i < q->choice_count; i++)
    if (span_is(value, q->choices[i].value))
      return name_of(r->rq, q->choices[i].name);
  return NULL;
}

/* Things may offer different choices of one question: what this one lacks another may name. */
static const char *value_name(const struct reading *r, struct span value)
{
  const struct catalog *catalog = r->rq->app->catalog;
  const char *name = r->last && r->thing ? choice_name(r, r->thing, value) : NULL;
  for (size_t i = 0; r->last && !name && i < catalog->thing_count; i++)
    name = choice_name(r, &catalog->things[i], value);
  return name;
}

static void put_value(struct reading *r, struct span *rest)
{
  size_t n = 1;
  while (n < rest->n && rest->p[n] != '"')
    n++;
  struct span value = {rest->p + 1, n - 1};
  const char *name = value_name(r, value);
  if (name)
    buf_str(&r->out, name);
  else
    buf_span(&r->out, value);
  n = n < rest->n ? n + 1 : rest->n;
  rest->p += n;
  rest->n -= n;
}

static void put_sign(struct reading *r, struct span *rest)
{
  static const struct {
    const char *sign, *shown;
  } signs[] = {{">=", "≥"}, {"<=", "≤"}, {"!=", "≠"}, {",", "、"}, {"(", ""}, {")", ""}};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (span_starts(*rest, signs[i].sign)) {
      buf_str(&r->out, signs[i].shown);
      rest->p += strlen(signs[i].sign);
      rest->n -= strlen(signs[i].sign);
      return;
    }
  buf_char(&r->out, *rest->p);
  rest->p++, rest->n--;
}

const char *condition_words(struct request *rq, const struct thing *thing, const char *condition)
{
  struct reading r = {.rq = rq, .thing = thing};
  struct span rest = span_of(condition);
  buf_init(&r.out, WORDS_MAX);
  while (rest.n) {
    if (isalnum((unsigned char)*rest.p) || *rest.p == '_')
      put_word(&r, &rest);
    else if (*rest.p == '"')
      put_value(&r, &rest);
    else
      put_sign(&r, &rest);
  }
  const char *text = r.out.full ? condition : arena_dup(rq->arena, buf_view(&r.out));
  buf_release(&r.out);
  return text;
}
