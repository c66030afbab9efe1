/*
 * Live pages: one thread looks at the versions of what is being watched, and wakes the streams of what has changed.
 */
#include "web/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 96
#define GUEST_LISTS 1024

/* An address that has streams. */
struct guest {
  struct guest *next; /* in its list */
  uint64_t key;
  size_t streams;
};

struct topic {
  struct topic *next;
  const struct live_source *source;
  char *name;
  int64_t version;
  struct stream *streams;
};

struct stream {
  struct live *live;
  struct topic *topic;
  struct guest *guest;
  struct stream *newer, *older;
  struct MHD_Connection *connection;
  int64_t sent;  /* the version its reader knows; -1: none */
  int64_t quiet; /* monotonic µs since when nothing was sent */
  bool parked;   /* suspended: only the looking thread wakes it */
  bool beat;     /* a sign of life is due */
  char text[TEXT_MAX];
  size_t n, at;
};

struct live {
  struct web *web;
  pthread_t thread;
  pthread_mutex_t lock; /* guards all that follows, and the streams */
  pthread_cond_t wake;
  struct topic *topics;
  struct guest *guests[GUEST_LISTS];
  unsigned char seed[16]; /* so that nobody can choose addresses that meet in one list */
  size_t streams, most, each;
  bool nudged, ending, stopping;
};

/* ---- a stream's text ---- */

static void say_text(struct stream *s, int n)
{
  s->n = n > 0 ? (size_t)n : 0;
  s->at = 0;
  s->quiet = monotonic_us();
}

/* What it has to say now; false: nothing. */
static bool compose(struct stream *s)
{
  if (s->topic->version != s->sent) {
    s->sent = s->topic->version;
    say_text(s, snprintf(s->text, sizeof s->text, "id: %" PRId64 "\ndata: %" PRId64 "\n\n", s->sent, s->sent));
  } else if (s->beat) {
    say_text(s, snprintf(s->text, sizeof s->text, ":\n\n"));
  } else {
    return false;
  }
  s->beat = false;
  return true;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t most)
{
  struct stream *s = context;
  struct live *live = s->live;
  (void)position;
  pthread_mutex_lock(&live->lock);
  bool any = s->at < s->n || (!live->ending && compose(s));
  size_t n = any ? s->n - s->at : 0;
  n = n < most ? n : most;
  memcpy(out, s->text + s->at, n);
  s->at += n;
  if (!any && !live->ending) {
    s->parked = true;
    MHD_suspend_connection(s->connection);
  }
  bool over = !any && live->ending;
  pthread_mutex_unlock(&live->lock);
  return over ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)n;
}

/* Under the lock. */
static void wake_stream(struct stream *s)
{
  if (s->parked) {
    s->parked = false;
    MHD_resume_connection(s->connection);
  }
}

/* ---- topics ---- */

static const struct live_source *source_of(const struct web *web, const char *topic)
{
  for (const struct live_source *s = web->options.live; s && s->prefix; s++)
    if (!strncmp(s->prefix, topic, strlen(s->prefix)))
      return s;
  return NULL;
}

static struct topic *topic_get(struct live *live, const struct live_source *source, const char *name)
{
  for (struct topic *t = live->topics; t; t = t->next)
    if (!strcmp(t->name, name))
      return t;
  struct topic *t = calloc(1, sizeof *t);
  char *copy = strdup(name);
  if (!t || !copy)
    abort();
  *t = (struct topic){.next = live->topics, .source = source, .name = copy};
  live->topics = t;
  return t;
}

/* ---- guests ---- */

/* One of IPv6 has a whole /64 to choose from. */
static uint64_t guest_key(const struct live *live, const char *address)
{
  struct in6_addr six;
  struct span what = span_of(address);
  if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
    what = (struct span){(const char *)&six, 8};
  struct digest d = hmac_sha256((struct span){(const char *)live->seed, sizeof live->seed}, what);
  uint64_t key;
  memcpy(&key, d.b, sizeof key);
  return key;
}

static struct guest *guest_find(const struct live *live, uint64_t key)
{
  struct guest *g = live->guests[key % GUEST_LISTS];
  while (g && g->key != key)
    g = g->next;
  return g;
}

static struct guest *guest_get(struct live *live, uint64_t key)
{
  struct guest *g = guest_find(live, key), **list = &live->guests[key % GUEST_LISTS];
  if (g)
    return g;
  g = calloc(1, sizeof *g);
  if (!g)
    abort();
  *g = (struct guest){.next = *list, .key = key};
  return *list = g;
}

static void guest_leaves(struct live *live, struct guest *guest)
{
  if (--guest->streams)
    return;
  struct guest **at = &live->guests[guest->key % GUEST_LISTS];
  while (*at != guest)
    at = &(*at)->next;
  *at = guest->next;
  free(guest);
}

static void drop_stream(void *context)
{
  struct stream *s = context;
  struct live *live = s->live;
  pthread_mutex_lock(&live->lock);
  if (s->newer)
    s->newer->older = s->older;
  else
    s->topic->streams = s->older;
  if (s->older)
    s->older->newer = s->newer;
  live->streams--;
  guest_leaves(live, s->guest);
  pthread_mutex_unlock(&live->lock);
  free(s);
}

/* ---- the request's side ---- */

static int check_room(struct request *rq, struct live *live, struct error *error)
{
  uint64_t key = guest_key(live, rq->address);
  pthread_mutex_lock(&live->lock);
  const struct guest *guest = guest_find(live, key);
  bool full = live->streams >= live->most || live->ending, many = guest && guest->streams >= live->each;
  pthread_mutex_unlock(&live->lock);
  if (!full && !many)
    return 0;
  web_retry_after(rq, 15);
  return full ? error_set(error, ERROR_BUSY, "too-many-streams", "同时观看的人太多，请稍后刷新页面",
                          "Too many are watching: reload the page now and then")
              : error_set(error, ERROR_BUSY, "too-many-streams-here", "您所在的网络同时观看的人太多，请稍后刷新页面",
                          "Too many are watching from your network: reload the page now and then");
}

int web_stream(struct request *rq, const char *topic, struct error *error)
{
  struct exchange *x = rq->exchange;
  struct live *live = x->web->live;
  const struct live_source *source = source_of(x->web, topic);
  if (!live || !source)
    return error_set(error, ERROR_NOT_FOUND, "no-stream", "没有这个实时数据", "There is no such live stream");
  int64_t version = source->version(x->web->options.context, rq->db, topic, rq->now);
  if (version < 0)
    return error_set(error, ERROR_BUSY, "stream-unready", "实时数据暂不可用", "The live stream is not available just now");
  if (check_room(rq, live, error))
    return -1;
  x->topic = arena_str(&x->arena, topic);
  x->version = version;
  x->status = 200;
  x->type = "text/event-stream";
  web_header(rq, "X-Accel-Buffering", "no"); /* nginx passes each event on at once */
  return 0;
}

void web_changed(const struct request *rq)
{
  struct live *live = rq->exchange->web->live;
  if (!live)
    return;
  pthread_mutex_lock(&live->lock);
  live->nudged = true;
  pthread_cond_signal(&live->wake);
  pthread_mutex_unlock(&live->lock);
}

/* What the reader knows already: the browser's own word after a broken connection, else the page's. */
static int64_t known_version(const struct request *rq)
{
  int64_t n;
  if (span_natural(span_of(rq_header(rq, "Last-Event-ID")), &n))
    return n;
  return rq_has(rq, "since") && span_natural(span_of(rq_str(rq, "since")), &n) ? n : -1;
}

struct MHD_Response *live_response(struct exchange *x)
{
  struct live *live = x->web->live;
  struct stream *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  *s = (struct stream){.live = live, .connection = x->connection, .sent = known_version(&x->rq)};
  say_text(s, snprintf(s->text, sizeof s->text, "retry: 2000\n\n"));
  uint64_t key = guest_key(live, x->rq.address);
  pthread_mutex_lock(&live->lock);
  s->topic = topic_get(live, source_of(x->web, x->topic), x->topic);
  if (!s->topic->streams || x->version > s->topic->version)
    s->topic->version = x->version;
  s->older = s->topic->streams;
  if (s->older)
    s->older->newer = s;
  s->topic->streams = s;
  live->streams++;
  s->guest = guest_get(live, key);
  s->guest->streams++;
  pthread_mutex_unlock(&live->lock);
  struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 256, read_stream, s, drop_stream);
  if (!r) {
    drop_stream(s);
    return NULL;
  }
  connection_stays(x);
  const struct web_options *o = &x->web->options;
  if (o->give_back) { /* a stream may last for days, and needs nothing of what it was lent */
    o->give_back(o->context, x->rq.app);
    x->rq.app = NULL;
  }
  return r;
}

/* ---- the looking thread ---- */

/* Under the lock: what is still being watched; what is not goes. */
static struct topic **watched(struct live *live, size_t *ret_n)
{
  size_t n = 0;
  for (struct topic **at = &live->topics; *at;) {
    struct topic *t = *at;
    if (t->streams) {
      n++;
      at = &t->next;
      continue;
    }
    *at = t->next;
    free(t->name);
    free(t);
  }
  struct topic **list = calloc(n + 1, sizeof *list);
  if (!list)
    abort();
  *ret_n = 0;
  for (struct topic *t = live->topics; t; t = t->next)
    list[(*ret_n)++] = t;
  return list;
}

static void tell(struct topic *topic, int64_t version)
{
  if (version < 0 || version == topic->version)
    return;
  topic->version = version;
  for (struct stream *s = topic->streams; s; s = s->older)
    wake_stream(s);
}

/* Only this thread frees topics, so it may look at their names without the lock. */
static void look(struct live *live, struct db *db)
{
  size_t n;
  pthread_mutex_lock(&live->lock);
  struct topic **list = watched(live, &n);
  pthread_mutex_unlock(&live->lock);
  for (size_t i = 0; i < n; i++) {
    int64_t version = list[i]->source->version(live->web->options.context, db, list[i]->name, moment_now());
    pthread_mutex_lock(&live->lock);
    tell(list[i], version);
    pthread_mutex_unlock(&live->lock);
  }
  free(list);
}

/* Readers whose network is gone are noticed by writing to them. */
static void beat(struct live *live, int64_t quiet_us)
{
  int64_t now = monotonic_us();
  pthread_mutex_lock(&live->lock);
  for (struct topic *t = live->topics; t; t = t->next)
    for (struct stream *s = t->streams; s; s = s->older)
      if (s->parked && now - s->quiet >= quiet_us) {
        s->beat = true;
        wake_stream(s);
      }
  pthread_mutex_unlock(&live->lock);
}

static void wait_for_change(struct live *live, int ms)
{
  struct timespec until;
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += (long)ms * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&live->lock);
  while (!live->nudged && !live->stopping)
    if (pthread_cond_timedwait(&live->wake, &live->lock, &until) == ETIMEDOUT)
      break;
  live->nudged = false;
  pthread_mutex_unlock(&live->lock);
}

static void *looking(void *context)
{
  struct live *live = context;
  const struct web_options *o = &live->web->options;
  struct error error;
  struct db *db = NULL;
  int64_t beaten = monotonic_us(), beat_us = (o->heartbeat_ms > 0 ? o->heartbeat_ms : 20000) * INT64_C(1000);
  while (!__atomic_load_n(&live->stopping, __ATOMIC_RELAXED)) {
    if (!db && o->connect && o->connect(o->context, &db, &error))
      db = NULL; /* the store is away: the pages say so, and here it is tried again */
    else
      look(live, db);
    if (monotonic_us() - beaten >= beat_us / 8) {
      beat(live, beat_us);
      beaten = monotonic_us();
    }
    wait_for_change(live, o->live_ms > 0 ? o->live_ms : 200);
  }
  if (db && o->disconnect)
    o->disconnect(o->context, db);
  return NULL;
}

/* ---- opening and closing ---- */

struct live *live_open(struct web *web)
{
  if (!web->options.live)
    return NULL;
  struct live *live = calloc(1, sizeof *live);
  pthread_condattr_t monotonic;
  if (!live)
    abort();
  live->web = web;
  live->most = (size_t)web->options.streams_max;
  live->each = (size_t)web->options.streams_each;
  random_bytes(live->seed, sizeof live->seed);
  pthread_mutex_init(&live->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&live->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(&live->thread, NULL, looking, live))
    abort();
  return live;
}

void live_end(struct live *live)
{
  if (!live)
    return;
  pthread_mutex_lock(&live->lock);
  live->ending = true;
  __atomic_store_n(&live->stopping, true, __ATOMIC_RELAXED);
  pthread_cond_signal(&live->wake);
  for (struct topic *t = live->topics; t; t = t->next)
    for (struct stream *s = t->streams; s; s = s->older)
      wake_stream(s);
  pthread_mutex_unlock(&live->lock);
  pthread_join(live->thread, NULL);
}

void live_close(struct live *live)
{
  if (!live)
    return;
  for (struct topic *t = live->topics, *next; t; t = next) {
    next = t->next;
    free(t->name);
    free(t);
  }
  pthread_mutex_destroy(&live->lock);
  pthread_cond_destroy(&live->wake);
  free(live);
}
