#include "proof/limits.h"

#include <limits.h>
#include <string.h>

int counted_days(const struct item *item, const struct step *step)
{
  return item->instant || step->clock_excluded ? 0 : step->takes;
}

static int all_steps(const struct item *item)
{
  int sum = 0;
  for (size_t t = 0; t < item->step_count; t++)
    sum += counted_days(item, &item->steps[t]);
  return sum;
}

bool promises_too_much(const struct item *item)
{
  return !item->instant && (item->promised > item->statutory || all_steps(item) > item->promised);
}

static int path_to(const struct blueprint *b, int stage, size_t i, int *known)
{
  int start = 0;
  if (known[i] >= 0)
    return known[i];
  for (size_t e = 0; e < b->edge_count; e++)
    if ((size_t)b->edges[e].item == i && edge_waits(&b->edges[e])) {
      int end = path_to(b, stage, (size_t)b->edges[e].producer, known);
      start = end > start ? end : start;
    }
  const struct item *item = b->items[i].item;
  return known[i] = start + (thing_stage(b->thing, item) == stage ? all_steps(item) : 0);
}

int longest_path(const struct blueprint *b, int stage)
{
  if (b->circular)
    return INT_MAX; /* of a circle there is no longest way */
  struct arena scratch = {0};
  int *known = arena_array(&scratch, b->n + 1, sizeof *known);
  memset(known, -1, (b->n + 1) * sizeof *known);
  int most = 0;
  for (size_t i = 0; i < b->n; i++) {
    int end = path_to(b, stage, i, known);
    most = end > most ? end : most;
  }
  arena_release(&scratch);
  return most;
}

static int max(int a, int b)
{
  return a > b ? a : b;
}

static bool is_taken(const struct plan *plan, const struct step *step, struct arena *arena)
{
  struct answers answers = plan->answers;
  return !step->when || FEEL_IS_TRUE(feel_eval(step->when, arena, answers_lookup, &answers));
}

int plan_counted(const struct plan *plan, int stage, int *ret_item)
{
  struct arena scratch = {0};
  int *end = arena_array(&scratch, plan->item_count + 1, sizeof *end);
  int most = 0;
  for (size_t i = 0; i < plan->item_count; i++) { /* an order that respects what they wait for */
    const struct item *item = plan->items[i].item;
    int now = 0;
    for (size_t k = 0; k < plan->items[i].need_count; k++)
      now = max(now, end[plan->items[i].needs[k]]);
    int opinions = now;
    for (size_t t = 0; t < item->step_count && plan->items[i].stage == stage; t++) {
      const struct step *step = &item->steps[t];
      if (!is_taken(plan, step, &scratch))
        continue;
      if (step->assist)
        opinions = max(opinions, now + counted_days(item, step));
      else
        now = (strcmp(step->step, "decide") == 0 ? max(now, opinions) : now) + counted_days(item, step);
    }
    end[i] = max(now, opinions);
    if (end[i] > most) {
      most = end[i];
      *ret_item = (int)i;
    }
  }
  arena_release(&scratch);
  return most;
}
