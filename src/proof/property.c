#include "proof/property.h"

#include <string.h>

#define WITHOUT_HOLDINGS(name)                                                                                                     \
  static formula name(struct statement *s, struct holdings *holdings)                                                              \
  {                                                                                                                                \
    (void)holdings;                                                                                                                \
    return statement_##name(s);                                                                                                    \
  }

WITHOUT_HOLDINGS(two_trips_online)
WITHOUT_HOLDINGS(two_trips_window)
WITHOUT_HOLDINGS(no_outcome)
WITHOUT_HOLDINGS(cycle)
WITHOUT_HOLDINGS(asked_twice)
WITHOUT_HOLDINGS(no_basis)
WITHOUT_HOLDINGS(over_limit)
WITHOUT_HOLDINGS(contradiction)
WITHOUT_HOLDINGS(undecided)

const struct property properties[] = {
    {"no-cycle", {"前置条件不成环", "no items wait for one another"}, 0, cycle, rerun_cycle},
    {"one-trip-online",
     {"网上申请最多跑一次", "at most one trip, applied for online"},
     CHANNEL_ONLINE,
     two_trips_online,
     rerun_two_trips_online},
    {"one-trip-window",
     {"窗口申请最多跑一次", "at most one trip, handed in at a window"},
     CHANNEL_WINDOW,
     two_trips_window,
     rerun_two_trips_window},
    {"outcome", {"人人有结果", "an outcome for every applicant"}, 0, no_outcome, rerun_no_outcome},
    {"no-dead-end", {"没有谁也交不出的材料", "no material that nobody can provide"}, 0, statement_dead_end, rerun_dead_end},
    {"asked-once", {"不重复要，已有的不要", "nothing asked twice"}, 0, asked_twice, rerun_asked_twice},
    {"basis", {"样样有依据", "a legal basis for everything"}, 0, no_basis, rerun_no_basis},
    {"limits", {"不超过法定时限", "within the limits of the law"}, 0, over_limit, rerun_over_limit},
    {"no-contradiction", {"结果不矛盾", "no two results that exclude each other"}, 0, contradiction, rerun_contradiction},
    {"one-decision", {"决策表有且只有一个结果", "tables that decide one thing, always"}, 0, undecided, rerun_undecided},
};
const size_t property_count = sizeof properties / sizeof *properties;

const struct property *property_named(const char *id)
{
  for (size_t i = 0; i < property_count; i++)
    if (strcmp(properties[i].id, id) == 0)
      return &properties[i];
  return NULL;
}

formula property_violation(const struct property *property, struct statement *s, struct holdings *holdings)
{
  formula violated = property->violated(s, holdings);
  if (!s->blueprint->circular || property->violated == cycle)
    return violated;
  return prover_and(s->prover, violated, prover_not(s->prover, statement_cycle(s)));
}
