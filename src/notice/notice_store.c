#include <string.h>

#include "notice/internal.h"

const struct migration notice_migrations[] = {
    {"notice", 1,
     "CREATE TABLE notices (\n"
     "  id BIGKEY,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  event TEXT NOT NULL,\n"
     "  item TEXT NOT NULL,\n"
     "  at BIGINT NOT NULL,\n"
     "  email BIGINT NOT NULL,\n"
     "  sms BIGINT NOT NULL,\n"
     "  wechat BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX notices_case ON notices (case_id, at);\n"},
    {NULL},
};

static const struct sql put_notice = {"INSERT INTO notices (id, case_id, event, item, at, email, sms, wechat)"
                                      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET"
                                      " email = excluded.email, sms = excluded.sms, wechat = excluded.wechat"};
static const struct sql of_case = {
    "SELECT id, event, item, at, email, sms, wechat FROM notices WHERE case_id = $1 ORDER BY at DESC, id DESC LIMIT $2"};

static void send(struct rowset *rows, const char *topic, const struct told *t, const char *event)
{
  struct buf buf;
  buf_init(&buf, 4096);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_int(&w, "notice", t->id);
  if (*t->visit)
    json_put_str(&w, "visit", t->visit);
  else
    json_put_int(&w, "case", t->case_id);
  json_put_str(&w, "event", event);
  json_put_str(&w, "item", t->item);
  json_put_str(&w, "day", t->day);
  json_end(&w);
  rowset_send(rows, topic, buf_view(&buf));
  buf_release(&buf);
}

void notice_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct told *t = state;
  for (size_t i = 0; i < n; i++) {
    for (int c = 0; c < NOTICE_CHANNELS && strcmp(events[i].type, "told") == 0; c++)
      if (t->states[c] == NOTICE_QUEUED)
        send(rows, notice_topics[c], t, t->event);
  }
  if (t->case_id) /* the list of a case: of visits there is none */
    ROW_PUT(rows, &put_notice, V_INT(t->id), V_INT(t->case_id), V_STR(t->event), V_STR(t->item), V_INT(t->at),
            V_INT(t->states[NOTICE_EMAIL]), V_INT(t->states[NOTICE_SMS]), V_INT(t->states[NOTICE_WECHAT]));
}

/* A code that was drawn just now goes to the address; choosing again sends it again. */
void contact_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct contact *c = state;
  if (!n || strcmp(events[n - 1].type, "chosen") != 0 || !*c->email || !*c->code)
    return;
  struct buf buf;
  buf_init(&buf, 4096);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_str(&w, "email", c->email);
  json_put_str(&w, "code", c->code);
  json_end(&w);
  rowset_send(rows, NOTICE_CODE_TOPIC, buf_view(&buf));
  buf_release(&buf);
}

int notices_of_case(struct db *db, int64_t case_id, size_t max, struct arena *arena, struct notice_row **ret, size_t *ret_n,
                    struct error *error)
{
  struct rows rows;
  struct notice_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &of_case, &rows, error, V_INT(case_id), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct notice_row){.id = rows_int(&rows, 0),
                                    .event = rows_str(&rows, 1, arena),
                                    .item = rows_str(&rows, 2, arena),
                                    .at = rows_int(&rows, 3),
                                    .states = {(enum notice_state)rows_int(&rows, 4), (enum notice_state)rows_int(&rows, 5),
                                               (enum notice_state)rows_int(&rows, 6)}};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}
