/*
 * replay.c: a day of a real hall, faster than life, through the whole program: HTTP, rules, store, the board's live stream.
 *
 *   replay [--minutes N] [--faster N] [--kill N] [--store URL]
 *
 * 3,500 tickets in a day of 480 minutes, 87 windows in eight zones; «minutes» takes a part of the day at the same pace. One process
 * serves; this one is everybody else: 87 clerks, the door, the board. Each ticket and each call carries an idempotency key and is
 * asked for until it is answered, so what was answered is known exactly, also when --kill has killed the server (SIGKILL) that many
 * times. At the end the events say whether a ticket was lost or called twice. How far the board was behind is printed and judged by
 * nobody here.
 *   replay --serve DIR URL PORT   is the server; it prints its port.
 */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "account/account.h"
#include "app/app.h"
#include "casework/casework.h"
#include "hall/hall.h"
#include "hall/hall_pages.h"
#include "web/web.h"

#define HALL "ningbo-city"
#define WINDOWS 87
#define TICKETS 3500
#define DAY_MINUTES 480

static const struct kind *const kinds[] = {&queue_kind, &casefile_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, casework_migrations, hall_migrations, NULL};

static _Noreturn void die(const char *what, const struct error *error)
{
  (void)fprintf(stderr, "replay: %s%s%s\n", what, error ? ": " : "", error ? error->en : "");
  exit(2);
}

/* ---- the server ---- */

struct server {
  struct arena arena;
  struct catalog *catalog;
  struct world world;
  struct store *store;
  struct engine *engine;
  struct hall_post post;
  struct app app;
};

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(((struct server *)context)->store, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

/* «clerk-12», «person-77»: everybody is who he says. */
static int authenticate(void *context, struct request *rq, struct span token, struct principal *ret, struct error *error)
{
  bool clerk = span_starts(token, "clerk-");
  (void)context;
  (void)error;
  *ret = (struct principal){.id = arena_printf(rq->arena, "%s:%.*s", clerk ? "staff" : "person", (int)token.n, token.p),
                            .name = arena_dup(rq->arena, token),
                            .roles = clerk ? ROLE_CLERK : ROLE_APPLICANT,
                            .agency = clerk ? ACCOUNT_CENTRE : ""};
  return 0;
}

/* The sample city's catalogue, its hall open at any hour. */
static void load_catalog(struct server *s, const char *dir)
{
  struct findings findings = {0};
  struct error error = {0};
  const char *source = getenv("ONEVISIT_SOURCE");
  char *command = arena_printf(&s->arena,
                               "rm -rf '%s/city' && cp -r '%s/catalogs/ningbo' '%s/city' && sed -i -e '0,/^  shifts:/s//  open: "
                               "every-day\\n  shifts:/' -e '0,/\"09:00\", to: \"12:00\"/s//\"00:00\", to: \"12:00\"/' -e "
                               "'0,/\"13:30\", to: \"17:00\"/s//\"13:30\", to: \"24:00\"/' '%s/city/halls.yaml'",
                               dir, source ? source : ".", dir, dir);
  if (system(command) != 0) // NOLINT: our own directory
    die("the catalogue cannot be copied", NULL);
  if (catalog_load(arena_printf(&s->arena, "%s/city", dir), &s->catalog, &s->arena, &findings, &error))
    die("the catalogue", &error);
}

static int serve(const char *dir, const char *url, const char *port)
{
  static struct server s;
  static const struct route *const routes[] = {hall_routes, window_routes, hall_api_routes, NULL};
  static const struct live_source live[] = {{"hall/", hall_live_version}, {NULL}};
  struct error error = {0};
  struct db *writer;
  struct web *web;
  sigset_t set;
  int signal_number;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
  load_catalog(&s, dir);
  s.world.catalog = s.catalog;
  if (store_open(url, &s.store, &error) || store_connect(s.store, DB_WRITE, &writer, &error) || store_migrate(writer, sets, &error))
    die("the store", &error);
  db_close(writer);
  const struct outlet outlets[] = {hall_moves_outlet(&s.post), hall_presence_outlet(&s.post), {0}};
  struct engine_options options = {.kinds = kinds,
                                   .outlets = outlets,
                                   .world = &s.world,
                                   .key_dir = arena_printf(&s.arena, "%s/keys", dir),
                                   .origin = "test.example/log"};
  if (engine_open(s.store, &options, &s.engine, &error))
    die("the engine", &error);
  atomic_store(&s.post.engine, s.engine);
  s.app = (struct app){.catalog = s.catalog, .store = s.store, .throttle = throttle_open(1000)};
  struct web_options o = {.listen = arena_printf(&s.arena, "127.0.0.1:%s", port),
                          .routes = routes,
                          .engine = s.engine,
                          .app = &s.app,
                          .authenticate = authenticate,
                          .connect = connect_reader,
                          .disconnect = disconnect_reader,
                          .context = &s,
                          .workers = 32,
                          .live = live};
  if (web_open(&o, &web, &error))
    die("the server", &error);
  (void)printf("%d\n", web_port(web));
  (void)fflush(stdout);
  (void)sigwait(&set, &signal_number);
  web_close(web);
  engine_close(s.engine);
  throttle_close(s.app.throttle);
  store_close(s.store);
  catalog_free(s.catalog);
  arena_release(&s.arena);
  return 0;
}

/* ---- everybody else ---- */

static int faster = 100, minutes = DAY_MINUTES;
static const char *self, *dir, *the_store;
static pid_t server;
static atomic_int port;
static atomic_bool door_closed, over;
static atomic_long drawn, called, finished, again;
static int64_t began_us;

static void pause_us(int64_t us)
{
  struct timespec t = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&t, &t) && errno == EINTR)
    ;
}

static void pause_life(double seconds) /* of the hall's time */
{
  pause_us((int64_t)(seconds * 1e6 / faster));
}

static void start_server(int on_port)
{
  char number[16];
  int out[2];
  FILE *said;
  posix_spawn_file_actions_t actions;
  (void)snprintf(number, sizeof number, "%d", on_port);
  char *arguments[] = {
      (char *)(uintptr_t)self, (char *)(uintptr_t) "--serve", (char *)(uintptr_t)dir, (char *)(uintptr_t)the_store, number, NULL};
  if (pipe(out))
    die("pipe", NULL);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addclose(&actions, out[0]);
  extern char **environ;
  if (posix_spawn(&server, self, &actions, NULL, arguments, environ))
    die("the server cannot be started", NULL);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  said = fdopen(out[0], "r");
  if (!said || !fgets(number, sizeof number, said))
    die("the server did not start", NULL);
  (void)fclose(said);
  atomic_store(&port, atoi(number));
}

struct answer {
  char text[65536];
  size_t n;
  long status;
};

static size_t take(char *p, size_t size, size_t n, void *context)
{
  struct answer *a = context;
  if (a->n + size * n < sizeof a->text) {
    memcpy(a->text + a->n, p, size * n);
    a->n += size * n;
  }
  return size * n;
}

/* Asks until there is an answer; the key makes that one deed. NULL body: a GET. The answer's JSON, to be freed. */
static json_t *ask(CURL *curl, const char *who, const char *key, const char *path, const char *body, long *ret_status)
{
  static _Thread_local struct answer a;
  char header[2][128], url[256];
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  (void)snprintf(header[0], sizeof header[0], "Authorization: Bearer %s", who);
  (void)snprintf(header[1], sizeof header[1], "Idempotency-Key: %s", key);
  headers = curl_slist_append(curl_slist_append(headers, header[0]), header[1]);
  for (;; atomic_fetch_add(&again, 1)) {
    a.n = 0;
    curl_easy_reset(curl);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", atomic_load(&port), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    if (body)
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode bad = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    if (!bad && *ret_status != 503)
      break;
    pause_us(20000);
  }
  curl_slist_free_all(headers);
  return json_loadb(a.text, a.n, 0, NULL);
}

/* ---- what was called, and when the board showed it ---- */

struct call {
  char ticket[12];
  int64_t answered_us, seen_us; /* 0: not yet */
};
static struct call calls[TICKETS + 16];
static size_t call_count;
static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER;

static struct call *call_of(const char *ticket) /* under the lock */
{
  for (size_t i = call_count; i-- > 0;)
    if (!strcmp(calls[i].ticket, ticket))
      return &calls[i];
  if (call_count == sizeof calls / sizeof *calls)
    die("more calls than tickets", NULL);
  (void)snprintf(calls[call_count].ticket, sizeof calls[0].ticket, "%s", ticket);
  return &calls[call_count++];
}

static void note(const char *ticket, bool seen)
{
  pthread_mutex_lock(&calls_lock);
  struct call *c = call_of(ticket);
  int64_t *at = seen ? &c->seen_us : &c->answered_us;
  if (!*at)
    *at = monotonic_us();
  pthread_mutex_unlock(&calls_lock);
}

/* ---- a clerk ---- */

struct clerk {
  pthread_t thread;
  int window;
  char zone[32];
};
static struct clerk clerks[WINDOWS];

static long act(CURL *curl, const struct clerk *c, const char *command, long serial, json_t **ret)
{
  char who[32], key[48], path[128];
  long status;
  (void)snprintf(who, sizeof who, "clerk-%d", c->window);
  (void)snprintf(key, sizeof key, "%s-%d-%ld", command, c->window, serial);
  (void)snprintf(path, sizeof path, "/api/queue/" HALL "/%s/%d/%s", c->zone, c->window, command);
  json_t *json = ask(curl, who, key, path, "{}", &status);
  if (ret)
    *ret = json;
  else
    json_decref(json);
  return status;
}

static void must(long status, const char *what)
{
  if (status != 200) {
    (void)fprintf(stderr, "replay: %s: HTTP %ld\n", what, status);
    exit(1);
  }
}

static void *work(void *context)
{
  struct clerk *c = context;
  CURL *curl = curl_easy_init();
  unsigned seed = (unsigned)c->window;
  json_t *json;
  must(act(curl, c, "open", 0, NULL), "open");
  for (long serial = 1;; serial++) {
    bool last = atomic_load(&door_closed);
    long status = act(curl, c, "next", serial, &json);
    if (status == 409) { /* nobody is waiting */
      json_decref(json);
      if (last)
        break;
      pause_life(20);
      continue;
    }
    must(status, "next");
    note(json_string_value(json_object_get(json, "ticket")), false);
    json_decref(json);
    atomic_fetch_add(&called, 1);
    pause_life(20 + rand_r(&seed) % 40); /* he walks */
    must(act(curl, c, "serve", serial, NULL), "serve");
    pause_life(240 + rand_r(&seed) % 720); /* 4 to 16 minutes */
    must(act(curl, c, "finish", serial, NULL), "finish");
    atomic_fetch_add(&finished, 1);
  }
  curl_easy_cleanup(curl);
  return NULL;
}

/* ---- the door ---- */

static void *open_door(void *context)
{
  CURL *curl = curl_easy_init();
  long wanted = (long)TICKETS * minutes / DAY_MINUTES, status;
  (void)context;
  for (long i = 0; i < wanted; i++) {
    char who[32], key[32], body[256];
    int window = (int)((i * 37) % WINDOWS); /* as many for each window */
    (void)snprintf(who, sizeof who, "person-%ld", i);
    (void)snprintf(key, sizeof key, "draw-%ld", i);
    (void)snprintf(body, sizeof body, "{\"hall\":\"" HALL "\",\"zone\":\"%s\"%s}", clerks[window].zone,
                   i % 9 ? "" : ",\"priority\":[\"elderly\"]");
    json_decref(ask(curl, who, key, "/api/visits", body, &status));
    must(status == 201 ? 200 : status, "draw");
    atomic_fetch_add(&drawn, 1);
    int64_t due = began_us + (int64_t)((double)(i + 1) * minutes * 60e6 / (double)wanted / faster);
    if (due > monotonic_us())
      pause_us(due - monotonic_us());
  }
  atomic_store(&door_closed, true);
  curl_easy_cleanup(curl);
  return NULL;
}

/* ---- the board: listens, and looks when it is told to ---- */

static void look(CURL *curl)
{
  long status;
  json_t *json = ask(curl, "person-0", "board", "/api/halls/" HALL, NULL, &status), *call;
  size_t i;
  json_array_foreach(json_object_get(json, "calls"), i, call) note(json_string_value(json_object_get(call, "ticket")), true);
  json_decref(json);
}

static size_t hear(char *p, size_t size, size_t n, void *context)
{
  if (memmem(p, size * n, "data:", 5))
    look(context);
  return atomic_load(&over) ? 0 : size * n;
}

static void *watch(void *context)
{
  CURL *listening = curl_easy_init(), *looking = curl_easy_init();
  (void)context;
  while (!atomic_load(&over)) {
    char url[128];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/halls/" HALL "/live", atomic_load(&port));
    curl_easy_reset(listening);
    curl_easy_setopt(listening, CURLOPT_URL, url);
    curl_easy_setopt(listening, CURLOPT_WRITEFUNCTION, hear);
    curl_easy_setopt(listening, CURLOPT_WRITEDATA, looking);
    curl_easy_setopt(listening, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_perform(listening); /* until it breaks; then again */
    pause_us(20000);
  }
  curl_easy_cleanup(listening);
  curl_easy_cleanup(looking);
  return NULL;
}

/* ---- the end: what the events say ---- */

struct tally {
  long ticketed, called, finished, twice, unknown;
  unsigned char *calls; /* of visit n of the queue, by zone */
  int64_t queues[16];
  int at[16][1000]; /* the visit at each window, to see that there is one at most */
};

static int count_event(void *context, const struct event *e, struct error *error)
{
  struct tally *t = context;
  int q = 0;
  (void)error;
  while (q < 15 && t->queues[q] && t->queues[q] != e->id)
    q++;
  t->queues[q] = e->id;
  int64_t visit = json_integer_value(json_object_get(e->data, "visit")),
          window = json_integer_value(json_object_get(e->data, "window"));
  t->ticketed += !strcmp(e->type, "ticketed");
  if (!strcmp(e->type, "called")) {
    t->called++;
    t->twice += t->calls[q * 5000 + visit]++ > 0 || t->at[q][window] != 0;
    t->at[q][window] = (int)visit;
  } else if (!strcmp(e->type, "finished")) {
    t->finished++;
    t->unknown += t->at[q][window] != visit;
    t->at[q][window] = 0;
  }
  return 0;
}

static bool check_events(void)
{
  struct tally t = {.calls = calloc(16 * 5000, 1)};
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (!t.calls || store_open(the_store, &store, &error) || store_connect(store, DB_READ, &db, &error) ||
      engine_scan(db, kinds, 0, count_event, &t, &error))
    die("the events", &error);
  db_close(db);
  store_close(store);
  free(t.calls);
  (void)printf("events: %ld tickets, %ld calls, %ld finished; called twice %ld, finished elsewhere %ld\n", t.ticketed, t.called,
               t.finished, t.twice, t.unknown);
  return t.ticketed == atomic_load(&drawn) && t.called == t.ticketed && t.finished == t.ticketed &&
         t.called == atomic_load(&called) && t.finished == atomic_load(&finished) && !t.twice && !t.unknown;
}

static int by_size(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* In the thousandth of a second of real time; what the board saw before the clerk had his answer counts as 0. */
static size_t report_board(void)
{
  static int64_t behind[TICKETS + 16];
  size_t n = 0, unseen = 0;
  for (size_t i = 0; i < call_count; i++) {
    if (!calls[i].seen_us)
      unseen++;
    else if (calls[i].answered_us)
      behind[n++] = calls[i].seen_us > calls[i].answered_us ? calls[i].seen_us - calls[i].answered_us : 0;
  }
  qsort(behind, n, sizeof *behind, by_size);
  size_t half = n / 2, almost = n * 99 / 100;
  if (n)
    (void)printf("board behind, ms: p50 %.1f  p99 %.1f  most %.1f  (%zu calls, %zu never shown)\n", (double)behind[half] / 1e3,
                 (double)behind[almost] / 1e3, (double)behind[n - 1] / 1e3, call_count, unseen);
  return unseen;
}

static void set_up_clerks(void)
{
  static struct server s;
  load_catalog(&s, dir);
  const struct hall *hall = catalog_hall(s.catalog, SPAN(HALL));
  int n = 0;
  for (size_t i = 0; i < hall_place_count(hall); i++) {
    struct hall_place place = hall_place_at(hall, i);
    for (int k = 0; k < place.windows && n < WINDOWS; k++, n++) {
      clerks[n].window = place.first + k;
      (void)snprintf(clerks[n].zone, sizeof clerks[n].zone, "%s", place.zone);
    }
  }
  catalog_free(s.catalog);
  arena_release(&s.arena);
}

/* Between two kills the day goes on. */
static void kill_now_and_then(int kills)
{
  int64_t all_us = (int64_t)minutes * 60000000 / faster;
  for (int i = 1; i <= kills; i++) {
    int64_t due = began_us + all_us * i / (kills + 1);
    if (due > monotonic_us())
      pause_us(due - monotonic_us());
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    start_server(0);
  }
}

static int replay(int kills)
{
  pthread_t door, board;
  set_up_clerks();
  start_server(0);
  began_us = monotonic_us();
  pthread_create(&board, NULL, watch, NULL);
  for (int i = 0; i < WINDOWS; i++)
    pthread_create(&clerks[i].thread, NULL, work, &clerks[i]);
  pthread_create(&door, NULL, open_door, NULL);
  kill_now_and_then(kills);
  pthread_join(door, NULL);
  for (int i = 0; i < WINDOWS; i++)
    pthread_join(clerks[i].thread, NULL);
  double took = (double)(monotonic_us() - began_us) / 1e6;
  atomic_store(&over, true);
  (void)kill(server, SIGTERM);
  (void)waitpid(server, NULL, 0);
  pthread_join(board, NULL);
  (void)printf("%d minutes of a hall in %.1f s, %d windows; server killed %d times, %ld requests sent again\n", minutes, took,
               WINDOWS, kills, atomic_load(&again));
  bool good = check_events();
  size_t unseen = report_board();
  (void)printf("%s\n", good && (kills || !unseen) ? "ok" : "FAILED");
  return good && (kills || !unseen) ? 0 : 1;
}

int main(int argc, char **argv)
{
  char home[] = "/tmp/onevisit-hall-XXXXXX", url[128], command[160];
  int kills = 0;
  if (argc == 5 && !strcmp(argv[1], "--serve"))
    return serve(argv[2], argv[3], argv[4]);
  self = argv[0];
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--minutes"))
      minutes = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--faster"))
      faster = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--kill"))
      kills = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--store"))
      the_store = argv[i + 1];
  }
  if (!mkdtemp(home))
    die("no directory", NULL);
  dir = home;
  (void)snprintf(url, sizeof url, "sqlite:%s/store.db", home);
  if (!the_store)
    the_store = url;
  (void)curl_global_init(CURL_GLOBAL_ALL);
  int bad = replay(kills);
  curl_global_cleanup();
  (void)snprintf(command, sizeof command, "rm -rf '%s'", home);
  return system(command) || bad; // NOLINT: our own directory
}
