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

const struct property properties[] = {
    {"no-cycle", {"前置条件不成环", "no items wait for one another"}, cycle, rerun_cycle},
    {"one-trip-online", {"网上申请最多跑一次", "at most one trip, applied for online"}, two_trips_online, rerun_two_trips_online},
    {"one-trip-window",
     {"窗口申请最多跑一次", "at most one trip, handed in at a window"},
     two_trips_window,
     rerun_two_trips_window},
    {"outcome", {"人人有结果", "an outcome for every applicant"}, no_outcome, rerun_no_outcome},
    {"no-dead-end", {"没有谁也交不出的材料", "no material that nobody can provide"}, statement_dead_end, rerun_dead_end},
    {"asked-once", {"不重复要，已有的不要", "nothing asked twice"}, asked_twice, rerun_asked_twice},
    {"basis", {"样样有依据", "a legal basis for everything"}, no_basis, rerun_no_basis},
    {"limits", {"不超过法定时限", "within the limits of the law"}, over_limit, rerun_over_limit},
    {"no-contradiction", {"结果不矛盾", "no two results that exclude each other"}, contradiction, rerun_contradiction},
};
const size_t property_count = sizeof properties / sizeof *properties;

const struct property *property_named(const char *id)
{
  for (size_t i = 0; i < property_count; i++)
    if (strcmp(properties[i].id, id) == 0)
      return &properties[i];
  return NULL;
}
