/* plan_json.c: the stored and published shape of a plan; docs/plan.md says what every member means. */
#include "plan/package.h"

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_basis(struct json_writer *w, const struct basis *basis)
{
  json_put_str(w, "law", basis ? basis->law : NULL);
  json_put_str(w, "article", basis ? basis->article : NULL);
}

static int item_index(const struct plan *plan, const struct item *item)
{
  for (size_t i = 0; i < plan->item_count; i++)
    if (plan->items[i].item == item)
      return (int)i;
  return -1;
}

static void put_reasons(const struct plan *plan, struct json_writer *w, const struct reason *reasons, size_t n)
{
  json_begin_array(w, "for");
  for (size_t r = 0; r < n; r++) {
    json_begin_object(w, NULL);
    json_put_int(w, "item", item_index(plan, reasons[r].item));
    put_basis(w, reasons[r].basis);
    json_put_str(w, "when", reasons[r].condition);
    json_end(w);
  }
  json_end(w);
}

static void put_head(const struct plan *plan, struct json_writer *w)
{
  json_put_str(w, "thing", plan->thing->id);
  put_words(w, "name", plan->thing->name);
  json_put_str(w, "catalog", plan->catalog->version.hex);
  json_put_str(w, "lead", plan->thing->lead->id);
  json_begin_object(w, "answers");
  for (size_t i = 0; i < plan->answers.n; i++)
    json_put_str(w, plan->answers.list[i].question, plan->answers.list[i].text);
  json_end(w);
  json_put_str(w, "zone", plan->zone ? plan->zone->id : NULL);
  json_put_int(w, "days", plan->days);
  json_put_int(w, "serial", plan->days_serial);
  json_put_int(w, "statutory", plan->statutory);
  json_put_int(w, "days_with_services", plan->days_with_services);
  json_put_int(w, "serial_services", plan->services_serial);
  json_begin_object(w, "trips");
  json_put_int(w, "online", plan->trips_online);
  json_put_int(w, "window", plan->trips_window);
  json_end(w);
}

static void put_agencies(const struct plan *plan, struct json_writer *w)
{
  json_begin_array(w, "agencies");
  for (size_t i = 0; i < plan->agency_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "agency", plan->agencies[i]->id);
    put_words(w, "name", plan->agencies[i]->name);
    json_put_str(w, "short", plan->agencies[i]->abbreviation);
    json_end(w);
  }
  json_end(w);
}

static const char *kind_id(enum item_kind kind)
{
  static const char *const ids[] = {
      [ITEM_LICENCE] = "licence",       [ITEM_CONFIRMATION] = "confirmation", [ITEM_BENEFIT] = "benefit",
      [ITEM_REWARD] = "reward",         [ITEM_ADJUDICATION] = "adjudication", [ITEM_LEVY] = "levy",
      [ITEM_INSPECTION] = "inspection", [ITEM_OTHER_POWER] = "other-power",   [ITEM_PUBLIC_SERVICE] = "public-service"};
  return ids[kind];
}

/* The name of a document stands in the dictionary of materials; one nobody asks for is the item's own paper. */
static struct words result_name(const struct plan *plan, const struct item *item)
{
  if (item->result)
    return item->result->name;
  const struct material *document = item->document ? catalog_material(plan->catalog, span_of(item->document)) : NULL;
  return document ? document->name : (struct words){.zh = "办理结果", .en = "outcome"};
}

static void put_delivery(struct json_writer *w, unsigned delivery)
{
  static const struct {
    unsigned bit;
    const char *id;
  } ways[] = {{DELIVERY_E_CERTIFICATE, "e-certificate"}, {DELIVERY_COURIER, "courier"}, {DELIVERY_WINDOW, "window"}};
  json_begin_array(w, "delivery");
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (delivery & ways[i].bit)
      json_put_str(w, NULL, ways[i].id);
  json_end(w);
}

static void put_result(const struct plan *plan, struct json_writer *w, const struct item *item)
{
  json_begin_object(w, "result");
  json_put_str(w, "certificate", item->result ? item->result->id : NULL);
  json_put_str(w, "document", item->result ? NULL : item->document);
  put_words(w, "name", result_name(plan, item));
  json_put_int(w, "valid_months", item->valid_months);
  json_end(w);
  put_delivery(w, item->delivery);
  json_begin_array(w, "basis");
  for (size_t b = 0; b < item->basis_count; b++) {
    json_begin_object(w, NULL);
    put_basis(w, &item->basis[b]);
    json_end(w);
  }
  json_end(w);
}

static void put_follow_up(struct json_writer *w, const struct item *item)
{
  if (!item->follow_up_by)
    return;
  json_begin_object(w, "follow-up");
  json_put_str(w, "by", item->follow_up_by->id);
  json_put_int(w, "within", item->follow_up_within);
  put_words(w, "what", item->follow_up);
  json_end(w);
}

static void put_item(const struct plan *plan, struct json_writer *w, const struct plan_item *line)
{
  const struct item *item = line->item;
  int kind = item_kind_code(item->kind);
  const char code[] = {(char)('0' + kind / 10 % 10), (char)('0' + kind % 10), '\0'}; /* two digits, as the standard lists it */
  json_begin_object(w, NULL);
  json_put_str(w, "item", item->id);
  put_words(w, "name", item->name);
  json_put_str(w, "agency", line->agency->id);
  json_put_str(w, "code", item->implementation_code);
  json_put_str(w, "kind", kind_id(item->kind));
  json_put_str(w, "kind_code", code);
  json_put_bool(w, "instant", item->instant);
  json_put_int(w, "statutory", item->statutory);
  json_put_int(w, "promised", item->promised);
  json_begin_array(w, "needs");
  for (size_t i = 0; i < line->need_count; i++)
    json_put_int(w, NULL, line->needs[i]);
  json_end(w);
  json_put_int(w, "start", line->start);
  json_put_int(w, "end", line->end);
  put_result(plan, w, item);
  json_put_str(w, "when", line->condition);
  if (line->stage)
    json_put_int(w, "stage", line->stage);
  put_follow_up(w, item);
  json_end(w);
}

/* The longest work of an intermediary that a wanting item names before the material exists. */
static void put_intermediary(struct json_writer *w, const struct plan_material *line)
{
  const struct item_material *found = NULL;
  for (size_t r = 0; r < line->reason_count; r++)
    for (size_t m = 0; m < line->reasons[r].item->material_count; m++) {
      const struct item_material *ask = &line->reasons[r].item->materials[m];
      if (ask->material == line->material && ask->intermediary.zh && (!found || ask->intermediary_days > found->intermediary_days))
        found = ask;
    }
  if (!found || line->source != PLAN_UPLOAD)
    return;
  json_begin_object(w, "intermediary");
  put_words(w, "service", found->intermediary);
  json_put_int(w, "takes", found->intermediary_days);
  json_end(w);
}

static const char *source_id(enum plan_source source)
{
  static const char *const ids[] = {
      [PLAN_UPLOAD] = "upload", [PLAN_FORM] = "form", [PLAN_FETCH] = "fetch", [PLAN_RESULT] = "result", [PLAN_ZONE] = "zone"};
  return ids[source];
}

static void put_material(const struct plan *plan, struct json_writer *w, const struct plan_material *line)
{
  json_begin_object(w, NULL);
  json_put_str(w, "material", line->material->id);
  put_words(w, "name", line->material->name);
  json_put_str(w, "kind", line->material->kind);
  json_put_str(w, "source", source_id(line->source));
  json_put_int(w, "producer", line->producer);
  json_put_str(w, "holder", line->material->holder ? line->material->holder->id : NULL);
  json_put_int(w, "defer", line->defer);
  if (line->assessment)
    json_put_str(w, "assessment", line->assessment);
  put_intermediary(w, line);
  put_reasons(plan, w, line->reasons, line->reason_count);
  json_end(w);
}

static const char *type_id(enum field_type type)
{
  static const char *const ids[] = {[FIELD_TEXT] = "text",
                                    [FIELD_NUMBER] = "number",
                                    [FIELD_DATE] = "date",
                                    [FIELD_CHOICE] = "choice",
                                    [FIELD_BOOLEAN] = "boolean"};
  return ids[type];
}

static void put_field(const struct plan *plan, struct json_writer *w, const struct plan_field *line)
{
  json_begin_object(w, NULL);
  json_put_str(w, "field", line->field->id);
  put_words(w, "name", line->field->name);
  json_put_str(w, "type", type_id(line->field->type));
  json_put_str(w, "unit", line->field->unit);
  json_put_str(w, "group", form_group_id(line->field->group));
  if (line->field->prefill)
    json_put_str(w, "prefill", line->field->prefill);
  put_reasons(plan, w, line->reasons, line->reason_count);
  json_end(w);
}

static void put_step(struct json_writer *w, const struct plan_step *step)
{
  json_begin_object(w, NULL);
  json_put_int(w, "item", step->item);
  json_put_str(w, "step", step->step);
  put_words(w, "name", step_words(step->step));
  json_put_str(w, "agency", step->agency->id);
  json_put_bool(w, "assist", step->assist);
  json_put_bool(w, "excluded", step->clock_excluded);
  json_put_int(w, "takes", step->takes);
  json_put_int(w, "start", step->start);
  json_put_int(w, "end", step->end);
  json_put_int(w, "visit", step->visit);
  json_put_bool(w, "critical", step->critical);
  json_put_str(w, "when", step->condition);
  if (step->of && step->of->silent_after) {
    json_begin_object(w, "silent");
    json_put_int(w, "days", step->of->silent_after);
    json_put_str(w, "law", step->of->silent_law);
    json_put_str(w, "article", step->of->silent_article);
    json_end(w);
  }
  json_end(w);
}

static void put_visit(const struct plan *plan, struct json_writer *w, size_t v)
{
  const struct plan_visit *visit = &plan->visits[v];
  const char *step = visit->key;
  for (size_t s = plan->step_count; s-- > 0;)
    if (plan->steps[s].visit == (int)v)
      step = plan->steps[s].step;
  json_begin_object(w, NULL);
  json_put_str(w, "key", visit->key);
  put_words(w, "name", step_words(step));
  json_put_int(w, "start", visit->start);
  json_put_int(w, "end", visit->end);
  json_begin_array(w, "agencies");
  for (size_t a = 0; a < visit->agency_count; a++)
    json_put_str(w, NULL, visit->agencies[a]->id);
  json_end(w);
  json_begin_array(w, "steps");
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].visit == (int)v)
      json_put_int(w, NULL, (int)s);
  json_end(w);
  json_end(w);
}

static const char *why_id(enum presence_why why)
{
  static const char *const ids[] = {[WHY_IDENTITY] = "identity",
                                    [WHY_ORIGINAL] = "original",
                                    [WHY_SIGNATURE] = "signature",
                                    [WHY_EXAMINATION] = "examination",
                                    [WHY_PICK_UP] = "pick-up"};
  return ids[why];
}

static void put_presence(struct json_writer *w, const struct plan_presence *presence)
{
  json_begin_object(w, NULL);
  json_put_str(w, "why", why_id(presence->why));
  put_words(w, "name", presence_words(presence->why));
  json_put_int(w, "item", presence->item);
  put_basis(w, presence->basis);
  json_put_int(w, "trip", presence->trip);
  json_put_int(w, "at", presence->at);
  json_end(w);
}

static void put_covered(struct json_writer *w, const struct plan_covered *covered)
{
  json_begin_object(w, NULL);
  json_put_str(w, "item", covered->item->id);
  put_words(w, "name", covered->item->name);
  json_put_str(w, "assessment", covered->assessment);
  json_put_int(w, "promised", covered->saved);
  json_end(w);
}

static void put_service(const struct plan *plan, struct json_writer *w, const struct plan_service *service)
{
  json_begin_object(w, NULL);
  put_words(w, "name", service->name);
  json_put_int(w, "item", service->item);
  json_put_str(w, "material", plan->materials[service->material].material->id);
  json_put_str(w, "before", service->before);
  json_put_int(w, "takes", service->takes);
  json_put_int(w, "start", service->start);
  json_put_int(w, "end", service->end);
  json_end(w);
}

static void put_stage(struct json_writer *w, const struct plan_stage *stage)
{
  json_begin_object(w, NULL);
  json_put_int(w, "stage", stage->stage);
  put_words(w, "name", stage_words(stage->stage));
  json_put_int(w, "items", stage->items);
  json_put_int(w, "fields", stage->fields);
  json_put_int(w, "materials", stage->materials);
  json_put_int(w, "start", stage->start);
  json_put_int(w, "end", stage->end);
  json_put_int(w, "statutory", stage->statutory);
  json_begin_object(w, "trips");
  json_put_int(w, "online", stage->trips_online);
  json_put_int(w, "window", stage->trips_window);
  json_end(w);
  json_end(w);
}

/* What only an investment project has; members that were not there before, so a plan without them is as it was. */
static void put_project(const struct plan *plan, struct json_writer *w)
{
  json_begin_array(w, "covered");
  for (size_t i = 0; i < plan->covered_count; i++)
    put_covered(w, &plan->covered[i]);
  json_end(w);
  json_begin_array(w, "services");
  for (size_t i = 0; i < plan->service_count; i++)
    put_service(plan, w, &plan->services[i]);
  json_end(w);
  json_begin_array(w, "stages");
  for (size_t i = 0; i < plan->stage_count && plan->stages[0].stage; i++)
    put_stage(w, &plan->stages[i]);
  json_end(w);
  if (!plan->zone)
    return;
  json_begin_object(w, "saved");
  json_put_int(w, "approval", plan->saved.approval);
  json_put_int(w, "services", plan->saved.services);
  json_put_int(w, "days", plan->saved.days);
  json_put_int(w, "days_with_services", plan->saved.days_with_services);
  json_put_int(w, "items", plan->saved.items);
  json_put_int(w, "materials", plan->saved.materials);
  json_end(w);
}

static void put_tally(struct json_writer *w, const char *key, const struct plan_tally *tally)
{
  json_begin_object(w, key);
  json_put_int(w, "fields", tally->forms_fields);
  json_put_int(w, "materials", tally->materials);
  json_put_int(w, "agencies", tally->agencies);
  json_put_int(w, "steps", tally->steps);
  json_put_int(w, "days", tally->days);
  json_put_int(w, "trips", tally->trips);
  json_end(w);
}

static void put_site(struct json_writer *w, const struct plan_site *site)
{
  json_begin_object(w, NULL);
  json_put_str(w, "name", site->name);
  json_put_num(w, "longitude", site->longitude);
  json_put_num(w, "latitude", site->latitude);
  json_end(w);
}

/* Indexes of what is once for all projects; all else is once for each. */
static void put_once(struct json_writer *w, const char *key, const bool *once, size_t n)
{
  json_begin_array(w, key);
  for (size_t i = 0; i < n; i++)
    if (once[i])
      json_put_int(w, NULL, (int)i);
  json_end(w);
}

static void put_package(const struct plan *plan, struct json_writer *w)
{
  const struct plan_package *package = plan->package;
  if (!package)
    return;
  json_begin_object(w, "package");
  json_begin_array(w, "sites");
  for (size_t i = 0; i < package->n; i++)
    put_site(w, &package->sites[i]);
  json_end(w);
  json_begin_object(w, "once");
  put_once(w, "items", package->item_once, plan->item_count);
  put_once(w, "materials", package->material_once, plan->material_count);
  put_once(w, "fields", package->field_once, plan->field_count);
  json_end(w);
  put_tally(w, "before", &package->before);
  put_tally(w, "after", &package->after);
  json_end(w);
}

void plan_json(const struct plan *plan, struct json_writer *w, const char *key)
{
  json_begin_object(w, key);
  put_head(plan, w);
  put_agencies(plan, w);
  json_begin_array(w, "items");
  for (size_t i = 0; i < plan->item_count; i++)
    put_item(plan, w, &plan->items[i]);
  json_end(w);
  json_begin_array(w, "materials");
  for (size_t i = 0; i < plan->material_count; i++)
    put_material(plan, w, &plan->materials[i]);
  json_end(w);
  json_begin_array(w, "fields");
  for (size_t i = 0; i < plan->field_count; i++)
    put_field(plan, w, &plan->fields[i]);
  json_end(w);
  json_begin_array(w, "steps");
  for (size_t i = 0; i < plan->step_count; i++)
    put_step(w, &plan->steps[i]);
  json_end(w);
  json_begin_array(w, "visits");
  for (size_t i = 0; i < plan->visit_count; i++)
    put_visit(plan, w, i);
  json_end(w);
  json_begin_array(w, "presences");
  for (size_t i = 0; i < plan->presence_count; i++)
    put_presence(w, &plan->presences[i]);
  json_end(w);
  put_project(plan, w);
  put_tally(w, "before", &plan->before);
  put_tally(w, "after", &plan->after);
  put_package(plan, w);
  json_end(w);
}
