#include "history/history.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"

#define FLIGHTS ((size_t)1024)          /* commands under way at once … */
#define FLIGHT_BYTES ((size_t)32 << 20) /* … and bytes of their texts */
#define ACTOR_MAX ((size_t)200)         /* of a resource or group; the attribute keeps it whole */
#define JSON_GROWTH 6                   /* bytes of JSON for one of text, at most */
#define PROGRESS_EVERY 2000             /* steps */
#define SPOOL_DEFAULT (INT64_C(16) << 30)

/* One command on its way; what it points to must live until it is answered. */
struct flight {
  struct import *import;
  struct flight *next; /* free */
  struct command command;
  size_t bytes;
  char actor[ACTOR_MAX + 16], agency[ACTOR_MAX + 16], key[24];
};

struct import {
  const struct history_import *what;
  struct engine *engine;
  int pass;

  /* what is being read */
  char *log_name; /* identity of the log: its name, or its content's digest */
  int64_t log;
  struct digest digest; /* of everything read so far */
  int64_t traces, steps;
  json_t *header;    /* after pass 1 */
  struct span title; /* the log's own name; empty where it has none */
  struct arena arena;

  /* the trace being read in pass 2 */
  json_t *opening; /* its first command, until the time of the first step is known */
  int64_t trace;
  int64_t in_trace; /* steps */
  moment last;

  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t landed;
  struct flight *free, *all;
  size_t in_flight, bytes;
  int64_t added, repeated;
  bool failed;
  struct error error;
};

/* Adds what was read to the digest of the log; how many bytes it takes. */
static size_t take_in(const json_t *value, struct import *im, char tag)
{
  char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  if (!text)
    abort();
  struct span all = span_of(text);
  struct span parts[] = {{(const char *)im->digest.b, DIGEST_BYTES}, {&tag, 1}, all};
  im->digest = sha256_parts(parts, 3);
  free(text);
  return all.n;
}

/* ---- what the reader finds, as data of commands ---- */

static const char *text_of(const struct xes_attributes *attributes, const char *key)
{
  const struct xes_attribute *found = xes_find(attributes, key);
  return found && found->value ? found->value : "";
}

/* A key that decides what a step is may stand there once. */
static int once(const struct xes_attributes *attributes, const char *key, struct error *error)
{
  size_t n = 0;
  for (size_t i = 0; i < attributes->n; i++)
    n += attributes->list[i].type != XES_VALUES && strcmp(attributes->list[i].key, key) == 0;
  if (n > 1)
    return error_set(error, ERROR_BAD_INPUT, "xes-attribute", "%s 出现了 %zu 次，应只有一次",
                     "%s is there %zu times, and must be there once", key, n);
  return 0;
}

/* The time of a step; *ret stays as it is where the step has none. */
static int time_of(const struct xes_attributes *event, moment *ret, struct error *error)
{
  const struct xes_attribute *time = xes_find(event, "time:timestamp");
  if (!time)
    return 0;
  if (time->type != XES_DATE || !xes_moment(span_of(time->value), ret))
    return error_set(error, ERROR_BAD_INPUT, "xes-value",
                     "步骤的 time:timestamp 必须是带时区的日期（date），如 2011-10-11T13:45:40.276+02:00",
                     "a step's time:timestamp must be a date with an offset, as 2011-10-11T13:45:40.276+02:00");
  return 0;
}

static int check_event(const struct xes_attributes *event, moment *at, struct error *error)
{
  static const char *const keys[] = {"concept:name", "time:timestamp", "lifecycle:transition", "org:resource", "org:group"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (once(event, keys[i], error))
      return -1;
  return time_of(event, at, error);
}

static json_t *step_json(const struct xes_attributes *event)
{
  json_t *data = json_object();
  json_object_set_new(data, "activity", json_string(text_of(event, "concept:name")));
  json_object_set_new(data, "lifecycle", json_string(text_of(event, "lifecycle:transition")));
  json_object_set_new(data, "attributes", history_attributes_json(event));
  return data;
}

static json_t *trace_json(const struct import *im, const struct xes_attributes *trace)
{
  json_t *data = json_object();
  json_object_set_new(data, "log", json_integer(im->log));
  json_object_set_new(data, "position", json_integer(im->traces));
  json_object_set_new(data, "name", json_string(text_of(trace, "concept:name")));
  json_object_set_new(data, "attributes", history_attributes_json(trace));
  return data;
}

static void tell_progress(struct import *im)
{
  if (im->what->progress && im->steps % PROGRESS_EVERY == 0)
    im->what->progress(im->what->context, im->pass, im->traces, im->steps);
}

/* ---- pass 1: everything is read, nothing sent ---- */

/* What the engine would refuse half way must be refused here. */
static int fits(size_t bytes, struct error *error)
{
  if (bytes <= HISTORY_BODY_MAX)
    return 0;
  return error_set(error, ERROR_TOO_LARGE, "xes-large", "一个步骤、轨迹或日志头过大：最多 %zu 字节",
                   "an event, a trace's attributes or the header is too large: at most %zu bytes", HISTORY_BODY_MAX);
}

static int check_log(void *context, const struct xes_log *log, struct error *error)
{
  struct import *im = context;
  const struct xes_attribute *name = xes_log_find(log, "concept:name");
  if (name && name->value)
    im->title = arena_span(&im->arena, span_of(name->value));
  im->header = history_header_json(log);
  return fits(take_in(im->header, im, 'L') + JSON_GROWTH * im->title.n, error);
}

static int check_trace(void *context, const struct xes_attributes *trace, struct error *error)
{
  struct import *im = context;
  if (once(trace, "concept:name", error))
    return -1;
  json_t *data = history_attributes_json(trace);
  size_t bytes = take_in(data, im, 'T') + JSON_GROWTH * strlen(text_of(trace, "concept:name"));
  json_decref(data);
  im->traces++;
  im->in_trace = 0;
  return fits(bytes, error);
}

static int check_step(void *context, const struct xes_attributes *event, struct error *error)
{
  struct import *im = context;
  moment at = 0;
  if (check_event(event, &at, error))
    return -1;
  json_t *data = step_json(event);
  size_t bytes = take_in(data, im, 'E');
  json_decref(data);
  im->steps++;
  tell_progress(im);
  if (++im->in_trace > HISTORY_STEPS_MAX)
    return error_set(error, ERROR_TOO_LARGE, "xes-large", "一条轨迹的步骤过多：最多 %d 步",
                     "a trace has too many steps: at most %d", HISTORY_STEPS_MAX);
  return fits(bytes, error);
}

/* ---- flights ---- */

static void on_landed(void *context, const struct outcome *outcome, const struct error *error)
{
  struct flight *flight = context;
  struct import *im = flight->import;
  json_decref(flight->command.data); /* no other thread holds this one */
  pthread_mutex_lock(&im->lock);
  if (error && !im->failed) {
    im->failed = true;
    im->error = *error;
  }
  if (!error && outcome->repeated)
    im->repeated++;
  else if (!error)
    im->added++;
  im->in_flight--;
  im->bytes -= flight->bytes;
  flight->next = im->free;
  im->free = flight;
  pthread_cond_signal(&im->landed);
  pthread_mutex_unlock(&im->lock);
}

/* A free flight once there is room for its bytes; NULL where a command has failed. */
static struct flight *take_flight(struct import *im, size_t bytes, struct error *error)
{
  pthread_mutex_lock(&im->lock);
  while (!im->failed && im->in_flight > 0 && (!im->free || im->bytes + bytes > FLIGHT_BYTES))
    (void)pthread_cond_wait(&im->landed, &im->lock);
  struct flight *flight = NULL;
  if (im->failed) {
    *error = im->error;
  } else {
    flight = im->free;
    im->free = flight->next;
    im->in_flight++;
    im->bytes += bytes;
    flight->bytes = bytes;
  }
  pthread_mutex_unlock(&im->lock);
  return flight;
}

/* A flight that never left: the import fails for that reason. */
static void give_back(struct import *im, struct flight *flight, const struct error *why)
{
  pthread_mutex_lock(&im->lock);
  if (!im->failed)
    im->error = *why;
  im->failed = true;
  im->in_flight--;
  im->bytes -= flight->bytes;
  flight->next = im->free;
  im->free = flight;
  pthread_mutex_unlock(&im->lock);
}

/* Waits until one of those under way is answered; false when none is. */
static bool wait_for_one(struct import *im, size_t but)
{
  pthread_mutex_lock(&im->lock);
  size_t before = im->in_flight;
  bool any = before > but;
  while (any && im->in_flight >= before)
    (void)pthread_cond_wait(&im->landed, &im->lock);
  pthread_mutex_unlock(&im->lock);
  return any;
}

static int land_all(struct import *im, struct error *error)
{
  pthread_mutex_lock(&im->lock);
  while (im->in_flight > 0)
    (void)pthread_cond_wait(&im->landed, &im->lock);
  bool failed = im->failed;
  if (failed && error)
    *error = im->error;
  pthread_mutex_unlock(&im->lock);
  return failed ? -1 : 0;
}

/* The engine's queue may be full for a moment: then somebody's answer makes room. */
static int launch(struct import *im, struct flight *flight, struct error *error)
{
  struct error why;
  while (engine_submit(im->engine, &flight->command, on_landed, flight, &why)) {
    if (why.code == ERROR_BUSY && strcmp(why.name, "queue-full") == 0 && wait_for_one(im, 1))
      continue;
    give_back(im, flight, &why);
    *error = why;
    return -1;
  }
  return 0;
}

/* Sends one command about the trace being read; takes over data. */
static int send(struct import *im, const char *type, int64_t number, moment at, const struct xes_attributes *who, json_t *data,
                size_t bytes, struct error *error)
{
  struct flight *flight = take_flight(im, bytes, error);
  if (!flight) {
    json_decref(data);
    return -1;
  }
  struct span resource = text_head(span_of(who ? text_of(who, "org:resource") : ""), ACTOR_MAX);
  struct span group = text_head(span_of(who ? text_of(who, "org:group") : ""), ACTOR_MAX);
  (void)snprintf(flight->actor, sizeof flight->actor, "history:%.*s", (int)resource.n, resource.p);
  (void)snprintf(flight->agency, sizeof flight->agency, group.n ? "history:%.*s" : "%.*s", (int)group.n, group.p);
  (void)snprintf(flight->key, sizeof flight->key, "%" PRId64, number);
  flight->command = (struct command){
      .kind = &history_kind,
      .id = im->trace,
      .expect = (int)number,
      .type = type,
      .key = flight->key,
      .actor = {flight->actor, "history", flight->agency, "import"},
      .at = at,
      .data = data,
  };
  if (launch(im, flight, error)) {
    json_decref(data);
    return -1;
  }
  return 0;
}

/* ---- pass 2: everything is sent ---- */

static int send_log(void *context, const struct xes_log *log, struct error *error)
{
  struct import *im = context;
  (void)error;
  json_t *header = history_header_json(log);
  (void)take_in(header, im, 'L');
  json_decref(header);
  return 0;
}

/* The trace's first command waits for its first step, whose time it takes. */
static int hold_trace(void *context, const struct xes_attributes *trace, struct error *error)
{
  struct import *im = context;
  (void)error;
  json_t *attributes = history_attributes_json(trace);
  (void)take_in(attributes, im, 'T');
  json_decref(attributes);
  im->opening = trace_json(im, trace);
  char *identity = NULL;
  if (asprintf(&identity, "%s\n%s\n%" PRId64, im->log_name, text_of(trace, "concept:name"), im->traces) < 0)
    abort();
  im->trace = aggregate_id_from("history", identity);
  free(identity);
  im->in_trace = 0;
  im->last = 0;
  im->traces++;
  return 0;
}

static int send_opening(struct import *im, moment at, struct error *error)
{
  if (!im->opening)
    return 0;
  json_t *data = im->opening;
  im->opening = NULL;
  char *text = json_dumps(data, JSON_COMPACT);
  size_t bytes = text ? strlen(text) : 0;
  free(text);
  return send(im, "open", 0, at, NULL, data, bytes, error);
}

static int send_step(void *context, const struct xes_attributes *event, struct error *error)
{
  struct import *im = context;
  if (check_event(event, &im->last, error) || send_opening(im, im->last, error))
    return -1;
  json_t *data = step_json(event);
  size_t bytes = take_in(data, im, 'E');
  im->in_trace++;
  im->steps++;
  tell_progress(im);
  return send(im, "step", im->in_trace, im->last, event, data, bytes, error);
}

static int send_trace_end(void *context, struct error *error)
{
  struct import *im = context;
  return send_opening(im, 0, error);
}

/* ---- the whole ---- */

/* What cannot be read twice is copied to a file that nobody else sees. Returns a descriptor to be closed, or -1. */
static int spool(int fd, int64_t max, const char *path, struct error *error)
{
  FILE *copy = tmpfile();
  int kept_fd = copy ? dup(fileno(copy)) : -1;
  int64_t total = 0;
  char chunk[65536];
  struct xes_source source = xes_from_fd(&fd);
  ssize_t got = kept_fd < 0 ? -1 : 1;
  while (got > 0 && total <= max) {
    got = source.read(source.context, chunk, sizeof chunk);
    total += got > 0 ? got : 0;
    if (got > 0 && fwrite(chunk, 1, (size_t)got, copy) != (size_t)got)
      got = -1;
  }
  if (got >= 0 && total <= max && fflush(copy) != 0)
    got = -1;
  int why = errno;
  if (copy)
    (void)fclose(copy);
  if (got >= 0 && total <= max)
    return kept_fd;
  if (kept_fd >= 0)
    (void)close(kept_fd);
  if (got < 0)
    (void)error_set(error, ERROR_INTERNAL, "xes-unreadable", "读不出日志文件：%s", "the log cannot be read: %s", strerror(why));
  else
    (void)error_set(error, ERROR_TOO_LARGE, "xes-large", "日志超过 %" PRId64 " 字节的上限：确需导入时用 --limit-bytes 提高",
                    "the log is over the limit of %" PRId64 " bytes: raise it with --limit-bytes if the log is to be trusted", max);
  return error_at(error, "%s", path);
}

static int read_pass(struct import *im, int fd, int pass, const struct xes_handler *handler, struct error *error)
{
  if (lseek(fd, 0, SEEK_SET) != 0)
    return error_set(error, ERROR_INTERNAL, "xes-unreadable", "读不出日志文件：%s", "the log cannot be read: %s", strerror(errno));
  im->pass = pass;
  im->digest = (struct digest){{0}};
  im->traces = im->steps = 0;
  return xes_read(xes_from_fd(&fd), im->what->path, &im->what->limits, handler, error);
}

static struct span base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  struct span name = span_of(slash ? slash + 1 : path);
  static const char *const endings[] = {".gz", ".xes"};
  for (size_t i = 0; i < 2; i++) {
    size_t n = strlen(endings[i]);
    if (name.n > n && memcmp(name.p + name.n - n, endings[i], n) == 0)
      name.n -= n;
  }
  return text_utf8(name) ? name : SPAN("log");
}

/* The name the log is kept under, for people, and what its ids derive from. */
static const char *name_log(struct import *im, const char *hex)
{
  struct span given = im->what->name ? span_of(im->what->name) : im->title;
  if (given.n > 0)
    im->log_name = arena_dup(&im->arena, given);
  else
    im->log_name = arena_printf(&im->arena, "sha256:%s", hex);
  im->log = aggregate_id_from("history-log", im->log_name);
  return given.n > 0 ? im->log_name : arena_dup(&im->arena, base_name(im->what->path));
}

static int do_log(struct import *im, const char *type, const char *key, json_t *data, struct error *error)
{
  struct command command = {
      .kind = &history_log_kind,
      .id = im->log,
      .expect = -1,
      .type = type,
      .key = key,
      .actor = {"system", "history", "", "import"},
      .data = data,
  };
  struct outcome outcome;
  int rc = engine_do(im->engine, &command, &outcome, error);
  json_decref(data);
  if (rc)
    return -1;
  im->repeated += outcome.repeated;
  im->added += !outcome.repeated;
  return 0;
}

static int open_log(struct import *im, const char *name, const char *hex, struct error *error)
{
  json_t *data = json_object();
  json_object_set_new(data, "name", json_string(name));
  json_object_set_new(data, "digest", json_string(hex));
  json_object_set_new(data, "traces", json_integer(im->traces));
  json_object_set_new(data, "steps", json_integer(im->steps));
  json_object_set(data, "header", im->header);
  return do_log(im, "open", hex, data, error);
}

static int import_checked(struct import *im, int fd, const char *name, struct error *error)
{
  static const struct xes_handler sender = {NULL, send_log, hold_trace, send_step, send_trace_end};
  char hex[2 * DIGEST_BYTES + 1];
  struct digest checked = im->digest;
  hex_encode(checked.b, DIGEST_BYTES, hex);
  if (open_log(im, name, hex, error))
    return -1;
  struct xes_handler handler = sender;
  handler.context = im;
  struct error read_error = {0}, sent_error = {0};
  int rc = read_pass(im, fd, 2, &handler, &read_error);
  json_decref(im->opening);
  im->opening = NULL;
  if (land_all(im, &sent_error)) {
    *error = sent_error;
    return -1;
  }
  if (rc || !digest_eq(&im->digest, &checked))
    return error_set(error, ERROR_CONFLICT, "history-moved", "日志文件在导入时被改动，导入未完成：请用原文件再导入一次",
                     "the file was altered while it was imported, and the import is not complete: import the original again");
  return do_log(im, "finish", "finish", NULL, error);
}

static void import_init(struct import *im, struct engine *engine, const struct history_import *what)
{
  *im = (struct import){.what = what, .engine = engine};
  (void)pthread_mutex_init(&im->lock, NULL);
  (void)pthread_cond_init(&im->landed, NULL);
  im->all = calloc(FLIGHTS, sizeof *im->all);
  if (!im->all)
    abort();
  for (size_t i = 0; i < FLIGHTS; i++) {
    im->all[i].import = im;
    im->all[i].next = im->free;
    im->free = &im->all[i];
  }
}

static void import_release(struct import *im)
{
  json_decref(im->header);
  arena_release(&im->arena);
  free(im->all);
  (void)pthread_cond_destroy(&im->landed);
  (void)pthread_mutex_destroy(&im->lock);
}

static int import_fd(struct import *im, int fd, struct history_imported *ret, struct error *error)
{
  const struct xes_handler checker = {im, check_log, check_trace, check_step, NULL};
  if (read_pass(im, fd, 1, &checker, error))
    return -1;
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(im->digest.b, DIGEST_BYTES, hex);
  const char *name = name_log(im, hex);
  if (import_checked(im, fd, name, error))
    return -1;
  *ret = (struct history_imported){im->log, im->traces, im->steps, im->added, im->repeated, ""};
  struct span shown = text_head(span_of(name), sizeof ret->name - 1);
  memcpy(ret->name, shown.p, shown.n);
  return 0;
}

int history_import(struct engine *engine, int fd, const struct history_import *import, struct history_imported *ret,
                   struct error *error)
{
  struct import im;
  int own = -1;
  struct error ignored;
  if (lseek(fd, 0, SEEK_SET) < 0) {
    int64_t max = import->limits.bytes > 0 ? import->limits.bytes : SPOOL_DEFAULT;
    own = spool(fd, max, import->path, error);
    if (own < 0)
      return -1;
    fd = own;
  }
  import_init(&im, engine, import);
  int rc = import_fd(&im, fd, ret, error ? error : &ignored);
  import_release(&im);
  if (own >= 0)
    (void)close(own);
  return rc;
}
