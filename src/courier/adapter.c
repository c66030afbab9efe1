/*
 * The courier's system: orders go out, reports come in. Outlets run on the engine's delivery thread, one message after another;
 * each command has a key, so that a message that is delivered again does nothing again.
 */
#include <stdlib.h>
#include <string.h>

#include "courier/internal.h"
#include "gateway/delivery.h"

struct courier {
  struct courier_options options;
  struct delivering delivering;
  struct gateway *gateway;
};

void courier_open(const struct courier_options *options, struct courier **ret)
{
  struct courier *courier = calloc(1, sizeof *courier);
  if (!courier)
    abort();
  courier->options = *options;
  courier->delivering.store = options->store;
  if (options->url)
    gateway_open(options->url, options->secret, &courier->gateway);
  *ret = courier;
}

void courier_close(struct courier *courier)
{
  if (!courier)
    return;
  gateway_close(courier->gateway);
  free(courier);
}

void courier_serve(struct courier *courier, struct engine *engine)
{
  atomic_store(&courier->delivering.engine, engine);
}

static int run(struct courier *courier, const char *delivery_id, struct span body, delivery_work *work, struct error *error)
{
  return delivery_run(courier, &courier->delivering, delivery_id, body, work, error);
}

/*
 * A result of the case was issued: what is in no parcel yet goes into the one that is being packed. The message only says where
 * to look, so that one that comes twice, or late, puts nothing in twice and leaves nothing out.
 */
static int pack_case(struct delivery *job, struct error *error)
{
  struct casefile *c;
  struct parcel *list;
  const struct parcel *open = NULL;
  size_t n;
  if (casework_load(job->db, json_int(job->body, "case"), &job->arena, &c, error) ||
      courier_of_case(job->db, c->id, &job->arena, &list, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (list[i].state == PARCEL_PACKED)
      open = &list[i];
  json_t *data = parcel_packing(c, list, n);
  if (c->erased || (!open && !json_array_size(json_list(data, "contents")))) {
    json_decref(data);
    return 0;
  }
  int64_t id = open ? open->id : aggregate_id_from("courier", job->id);
  return delivery_tell(job->engine, &parcel_kind, id, "pack", "", data, NULL, error);
}

static int pack(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, pack_case, error);
}

/* Handed over at the window meanwhile, revoked, erased: it does not go any more. */
static bool still_wanted(const struct casefile *c, const char *item)
{
  for (size_t i = 0; i < c->item_count; i++)
    if (strcmp(c->items[i].item, item) == 0)
      return !c->erased && c->items[i].state == ITEM_ISSUED && *c->delivery_address;
  return false;
}

/* The numbers of what goes, with spaces between; "" where nothing does. */
static const char *contents_of(struct arena *arena, const struct casefile *c, const struct parcel *p)
{
  const char *text = "";
  for (size_t i = 0; i < p->count; i++)
    if (still_wanted(c, p->contents[i].item))
      text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", p->contents[i].result);
  return text;
}

static void put_order(struct delivery *job, const struct parcel *p, const struct casefile *c, const char *contents, struct buf *buf)
{
  const struct courier *courier = job->context;
  struct json_writer w = json_to(buf);
  json_begin_object(&w, NULL);
  json_put_str(&w, "order", arena_printf(&job->arena, "%lld-%d", (long long)p->id, p->attempt));
  json_put_str(&w, "callback", arena_printf(&job->arena, "%s/courier/reports", courier->options.site));
  json_put_str(&w, "contents", contents);
  json_begin_object(&w, "to");
  json_put_str(&w, "name", c->applicant);
  json_put_str(&w, "phone", c->phone);
  json_put_str(&w, "address", c->delivery_address);
  json_end(&w);
  json_end(&w);
}

/* 2xx with a tracking number: booked. Any other 4xx says for good that it is not taken: back to the desk. */
static int booked_or_refused(struct delivery *job, const struct parcel *p, const struct gateway_answer *answer, struct error *error)
{
  json_t *said = NULL;
  struct error why;
  const char *key = arena_printf(&job->arena, "book-%d", p->attempt);
  if (answer->status >= 400 && answer->status < 500 && answer->status != 408 && answer->status != 429)
    return delivery_tell(
        job->engine, &parcel_kind, p->id, "failed", key,
        json_pack("{s:s,s:s}", "tracking", "", "reason",
                  arena_printf(&job->arena, "快递公司未接单 / not taken by the courier (HTTP %d)", answer->status)),
        NULL, error);
  if (answer->status < 200 || answer->status > 299)
    return error_set(error, ERROR_BUSY, "courier", "快递系统答复 HTTP %d", "The courier's system answered HTTP %d", answer->status);
  if (json_read(answer->body, "answer", &said, &why) || !*json_str(said, "tracking")) {
    json_decref(said);
    return error_set(error, ERROR_BUSY, "courier", "快递系统没有给出单号", "The courier's system gave no tracking number");
  }
  int bad = delivery_tell(job->engine, &parcel_kind, p->id, "book", key,
                          json_pack("{s:s,s:i}", "tracking", json_str(said, "tracking"), "attempt", p->attempt), NULL, error);
  json_decref(said);
  return bad;
}

static int send_order(struct delivery *job, struct error *error)
{
  const struct courier *courier = job->context;
  struct parcel p;
  struct casefile *c;
  struct gateway_answer answer;
  struct buf buf;
  if (courier_get(job->db, json_int(job->body, "parcel"), &job->arena, &p, error))
    return -1;
  if (p.state != PARCEL_ORDERED || p.attempt != json_int(job->body, "attempt"))
    return 0;
  if (casework_load(job->db, p.case_id, &job->arena, &c, error))
    return -1;
  const char *contents = contents_of(&job->arena, c, &p);
  if (!*contents)
    return delivery_tell(job->engine, &parcel_kind, p.id, "failed", arena_printf(&job->arena, "unwanted-%d", p.attempt),
                         json_pack("{s:s,s:s}", "tracking", "", "reason", "该结果已不需邮寄 / it is no longer to be sent"), NULL,
                         error);
  buf_init(&buf, 16384);
  put_order(job, &p, c, contents, &buf);
  int bad = gateway_post(courier->gateway, "/orders", job->id, buf_view(&buf), &job->arena, &answer, error) ||
            booked_or_refused(job, &p, &answer, error);
  buf_release(&buf);
  return bad ? -1 : 0;
}

static int order_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, send_order, error);
}

/* Into the case, each result by itself; one that was handed over in another way meanwhile stays as it is. */
static int deliver_all(struct delivery *job, struct error *error)
{
  struct parcel p;
  if (courier_get(job->db, json_int(job->body, "parcel"), &job->arena, &p, error))
    return -1;
  for (size_t i = 0; i < p.count; i++) {
    struct error why = {0};
    const char *key = arena_printf(&job->arena, "courier-%lld-%zu", (long long)p.id, i);
    json_t *data = json_pack("{s:s,s:s,s:s}", "item", p.contents[i].item, "mode", "courier", "tracking", p.tracking);
    if (delivery_tell(job->engine, &casefile_kind, p.case_id, "deliver", key, data, NULL, &why) &&
        (why.code == ERROR_BUSY || why.code == ERROR_INTERNAL)) {
      *error = why;
      return -1;
    }
  }
  return 0;
}

static int parcel_done(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, deliver_all, error);
}

/* The case was erased: so is what the courier wrote about its parcels. Not sealed yet: it is tried again. */
static int erase_all(struct delivery *job, struct error *error)
{
  struct casefile *c;
  struct parcel *list;
  size_t n;
  if (casework_load(job->db, json_int(job->body, "case"), &job->arena, &c, error) ||
      courier_of_case(job->db, c->id, &job->arena, &list, &n, error))
    return -1;
  for (size_t i = 0; i < n && c->erased; i++)
    if (delivery_tell(job->engine, &parcel_kind, list[i].id, "erase", "", json_pack("{s:s}", "ground", c->ground), NULL, error))
      return -1;
  return 0;
}

static int case_erased(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, erase_all, error);
}

static int leave_to_desk(void *context, const char *delivery_id, struct span body, struct error *error)
{
  (void)context;
  (void)delivery_id;
  (void)body;
  (void)error;
  return 0;
}

size_t courier_outlets(struct courier *courier, struct outlet *ret)
{
  size_t n = 0;
  ret[n++] = (struct outlet){CASEWORK_ERASED, case_erased, courier};
  if (!courier->options.url) {
    ret[n++] = (struct outlet){CASEWORK_COURIER, leave_to_desk, courier};
    return n;
  }
  ret[n++] = (struct outlet){CASEWORK_COURIER, pack, courier};
  ret[n++] = (struct outlet){COURIER_ORDER, order_out, courier};
  ret[n++] = (struct outlet){COURIER_DONE, parcel_done, courier};
  return n;
}

/* ---- what the courier calls back ---- */

static bool report_state(const char *word)
{
  for (int s = PARCEL_PICKED_UP; s <= PARCEL_FAILED; s++)
    if (strcmp(parcel_state_words((enum parcel_state)s)->word, word) == 0)
      return true;
  return false;
}

static int do_reported(struct engine *engine, struct db *db, struct arena *arena, const json_t *said, bool *ret_repeated,
                       struct error *error)
{
  struct parcel p;
  struct outcome outcome;
  const char *state = json_str(said, "state"), *id = json_str(said, "id");
  if (!report_state(state) || !*id || strlen(id) > 60 || strlen(json_str(said, "reason")) > 400 ||
      strlen(json_str(said, "place")) > 400)
    return error_set(error, ERROR_BAD_INPUT, "bad-report",
                     "回报应含 id、tracking 和 state（picked-up、under-way、delivered、failed）",
                     "A report has id, tracking and state (picked-up, under-way, delivered, failed)");
  if (courier_by_tracking(db, span_of(json_str(said, "tracking")), arena, &p, error))
    return -1;
  if (delivery_tell(engine, &parcel_kind, p.id, arena_str(arena, state), arena_str(arena, id),
                    json_pack("{s:s,s:s,s:s}", "tracking", json_str(said, "tracking"), "place", json_str(said, "place"), "reason",
                              json_str(said, "reason")),
                    &outcome, error))
    return -1;
  *ret_repeated = outcome.repeated;
  return 0;
}

int courier_report(struct engine *engine, struct db *db, struct arena *arena, struct span secret, struct span seconds,
                   struct span signature, struct span body, moment now, bool *ret_repeated, struct error *error)
{
  json_t *said;
  if (gateway_check(secret, seconds, signature, body, now, error) || json_read(body, "report", &said, error))
    return -1;
  int bad = do_reported(engine, db, arena, said, ret_repeated, error);
  json_decref(said);
  return bad;
}
