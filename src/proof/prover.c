#include "proof/prover.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No answer has more than 63 bits of digits: what a question without bounds is bounded by. */
#define LARGEST INT64_MAX

struct cached {
  const struct feel *when;
  struct truth truth;
};

/* Z3's own handler ends the process. Ours leaves a mark: the question it happened in counts as not answered. */
static void on_error(Z3_context z, Z3_error_code code)
{
  (void)z;
  (void)code;
}

void prover_open(struct prover *prover, struct arena *arena, const struct catalog *catalog, unsigned milliseconds)
{
  char limit[16];
  (void)snprintf(limit, sizeof limit, "%u", milliseconds);
  Z3_config config = Z3_mk_config();
  Z3_set_param_value(config, "timeout", limit);
  Z3_set_param_value(config, "model", "true");
  *prover = (struct prover){.arena = arena, .catalog = catalog};
  Z3_context z = prover->z = Z3_mk_context(config);
  Z3_del_config(config);
  Z3_set_error_handler(z, on_error);
  Z3_set_ast_print_mode(z, Z3_PRINT_SMTLIB2_COMPLIANT);
  prover->solver = Z3_mk_simple_solver(z);
  Z3_solver_inc_ref(z, prover->solver);
  prover->number = Z3_mk_real_sort(z);
  prover->whole = Z3_mk_int_sort(z);
  prover->yes = prover->side = Z3_mk_true(z);
  prover->no = Z3_mk_false(z);
  prover->zone = Z3_mk_const(z, Z3_mk_string_symbol(z, "zone of the city"), prover->whole);
}

void prover_close(struct prover *prover)
{
  if (!prover->z)
    return;
  Z3_solver_dec_ref(prover->z, prover->solver);
  Z3_del_context(prover->z);
  prover->z = NULL;
}

/* ---- formulas: constants are folded, so that what holds by structure alone is seen without a solver ---- */

formula prover_and(struct prover *p, formula a, formula b)
{
  if (a == p->no || b == p->no)
    return p->no;
  if (a == p->yes || a == b)
    return b;
  return b == p->yes ? a : Z3_mk_and(p->z, 2, (Z3_ast[]){a, b});
}

formula prover_or(struct prover *p, formula a, formula b)
{
  if (a == p->yes || b == p->yes)
    return p->yes;
  if (a == p->no || a == b)
    return b;
  return b == p->no ? a : Z3_mk_or(p->z, 2, (Z3_ast[]){a, b});
}

formula prover_not(struct prover *p, formula a)
{
  if (a == p->yes || a == p->no)
    return a == p->yes ? p->no : p->yes;
  return Z3_mk_not(p->z, a);
}

Z3_ast prover_decimal(struct prover *p, struct decimal d)
{
  struct arena scratch = {0};
  Z3_ast number = Z3_mk_numeral(p->z, decimal_text(&scratch, d), p->number);
  arena_release(&scratch);
  return number;
}

/* ---- unknowns ---- */

static struct unknown *find_unknown(const struct prover *p, struct span id)
{
  for (size_t i = 0; i < p->unknown_count; i++)
    if (span_is(id, p->unknowns[i].id))
      return &p->unknowns[i];
  return NULL;
}

const struct unknown *prover_unknown(const struct prover *p, struct span id)
{
  return find_unknown(p, id);
}

static size_t value_number(const struct unknown *unknown, struct span value)
{
  size_t n = 0;
  while (n < unknown->value_count && !span_is(value, unknown->values[n]))
    n++;
  return n;
}

static void add_values(struct prover *p, struct unknown *unknown, const struct question *question)
{
  const char **values = arena_array(p->arena, unknown->value_count + question->choice_count + 1, sizeof *values);
  for (size_t i = 0; i < unknown->value_count; i++)
    values[i] = unknown->values[i];
  unknown->values = values;
  for (size_t i = 0; i < question->choice_count; i++)
    if (value_number(unknown, span_of(question->choices[i].value)) == unknown->value_count)
      values[unknown->value_count++] = question->choices[i].value;
}

double prover_size(struct decimal d)
{
  return (fabs((double)d.digits) + 1) * pow(10, -d.scale);
}

static double larger(double a, double b)
{
  return a > b ? a : b;
}

void prover_meet(struct prover *p, const struct thing *thing)
{
  struct unknown *all = arena_array(p->arena, p->unknown_count + thing->question_count + 1, sizeof *all);
  if (p->unknown_count)
    memcpy(all, p->unknowns, p->unknown_count * sizeof *all);
  p->unknowns = all;
  p->thing = thing;
  for (size_t i = 0; i < thing->question_count; i++) {
    const struct question *question = &thing->questions[i];
    struct unknown *unknown = find_unknown(p, span_of(question->id));
    if (!unknown) {
      unknown = &all[p->unknown_count++];
      Z3_sort sort = question->type == ASK_BOOLEAN ? Z3_mk_bool_sort(p->z) : question->type == ASK_NUMBER ? p->number : p->whole;
      *unknown = (struct unknown){.id = question->id, .type = question->type};
      unknown->var = Z3_mk_const(p->z, Z3_mk_string_symbol(p->z, question->id), sort);
    }
    if (question->type == ASK_NUMBER)
      unknown->most = larger(unknown->most, larger(question->has_min ? prover_size(question->min) : (double)LARGEST,
                                                   question->has_max ? prover_size(question->max) : (double)LARGEST));
    if (question->type == ASK_CHOICE && unknown->type == ASK_CHOICE)
      add_values(p, unknown, question);
  }
}

static Z3_ast whole(struct prover *p, size_t n)
{
  return Z3_mk_int64(p->z, (int64_t)n, p->whole);
}

formula prover_is_value(struct prover *p, const struct unknown *unknown, size_t n)
{
  return Z3_mk_eq(p->z, unknown->var, whole(p, n));
}

static formula question_domain(struct prover *p, const struct question *question)
{
  const struct unknown *unknown = find_unknown(p, span_of(question->id));
  formula domain = question->type == ASK_CHOICE ? p->no : p->yes;
  if (unknown->type != question->type || question->type == ASK_BOOLEAN)
    return p->yes;
  for (size_t i = 0; i < question->choice_count; i++)
    domain = prover_or(p, domain, prover_is_value(p, unknown, value_number(unknown, span_of(question->choices[i].value))));
  if (question->type != ASK_NUMBER)
    return domain;
  struct decimal low = question->has_min ? question->min : (struct decimal){-LARGEST, 0};
  struct decimal high = question->has_max ? question->max : (struct decimal){LARGEST, 0};
  return prover_and(p, Z3_mk_ge(p->z, unknown->var, prover_decimal(p, low)), Z3_mk_le(p->z, unknown->var, prover_decimal(p, high)));
}

formula prover_domain(struct prover *p, const struct thing *thing)
{
  formula domain = prover_and(p, Z3_mk_ge(p->z, p->zone, whole(p, 0)), Z3_mk_le(p->z, p->zone, whole(p, p->catalog->zone_count)));
  for (size_t i = 0; i < thing->question_count; i++)
    domain = prover_and(p, domain, question_domain(p, &thing->questions[i]));
  return domain;
}

formula prover_in_zone(struct prover *p, const struct zone *zone)
{
  return Z3_mk_eq(p->z, p->zone, whole(p, zone ? (size_t)(zone - p->catalog->zones) + 1 : 0));
}

struct truth prover_condition(struct prover *p, const struct feel *when)
{
  if (!when)
    return (struct truth){p->yes, p->no};
  for (size_t i = 0; i < p->cache_count; i++)
    if (p->cache[i].when == when)
      return p->cache[i].truth;
  struct truth truth = prover_read(p, when);
  p->cache = arena_grow(p->arena, p->cache, p->cache_count, &p->cache_cap, sizeof *p->cache);
  p->cache[p->cache_count++] = (struct cached){when, truth};
  return truth;
}

static const struct assessment *assessment_of(const struct zone *zone, const char *kind)
{
  for (size_t a = 0; a < zone->assessment_count; a++)
    if (strcmp(zone->assessments[a].kind, kind) == 0)
      return &zone->assessments[a];
  return NULL;
}

formula prover_covered(struct prover *p, const char *kind, const struct feel *within, day today)
{
  formula covered = p->no;
  for (size_t z = 0; kind && z < p->catalog->zone_count; z++) {
    const struct zone *zone = &p->catalog->zones[z];
    const struct assessment *assessment = assessment_of(zone, kind);
    if (!assessment || assessment->valid_until < today)
      continue;
    p->within = zone;
    p->today = today;
    formula kept = within ? prover_read(p, within).yes : p->yes;
    p->within = NULL;
    covered = prover_or(p, covered, prover_and(p, prover_in_zone(p, zone), kept));
  }
  return covered;
}

/* ---- asking ---- */

formula prover_answers(struct prover *p, const struct answer *answer)
{
  const struct unknown *unknown = find_unknown(p, span_of(answer->question));
  if (unknown->type == ASK_BOOLEAN)
    return answer->value.truth ? unknown->var : prover_not(p, unknown->var);
  if (unknown->type == ASK_CHOICE)
    return prover_is_value(p, unknown, value_number(unknown, answer->value.string));
  return Z3_mk_eq(p->z, unknown->var, prover_decimal(p, answer->value.number));
}

static struct feel_value text_value(const char *text)
{
  return (struct feel_value){.type = FEEL_STRING, .string = span_of(text)};
}

#define PLACES 1000000

/* «101/2» is 50.5; «-7/3» no decimal. */
static bool decimal_of_fraction(const char *text, const char *slash, struct decimal *ret)
{
  int64_t over, under;
  if (!span_int((struct span){text, (size_t)(slash - text)}, &over) || !span_int(span_of(slash + 1), &under))
    return false;
  if (under <= 0 || PLACES % under != 0 || over > INT64_MAX / PLACES || over < -(INT64_MAX / PLACES))
    return false;
  *ret = (struct decimal){over * (PLACES / under), 6};
  return true;
}

/* «-7/3» and «320» as the nearest decimal that an answer can be: whoever uses it runs it through the compiler. */
static struct decimal decimal_near(const char *text, bool *ret_rounded)
{
  struct decimal exact;
  const char *slash = strchr(text, '/');
  if (slash ? decimal_of_fraction(text, slash, &exact) : decimal_parse(span_of(text), &exact))
    return exact;
  *ret_rounded = true;
  long double value = strtold(text, NULL) / (slash ? strtold(slash + 1, NULL) : 1.0L);
  int scale = 6;
  while (scale > 0 && (value > 9e11L || value < -9e11L)) {
    value /= 10;
    scale--;
  }
  return (struct decimal){(int64_t)(value * 1e6L), scale};
}

static void read_value(struct prover *p, Z3_model z3_model, const struct question *question, struct answer *answer,
                       bool *ret_rounded)
{
  const struct unknown *unknown = find_unknown(p, span_of(question->id));
  Z3_ast value = NULL;
  answer->question = question->id;
  bool known = Z3_model_eval(p->z, z3_model, unknown->var, true, &value);
  int number = 0;
  switch (unknown->type) {
  case ASK_BOOLEAN:
    answer->value = (struct feel_value){.type = FEEL_BOOLEAN, .truth = known && Z3_get_bool_value(p->z, value) == Z3_L_TRUE};
    answer->text = answer->value.truth ? "true" : "false";
    break;
  case ASK_CHOICE:
    if (!known || !Z3_get_numeral_int(p->z, value, &number) || number < 0 || (size_t)number >= unknown->value_count)
      number = 0;
    answer->text = unknown->value_count ? unknown->values[number] : "";
    answer->value = text_value(answer->text);
    break;
  case ASK_NUMBER:
    answer->value = (struct feel_value){.type = FEEL_NUMBER};
    if (known)
      answer->value.number = decimal_near(Z3_get_numeral_string(p->z, value), ret_rounded);
    answer->text = decimal_text(p->arena, answer->value.number);
    break;
  }
}

static void read_model(struct prover *p, const struct thing *thing, struct model *ret)
{
  Z3_model model = Z3_solver_get_model(p->z, p->solver);
  if (!model)
    return;
  Z3_model_inc_ref(p->z, model);
  size_t room = thing->question_count + thing->table_count + 1;
  *ret = (struct model){{.list = arena_array(p->arena, room, sizeof *ret->answers.list), .n = thing->question_count}, NULL, false};
  for (size_t i = 0; i < thing->question_count; i++)
    read_value(p, model, &thing->questions[i], &ret->answers.list[i], &ret->rounded);
  Z3_ast value = NULL;
  int zone = 0;
  if (Z3_model_eval(p->z, model, p->zone, true, &value) && Z3_get_numeral_int(p->z, value, &zone) && zone > 0 &&
      (size_t)zone <= p->catalog->zone_count)
    ret->zone = &p->catalog->zones[zone - 1];
  Z3_model_dec_ref(p->z, model);
}

static enum verdict verdict_of(struct prover *p, Z3_lbool satisfiable)
{
  p->failed |= Z3_get_error_code(p->z) != Z3_OK;
  if (p->failed || satisfiable == Z3_L_UNDEF)
    return PROVER_UNKNOWN;
  return satisfiable == Z3_L_TRUE ? PROVER_FOUND : PROVER_NEVER;
}

enum verdict prover_ask(struct prover *p, const struct thing *thing, formula what, struct model *ret, const char **ret_smt)
{
  p->asked++;
  Z3_solver_push(p->z, p->solver);
  Z3_solver_assert(p->z, p->solver, prover_domain(p, thing));
  Z3_solver_assert(p->z, p->solver, p->side);
  Z3_solver_assert(p->z, p->solver, what);
  if (ret_smt)
    *ret_smt = arena_printf(p->arena, "(set-logic ALL)\n%s(check-sat)\n", Z3_solver_to_string(p->z, p->solver));
  enum verdict verdict = verdict_of(p, Z3_solver_check(p->z, p->solver));
  if (verdict == PROVER_FOUND && ret)
    read_model(p, thing, ret);
  Z3_solver_pop(p->z, p->solver, 1);
  return verdict;
}

/* Which literals hold in the solver's model; the formula that says so. */
static formula read_literals(struct prover *p, const formula *literals, size_t n, bool *holds)
{
  Z3_model model = Z3_solver_get_model(p->z, p->solver);
  formula kind = p->yes;
  Z3_model_inc_ref(p->z, model);
  for (size_t i = 0; i < n; i++) {
    Z3_ast value = NULL;
    holds[i] = Z3_model_eval(p->z, model, literals[i], true, &value) && Z3_get_bool_value(p->z, value) == Z3_L_TRUE;
    kind = prover_and(p, kind, holds[i] ? literals[i] : prover_not(p, literals[i]));
  }
  Z3_model_dec_ref(p->z, model);
  return kind;
}

enum verdict prover_kinds(struct prover *p, const struct thing *thing, formula what, const formula *literals, size_t n, size_t most,
                          prover_look *look, void *context)
{
  bool *holds = arena_array(p->arena, n + 1, sizeof *holds);
  enum verdict verdict = PROVER_FOUND;
  Z3_solver_push(p->z, p->solver);
  Z3_solver_assert(p->z, p->solver, prover_domain(p, thing));
  Z3_solver_assert(p->z, p->solver, p->side);
  Z3_solver_assert(p->z, p->solver, what);
  for (bool more = true; more && most > 0; most--) {
    struct model model = {0};
    p->asked++;
    verdict = verdict_of(p, Z3_solver_check(p->z, p->solver));
    if (verdict != PROVER_FOUND)
      break;
    read_model(p, thing, &model);
    formula kind = read_literals(p, literals, n, holds);
    Z3_solver_assert(p->z, p->solver, prover_not(p, kind));
    more = look(context, &model, holds);
  }
  Z3_solver_pop(p->z, p->solver, 1);
  return verdict;
}

/* ---- which answers matter ---- */

static bool still_forced(struct prover *p, const Z3_ast *assumptions, const bool *kept, size_t n)
{
  Z3_ast *some = arena_array(p->arena, n + 1, sizeof *some);
  unsigned count = 0;
  for (size_t i = 0; i < n; i++)
    if (kept[i])
      some[count++] = assumptions[i];
  return verdict_of(p, Z3_solver_check_assumptions(p->z, p->solver, count, some)) == PROVER_NEVER;
}

/* Only those of the assumptions that the solver's own reason names. */
static void keep_reason(struct prover *p, const Z3_ast *assumptions, bool *kept, size_t n)
{
  Z3_ast_vector core = Z3_solver_get_unsat_core(p->z, p->solver);
  Z3_ast_vector_inc_ref(p->z, core);
  for (size_t i = 0; i < n; i++) {
    bool named = false;
    for (unsigned k = 0; k < Z3_ast_vector_size(p->z, core); k++)
      named |= Z3_is_eq_ast(p->z, Z3_ast_vector_get(p->z, core, k), assumptions[i]);
    kept[i] = named;
  }
  Z3_ast_vector_dec_ref(p->z, core);
}

bool prover_core(struct prover *p, const struct thing *thing, formula what, const struct model *model, bool *matters,
                 bool *ret_zone)
{
  size_t n = model->answers.n;
  Z3_ast *marks = arena_array(p->arena, n + 2, sizeof *marks);
  bool *kept = arena_array(p->arena, n + 2, sizeof *kept);
  Z3_solver_push(p->z, p->solver);
  Z3_solver_assert(p->z, p->solver, prover_domain(p, thing));
  Z3_solver_assert(p->z, p->solver, p->side);
  Z3_solver_assert(p->z, p->solver, prover_not(p, what));
  for (size_t i = 0; i <= n; i++) {
    marks[i] = Z3_mk_fresh_const(p->z, "keep", Z3_mk_bool_sort(p->z));
    kept[i] = true;
    formula same = i < n ? prover_answers(p, &model->answers.list[i]) : prover_in_zone(p, model->zone);
    Z3_solver_assert(p->z, p->solver, Z3_mk_implies(p->z, marks[i], same));
  }
  bool forced = still_forced(p, marks, kept, n + 1);
  if (forced)
    keep_reason(p, marks, kept, n + 1);
  for (size_t i = n + 1; forced && i-- > 0;)
    if (kept[i]) {
      kept[i] = false;
      kept[i] = !still_forced(p, marks, kept, n + 1);
    }
  Z3_solver_pop(p->z, p->solver, 1);
  for (size_t i = 0; i < n; i++)
    matters[i] = !forced || kept[i];
  *ret_zone = forced && kept[n];
  return forced;
}
