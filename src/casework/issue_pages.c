/*
 * The issuing desk (统一出件): all results of a case together, and how they reach the applicant.
 */
#include <string.h>

#include "casework/desk_pages.h"
#include "casework/staff.h"
#include "templates_desk.h"

const struct input_option *issue_modes(struct request *rq, const struct case_item *it)
{
  struct input_option *list = arena_array(rq->arena, 4, sizeof *list);
  size_t n = 0;
  for (unsigned i = 0; staff_modes[i]; i++) /* in the order of enum delivery_set */
    if (!it->delivery || (it->delivery & 1u << i))
      list[n++] = (struct input_option){staff_modes[i], delivery_text(rq, staff_modes[i]), NULL};
  return list;
}

static int inbox(struct request *rq, struct error *error)
{
  struct staff_inbox list = {
      .base = "/issue", .title = tr(rq, "Issuing desk"), .lead = tr(rq, "Results to be issued and delivered, the oldest first.")};
  return staff_tasks(rq, "issuer", "", false, &list, error) ? -1 : staff_inbox_page(rq, &list, error);
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/issue", &f, error) ? -1 : web_page(rq, status, issue_case(rq, &f));
}

static int case_page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

/* Who picks up shows his card: the form asks for what the rules compare. */
static int check_pick_up(struct request *rq, struct error *error)
{
  struct casefile *c;
  int64_t id;
  const char *key = rq_str(rq, "form"), *identity = fname(rq, "identity", key);
  if (strcmp(rq_str(rq, "command"), "deliver") != 0 || strcmp(rq_str(rq, fname(rq, "mode", key)), "window") != 0 ||
      rq_has(rq, identity))
    return 0;
  if (staff_find(rq, &id, error) || casework_load(rq->db, id, rq->arena, &c, error))
    return -1;
  if (*c->id_number)
    web_field_error(rq, identity, tr(rq, "Read the last four characters from the card that is shown"));
  return 0;
}

static int action(struct request *rq, struct error *error)
{
  if (check_pick_up(rq, error))
    return -1;
  return staff_act(rq, "/issue", "issuer", show, error);
}

/* Each result is a command of its own: what was issued before one that fails stays issued, and the page shows both. */
static int issue_all(struct request *rq, struct error *error)
{
  static const struct as issuer = {"issuer", "web"};
  struct staff_file f;
  struct error why = {0};
  if (staff_read(rq, "/issue", &f, error))
    return -1;
  int expect = rq_has(rq, "version") ? (int)rq_int(rq, "version") : -1;
  for (size_t i = 0; i < f.c->item_count; i++) {
    if (f.c->items[i].state != ITEM_GRANTED)
      continue;
    if (staff_send(rq, f.c->id, expect, issuer, "issue", json_pack("{s:s}", "item", f.c->items[i].item),
                   arena_printf(rq->arena, "-%zu", i), NULL, &why))
      return staff_again(rq, &why, show, error);
    expect = -1;
  }
  return web_redirect(rq, 303, arena_printf(rq->arena, "%s?done=issue", f.link));
}

static const char *const actions[] = {"issue", "deliver", NULL};
static const struct parameter inbox_query[] = {
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "办件编号", .en = "case number"},
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {0}};
static const struct parameter number[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}};
static const struct parameter all_form[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"},
                                            {"version", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "版本", .en = "version"},
                                            {0}};
static const struct parameter action_form[] = {
    {"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"},
    {"version", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "版本", .en = "version"},
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = actions, .zh = "操作", .en = "command"},
    {0}};

const struct route issue_routes[] = {
    {METHOD_GET, "/issue", ROLE_ISSUER, inbox, 0, inbox_query, "待出件", "The issuing desk"},
    {METHOD_GET, "/issue/cases/{no}", ROLE_ISSUER, case_page, 0, number, "出件办件", "A case at the issuing desk"},
    {METHOD_POST, "/issue/cases/{no}/issue-all", ROLE_ISSUER, issue_all, 0, all_form},
    {METHOD_POST, "/issue/cases/{no}/{command}", ROLE_ISSUER, action, ROUTE_SHOWS_ERRORS, action_form},
    {0}};
