/*
 * cover.c: what a zone's regional assessments make needless for a project inside: whole items, steps, materials.
 *
 * An assessment covers while it is valid on the day, and where the project keeps within what it allows: a bound may read the
 * indicators of the zone's valid assessments as «zone_» and the name. A bound that is unknown does not hold.
 */
#include "plan/passes.h"

#include <string.h>

const struct assessment *zone_assessment(const struct zone *zone, const char *kind)
{
  for (size_t i = 0; zone && kind && i < zone->assessment_count; i++)
    if (strcmp(zone->assessments[i].kind, kind) == 0)
      return &zone->assessments[i];
  return NULL;
}

/* The indicator that a name means, where it is valid on the day; NULL. */
static const struct indicator *indicator_of(const struct draft *draft, struct span name)
{
  const struct zone *zone = draft->plan->zone;
  struct span id = {name.p + 5, name.n - 5};
  for (size_t a = 0; zone && a < zone->assessment_count; a++)
    for (size_t i = 0; zone->assessments[a].valid_until >= draft->today && i < zone->assessments[a].indicator_count; i++)
      if (span_is(id, zone->assessments[a].indicators[i].id))
        return &zone->assessments[a].indicators[i];
  return NULL;
}

static struct feel_value indicator_value(const struct indicator *indicator)
{
  if (indicator->is_number)
    return (struct feel_value){.type = FEEL_NUMBER, .number = indicator->number};
  return (struct feel_value){.type = FEEL_STRING, .string = span_of(indicator->text)};
}

/* A feel_lookup over the answers and the indicators that are valid on the day. */
static struct feel_value bound_lookup(void *context, struct span name)
{
  const struct draft *draft = context;
  if (!span_starts(name, "zone_"))
    return answers_lookup((void *)&draft->plan->answers, name);
  const struct indicator *indicator = indicator_of(draft, name);
  return indicator ? indicator_value(indicator) : (struct feel_value){.type = FEEL_NULL};
}

const char *draft_bound_text(const struct draft *draft, struct span name)
{
  const struct indicator *indicator = span_starts(name, "zone_") ? indicator_of(draft, name) : NULL;
  return indicator ? indicator->text : NULL;
}

bool draft_covered(const struct draft *draft, const char *kind, const struct feel *within)
{
  const struct assessment *assessment = zone_assessment(draft->plan->zone, kind);
  if (!assessment || assessment->valid_until < draft->today)
    return false;
  return !within || FEEL_IS_TRUE(feel_eval(within, draft->arena, bound_lookup, (void *)draft));
}

bool draft_has_step(const struct draft *draft, const struct step *step)
{
  return draft_holds(draft, step->when) && !draft_covered(draft, step->covered_by, step->within);
}
