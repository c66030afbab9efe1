#include "web/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "web/live.h"

#define STREAMS_MAX 10000
#define CONNECTION_MEMORY                                                                                                          \
  ((size_t)16 << 10)                    /* libmicrohttpd clears all of it and half of it again for each request: 5 µs at 32 KiB */
#define SPARE_MAX 64u                   /* exchanges a thread keeps */
#define SPARE_BYTES ((size_t)128 << 10) /* what each of them may keep, twice */
#define BODY_SECONDS 900                /* the longest an upload may take */
#define EXCHANGE_SECONDS 1800           /* the longest until its answer is taken */

/* ---- threads and their connections to the store ---- */

static struct thread_state *this_thread(struct web *web)
{
  struct thread_state *t = pthread_getspecific(web->thread_key);
  if (t)
    return t;
  t = calloc(1, sizeof *t);
  if (!t || pthread_setspecific(web->thread_key, t))
    abort();
  pthread_mutex_lock(&web->threads_lock);
  t->next = web->threads;
  web->threads = t;
  pthread_mutex_unlock(&web->threads_lock);
  return t;
}

void web_random(struct web *web, void *out, size_t n)
{
  struct thread_state *t = this_thread(web);
  if (n > t->random_n) {
    random_bytes(t->random, sizeof t->random);
    t->random_n = sizeof t->random;
  }
  t->random_n -= n;
  memcpy(out, t->random + t->random_n, n);
  memset(t->random + t->random_n, 0, n);
}

static int use_store(struct exchange *x, struct error *error)
{
  struct thread_state *t = this_thread(x->web);
  const struct web_options *o = &x->web->options;
  if (!t->db && o->connect && o->connect(o->context, &t->db, error))
    return -1;
  x->rq.db = t->db;
  return 0;
}

/* ---- the life of an exchange ---- */

/* Memory of an exchange that is over, emptied; the first ones of a thread are new. */
static struct exchange *exchange_get(struct web *web)
{
  struct thread_state *t = this_thread(web);
  struct exchange *x = t->spare;
  if (!x) {
    x = calloc(1, sizeof *x);
    if (x)
      buf_init(&x->rq.out, PAGE_MAX);
    return x;
  }
  t->spare = x->next;
  t->spare_n--;
  x->next = NULL;
  return x;
}

static void exchange_free(struct exchange *x)
{
  buf_release(&x->rq.out);
  arena_release(&x->arena);
  free(x);
}

static void exchange_put(struct web *web, struct exchange *x)
{
  struct thread_state *t = this_thread(web);
  if (t->spare_n == SPARE_MAX || x->arena.used > SPARE_BYTES || x->rq.out.cap > SPARE_BYTES) {
    exchange_free(x);
    return;
  }
  arena_reset(&x->arena);
  buf_clear(&x->rq.out);
  *x = (struct exchange){.rq.out = x->rq.out, .arena = x->arena, .next = t->spare};
  t->spare = x;
  t->spare_n++;
}

static void *exchange_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
  struct web *web = context;
  struct exchange *x = exchange_get(web);
  if (!x)
    return NULL;
  x->web = web;
  x->connection = connection;
  x->fd = -1;
  x->began_us = monotonic_us();
  x->rq.exchange = x;
  x->rq.arena = &x->arena;
  x->rq.engine = web->options.engine;
  x->rq.app = web->options.lend ? web->options.lend(web->options.context) : web->options.app;
  x->rq.path = "/";
  x->target = arena_str(&x->arena, uri);
  return x;
}

static void exchange_end(void *context, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode why)
{
  (void)connection;
  (void)why;
  struct web *web = context;
  struct exchange *x = *con_cls;
  if (!x)
    return;
  *con_cls = NULL;
  const struct web_options *o = &web->options;
  if (o->answered && x->status)
    o->answered(o->context, &x->rq, x->status, monotonic_us() - x->began_us);
  if (x->waiting) {
    pthread_mutex_lock(&web->lock);
    web->pending--;
    pthread_mutex_unlock(&web->lock);
  }
  connection_waits(x);
  __atomic_sub_fetch(&web->bodies, x->counted, __ATOMIC_RELAXED);
  __atomic_sub_fetch(&web->uploading, x->uploading, __ATOMIC_RELAXED);
  if (o->give_back && x->rq.app)
    o->give_back(o->context, x->rq.app);
  for (size_t i = 0; i < x->rq.uploads_n; i++)
    close(x->rq.uploads[i].fd);
  if (x->fd >= 0)
    close(x->fd);
  json_decref((json_t *)(uintptr_t)x->rq.body);
  buf_release(&x->multipart.held);
  buf_release(&x->multipart.value);
  buf_release(&x->body);
  exchange_put(web, x);
}

/* ---- the first look ---- */

static enum method method_of(const char *name)
{
  static const char *const names[] = {"", "GET", "POST", "PUT", "DELETE"};
  for (unsigned i = 1; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i]))
      return (enum method)i;
  return !strcmp(name, "HEAD") ? METHOD_GET : METHOD_NONE;
}

/* inet_ntop() takes three times as long. */
static const char *ipv4_text(struct exchange *x, const struct in_addr *address)
{
  unsigned char b[4];
  memcpy(b, address, sizeof b);
  return arena_printf(&x->arena, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
}

static const char *client_address(struct exchange *x)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  char text[INET6_ADDRSTRLEN] = "";
  if (x->web->options.proxy) {
    const char *list = rq_header(&x->rq, "X-Forwarded-For"), *comma = strrchr(list, ',');
    struct span last = span_trim(span_of(comma ? comma + 1 : list));
    if (last.n && last.n < INET6_ADDRSTRLEN)
      return arena_dup(&x->arena, last);
  }
  if (info && info->client_addr->sa_family == AF_INET)
    return ipv4_text(x, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr);
  else if (info && info->client_addr->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr, text, sizeof text);
  return arena_str(&x->arena, text);
}

static void name_request(struct exchange *x)
{
  uint64_t seed[2];
  memcpy(seed, x->web->secret, sizeof seed[0]);
  seed[1] = __atomic_add_fetch(&x->web->serial, 1, __ATOMIC_RELAXED) ^ (uint64_t)x->began_us;
  uint64_t id = span_hash((struct span){(const char *)seed, sizeof seed});
  unsigned char bytes[sizeof id];
  memcpy(bytes, &id, sizeof id);
  hex_encode(bytes, sizeof bytes, x->rq.id);
}

static bool type_is(struct span type, const char *name)
{
  struct span head = span_trim(cut(&type, ';'));
  return head.n == strlen(name) && !strncasecmp(head.p, name, head.n);
}

/* ---- what bodies may take of memory and disk, all together ---- */

static int bodies_full(struct error *error)
{
  return error_set(error, ERROR_BUSY, "bodies-full", "现在提交的内容太多，请稍后再试",
                   "Too much is being sent just now: try again");
}

static int uploads_full(struct exchange *x, struct error *error)
{
  if (!(x->rq.route->flags & ROUTE_UPLOADS))
    return 0;
  x->uploading = true;
  x->close = __atomic_add_fetch(&x->web->uploading, 1, __ATOMIC_RELAXED) > UPLOADING_MAX; /* answered before it is read */
  return x->close ? bodies_full(error) : 0;
}

static int count_body(struct exchange *x, size_t n, struct error *error)
{
  if (x->body.n <= SMALL_BODY)
    return 0;
  x->counted += n;
  return __atomic_add_fetch(&x->web->bodies, n, __ATOMIC_RELAXED) > BODIES_MAX ? bodies_full(error) : 0;
}

static int begin_body(struct exchange *x, struct error *error)
{
  struct span type = span_of(rq_header(&x->rq, "Content-Type"));
  bool raw = (x->rq.route->flags & ROUTE_RAW) != 0, multipart = !raw && type_is(type, "multipart/form-data");
  int64_t most = multipart && (x->rq.route->flags & ROUTE_UPLOADS) ? UPLOADS_MAX_BYTES + (int64_t)FORM_MAX : (int64_t)FORM_MAX;
  if (x->length > most)
    return error_set(error, ERROR_TOO_LARGE, "request-too-large", "提交的内容超过 %d MB，未被接收",
                     "What was sent is larger than %d MB and was not taken", (int)(most >> 20));
  if (!x->length)
    return 0;
  if (multipart) {
    x->kind = BODY_MULTIPART;
    return uploads_full(x, error) ? -1 : multipart_begin(x, type, error);
  }
  buf_init(&x->body, FORM_MAX);
  if (raw)
    x->kind = BODY_RAW;
  else if (type_is(type, "application/x-www-form-urlencoded"))
    x->kind = BODY_FORM;
  else if (type_is(type, "application/json") && x->rq.api)
    x->kind = BODY_JSON;
  else
    return error_set(error, ERROR_BAD_TYPE, "content-type", "不支持这种提交格式（Content-Type）", "This Content-Type is not taken");
  return 0;
}

static int first_look(struct exchange *x, const char *method, const char *version, struct error *error)
{
  struct request *rq = &x->rq;
  rq->now = moment_now();
  name_request(x);
  if (guard_check(x, version, error))
    return -1;
  rq->method = method_of(method);
  x->head = !strcmp(method, "HEAD");
  rq->address = client_address(x);
  rq->api = !strncmp(x->target, "/api/", 5);
  int bad = request_target(x, error);
  request_language(x);
  request_view(x);
  if (bad)
    return -1;
  if (x->length && rq->method == METHOD_GET) {
    x->close = true;
    return error_set(error, ERROR_BAD_INPUT, "body-of-get", "GET 请求不得带内容", "A GET has no body");
  }
  if (rq->method == METHOD_GET)
    answer_asset(x);
  if (x->answered)
    return 0;
  visitor_read(x);
  if (use_store(x, error) || request_who(x, error))
    return -1;
  rq->route = route_find(x, error);
  if (!rq->route)
    return -1;
  rq->api = rq->api || route_is_api(rq->route);
  if (route_admit(x, error))
    return -1;
  return begin_body(x, error);
}

static void refuse(struct exchange *x, const struct error *error)
{
  struct request *rq = &x->rq;
  /* A person who is not signed in is led to the sign-in page and back. */
  if (error->code == ERROR_SIGN_IN && !rq->api && rq->method == METHOD_GET)
    (void)web_redirect(rq, 302, web_sign_in_url(rq));
  else
    (void)web_problem(rq, error);
  x->answered = true;
}

/* ---- workers ---- */

static int enqueue(struct exchange *x)
{
  struct web *web = x->web;
  pthread_mutex_lock(&web->lock);
  bool full = web->queued >= (size_t)web->options.queue_max || web->stopping;
  if (!full) {
    x->waiting = true;
    web->pending++;
    MHD_suspend_connection(x->connection);
    x->next = NULL;
    if (web->last)
      web->last->next = x;
    else
      web->first = x;
    web->last = x;
    web->queued++;
    pthread_cond_signal(&web->wake);
  }
  pthread_mutex_unlock(&web->lock);
  return full ? -1 : 0;
}

static void handle(struct exchange *x)
{
  struct error error;
  if (use_store(x, &error))
    refuse(x, &error);
  else
    answer_handler(x);
}

static void *worker(void *context)
{
  struct web *web = context;
  pthread_mutex_lock(&web->lock);
  for (;;) {
    while (!web->first && !web->stopping)
      pthread_cond_wait(&web->wake, &web->lock);
    struct exchange *x = web->first;
    if (!x)
      break;
    web->first = x->next;
    if (!web->first)
      web->last = NULL;
    web->queued--;
    pthread_mutex_unlock(&web->lock);
    handle(x);
    MHD_resume_connection(x->connection);
    pthread_mutex_lock(&web->lock);
  }
  pthread_mutex_unlock(&web->lock);
  return NULL;
}

/* ---- libmicrohttpd's callback: first with the headers, then with each piece of the body, then at its end ---- */

static enum MHD_Result begin(struct exchange *x, const char *method, const char *version)
{
  x->begun = true;
  connection_begins(x);
  if (first_look(x, method, version, &x->error)) {
    x->broken = true;
    /* To answer here closes the connection. That is right for what must not be read on, and too dear for the rest. */
    if (x->close || x->length > (int64_t)FORM_MAX) {
      x->close = true;
      refuse(x, &x->error);
      return answer_send(x);
    }
  }
  return MHD_YES;
}

static void feed(struct exchange *x, const char *p, size_t n)
{
  x->got += (int64_t)n;
  if (x->broken || x->answered)
    return;
  if (x->kind == BODY_MULTIPART) {
    x->broken = multipart_feed(x, p, n, &x->error) != 0;
  } else {
    buf_bytes(&x->body, p, n);
    x->broken = count_body(x, n, &x->error) != 0;
    if (x->body.full)
      x->broken = error_set(&x->error, ERROR_TOO_LARGE, "form-too-large", "表单内容超过 1 MB", "The form is larger than 1 MB") != 0;
  }
}

static enum MHD_Result finish(struct exchange *x)
{
  if (!x->answered) {
    if (x->broken) {
      refuse(x, &x->error);
    } else if (x->rq.method == METHOD_GET && !(x->rq.route->flags & ROUTE_WORKER)) {
      answer_handler(x);
    } else if (!enqueue(x)) {
      return MHD_YES;
    } else {
      struct error error;
      (void)error_set(&error, ERROR_BUSY, "queue-full", "现在办理的人太多，请稍后再试",
                      "Too many people are being served just now: try again");
      refuse(x, &error);
    }
  }
  return answer_send(x);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_n, void **con_cls)
{
  (void)context;
  (void)connection;
  (void)url;
  struct exchange *x = *con_cls;
  if (!x)
    return MHD_NO;
  if (!x->begun)
    return begin(x, method, version);
  if (*data_n) {
    if (monotonic_us() - x->began_us > BODY_SECONDS * INT64_C(1000000))
      return MHD_NO;
    feed(x, data, *data_n);
    *data_n = 0;
    return x->got > x->length ? MHD_NO : MHD_YES;
  }
  /* The library and the guard read another length (a folded header): nothing on this connection is believed. */
  return x->got == x->length || x->close ? finish(x) : MHD_NO;
}

/* ---- opening and closing ---- */

static int bad_listen(const char *text, struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-listen", "监听地址 %s 有误，应如 127.0.0.1:8080",
                   "The address %s to listen on is wrong: write it like 127.0.0.1:8080", text);
}

static int listen_on(const char *text, struct error *error)
{
  const char *colon = strrchr(text, ':');
  char host[128];
  int64_t port;
  if (!colon || (size_t)(colon - text) >= sizeof host || !span_int(span_of(colon + 1), &port) || port < 0 || port > 65535)
    return bad_listen(text, error);
  size_t n = (size_t)(colon - text);
  bool bracket = n > 1 && text[0] == '[' && text[n - 1] == ']';
  snprintf(host, sizeof host, "%.*s", (int)(bracket ? n - 2 : n), bracket ? text + 1 : text);
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *list;
  if (getaddrinfo(*host ? host : NULL, colon + 1, &hints, &list))
    return bad_listen(text, error);
  int fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  bool done = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) && !bind(fd, list->ai_addr, list->ai_addrlen) &&
              !listen(fd, 1024);
  int why = errno;
  freeaddrinfo(list);
  if (done)
    return fd;
  if (fd >= 0)
    close(fd);
  return error_set(error, ERROR_INTERNAL, "listen-failed", "无法监听 %s：%s", "Cannot listen on %s: %s", text, strerror(why));
}

static int port_of(int fd)
{
  struct sockaddr_storage a = {0};
  socklen_t n = sizeof a;
  if (getsockname(fd, (struct sockaddr *)&a, &n))
    return 0;
  return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
}

static size_t flatten(const struct route *const *lists, const struct route **out)
{
  size_t n = 0;
  for (; lists && *lists; lists++)
    for (const struct route *r = *lists; r->pattern; r++, n++)
      if (out)
        out[n] = r;
  return n;
}

static void own_routes(struct web *web)
{
  size_t n = 0;
  web->own_routes[n++] = (struct route){METHOD_GET,
                                        "/api/openapi.json",
                                        ROLE_PUBLIC,
                                        handler_openapi,
                                        ROUTE_API,
                                        NULL,
                                        "本接口的说明（OpenAPI 3.1）",
                                        "This interface, described (OpenAPI 3.1)"};
  if (web->options.sample)
    web->own_routes[n++] = (struct route){METHOD_GET, "/kit", ROLE_PUBLIC, handler_kit, 0, NULL, NULL, NULL};
}

static int gather_routes(struct web *web, struct error *error)
{
  own_routes(web);
  size_t lists = 0;
  while (web->options.routes && web->options.routes[lists])
    lists++;
  const struct route **all = calloc(lists + 2, sizeof *all);
  if (!all)
    abort();
  for (size_t i = 0; i < lists; i++)
    all[i] = web->options.routes[i];
  all[lists] = web->own_routes;
  int bad = routes_check(all, error);
  if (!bad) {
    web->routes_n = flatten(all, NULL);
    web->routes = calloc(web->routes_n, sizeof *web->routes);
    if (!web->routes)
      abort();
    flatten(all, web->routes);
    buf_init(&web->openapi, 8 << 20);
    web_openapi_list(&web->openapi, web->routes, web->routes_n);
  }
  free(all);
  return bad;
}

static char *copy(const char *s)
{
  char *t = strdup(s);
  if (!t)
    abort();
  return t;
}

/* A stream holds a file open as long as it lasts: at most half of what the process may open, and that is asked for. */
static int streams_allowed(int wanted, int connections_max)
{
  struct rlimit files;
  int most = wanted > 0 ? wanted : STREAMS_MAX;
  rlim_t need = 2 * (rlim_t)most + 2 * (rlim_t)connections_max;
  if (getrlimit(RLIMIT_NOFILE, &files))
    return 64;
  if (files.rlim_cur < need) {
    files.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  return (rlim_t)most < files.rlim_cur / 2 ? most : (int)(files.rlim_cur / 2);
}

/* A whole hall may stand behind one address, or a mobile network: enough for these, and never all of them. */
static int streams_of_one(int all)
{
  return all / 5 > 256 ? all / 5 : 256;
}

static int set_up(struct web *web, const struct web_options *options, struct error *error)
{
  web->options = *options;
  struct web_options *o = &web->options;
  o->workers = o->workers > 0 ? o->workers : 64;
  o->queue_max = o->queue_max > 0 ? o->queue_max : 1024;
  o->timeout_seconds = o->timeout_seconds > 0 ? o->timeout_seconds : 60;
  o->connections_max = o->connections_max > 0 ? o->connections_max : 8192;
  o->streams_max = o->live ? streams_allowed(o->streams_max, o->connections_max) : 0;
  o->streams_each = o->streams_each > 0 ? o->streams_each : streams_of_one(o->streams_max);
  o->connections_max += o->streams_max;
  web->connections = connections_open((size_t)o->connections_max, o->timeout_seconds, EXCHANGE_SECONDS);
  if (o->threads <= 0)
    o->threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
  const char *tmp = getenv("TMPDIR");
  web->upload_dir = copy(o->upload_dir ? o->upload_dir : tmp && *tmp ? tmp : "/tmp");
  web->sign_in = copy(o->sign_in_path ? o->sign_in_path : "/sign-in");
  if (!o->secret)
    random_bytes(web->secret, sizeof web->secret);
  else if (!hex_decode(span_of(o->secret), web->secret, sizeof web->secret))
    return error_set(error, ERROR_BAD_INPUT, "bad-secret", "密钥应为 64 位十六进制数", "The secret must be 64 hex digits");
  hmac_key_init(&web->signer, (struct span){(const char *)web->secret, sizeof web->secret});
  return gather_routes(web, error);
}

static int start(struct web *web, struct error *error)
{
  web->listen_fd = listen_on(web->options.listen, error);
  if (web->listen_fd < 0)
    return -1;
  web->port = port_of(web->listen_fd);
  web->live = live_open(web);
  web->workers = calloc((size_t)web->options.workers, sizeof *web->workers);
  if (!web->workers)
    abort();
  for (; web->workers_n < web->options.workers; web->workers_n++)
    if (pthread_create(&web->workers[web->workers_n], NULL, worker, web))
      return error_set(error, ERROR_INTERNAL, "no-threads", "无法启动工作线程", "Cannot start the worker threads");
  unsigned pool = web->options.threads > 1 ? (unsigned)web->options.threads : 0;
  struct MHD_OptionItem items[] = {
      {MHD_OPTION_LISTEN_SOCKET, web->listen_fd, NULL},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_end, web},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_begin, web},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)CONNECTION_MEMORY, NULL},
      /* room beside the limit, so that the newcomer comes in before the other is gone; a thread of the pool has its part of it */
      {MHD_OPTION_CONNECTION_LIMIT, 2 * web->options.connections_max, NULL},
      {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_notice, web},
      {MHD_OPTION_CONNECTION_TIMEOUT, web->options.timeout_seconds, NULL},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
      {pool ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, pool, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  web->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME, 0, NULL, NULL, on_request, web,
                                 MHD_OPTION_ARRAY, items, MHD_OPTION_END);
  if (!web->daemon)
    return error_set(error, ERROR_INTERNAL, "listen-failed", "无法启动 HTTP 服务", "The HTTP server does not start");
  return 0;
}

int web_open(const struct web_options *options, struct web **ret, struct error *error)
{
  struct web *web = calloc(1, sizeof *web);
  if (!web)
    abort();
  web->listen_fd = -1;
  pthread_mutex_init(&web->lock, NULL);
  pthread_mutex_init(&web->threads_lock, NULL);
  pthread_cond_init(&web->wake, NULL);
  if (pthread_key_create(&web->thread_key, NULL))
    abort();
  if (set_up(web, options, error) || start(web, error)) {
    web_close(web);
    return -1;
  }
  *ret = web;
  return 0;
}

int web_port(const struct web *web)
{
  return web->port;
}

/* Waits, at most five seconds, until what the workers did is sent. */
static void drain(struct web *web)
{
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&web->lock);
    size_t pending = web->pending;
    pthread_mutex_unlock(&web->lock);
    if (!pending)
      return;
    usleep(10000);
  }
}

void web_close(struct web *web)
{
  if (!web)
    return;
  if (web->daemon)
    (void)MHD_quiesce_daemon(web->daemon);
  pthread_mutex_lock(&web->lock);
  web->stopping = true;
  pthread_cond_broadcast(&web->wake);
  pthread_mutex_unlock(&web->lock);
  for (int i = 0; i < web->workers_n; i++)
    pthread_join(web->workers[i], NULL);
  live_end(web->live);
  if (web->daemon) {
    drain(web);
    MHD_stop_daemon(web->daemon);
  }
  live_close(web->live);
  if (web->listen_fd >= 0)
    close(web->listen_fd);
  while (web->threads) {
    struct thread_state *t = web->threads;
    web->threads = t->next;
    if (t->db && web->options.disconnect)
      web->options.disconnect(web->options.context, t->db);
    for (struct exchange *x = t->spare, *next; x; x = next) {
      next = x->next;
      exchange_free(x);
    }
    free(t);
  }
  connections_close(web->connections);
  pthread_key_delete(web->thread_key);
  pthread_mutex_destroy(&web->lock);
  pthread_mutex_destroy(&web->threads_lock);
  pthread_cond_destroy(&web->wake);
  buf_release(&web->openapi);
  free(web->workers);
  free(web->routes);
  free(web->upload_dir);
  free(web->sign_in);
  free(web);
}
