/*
 * Live streams on the wire: a real server, many connections at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "web/web.h"

static _Atomic int64_t versions[2];
static struct web *web;

static int64_t version_of(void *context, struct db *db, const char *topic, moment now)
{
  (void)context;
  (void)db;
  (void)now;
  return atomic_load(&versions[!strcmp(topic, "room/b")]);
}

/* What requests are lent, and give back. */
static atomic_int lent;

static const struct app *lend(void *context)
{
  (void)context;
  atomic_fetch_add(&lent, 1);
  return (const struct app *)&lent;
}

static void give_back(void *context, const struct app *app)
{
  (void)context;
  (void)app;
  atomic_fetch_sub(&lent, 1);
}

static int stream(struct request *rq, struct error *error)
{
  return web_stream(rq, arena_printf(rq->arena, "room/%s", rq_str(rq, "room")), error);
}

static int other(struct request *rq, struct error *error)
{
  (void)error;
  return web_stream(rq, "nobody/knows", error);
}

static int page(struct request *rq, struct error *error)
{
  (void)error;
  buf_str(&rq->out, "a page\n");
  return web_bytes(rq, 200, "text/plain; charset=utf-8", NULL);
}

static int change(struct request *rq, struct error *error)
{
  (void)error;
  atomic_fetch_add(&versions[0], 1);
  web_changed(rq);
  return page(rq, error);
}

static bool proxy;
static int streams_each;

static void start(int streams_max, int live_ms, int heartbeat_ms)
{
  static const struct parameter room[] = {{"room", IN_PATH, TYPE_TEXT, true, .max = 8, .zh = "房间", .en = "the room"},
                                          {"since", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "版本", .en = "the version"},
                                          {0}};
  static const struct route routes[] = {{METHOD_GET, "/live/{room}", ROLE_PUBLIC, stream, 0, room},
                                        {METHOD_GET, "/other", ROLE_PUBLIC, other},
                                        {METHOD_GET, "/page", ROLE_PUBLIC, page},
                                        {METHOD_GET, "/change", ROLE_PUBLIC, change},
                                        {0}};
  static const struct route *const lists[] = {routes, NULL};
  static const struct live_source sources[] = {{"room/", version_of}, {NULL}};
  struct web_options options = {.listen = "127.0.0.1:0",
                                .routes = lists,
                                .threads = 2,
                                .workers = 2,
                                .timeout_seconds = 1, /* of idle connections; streams are none */
                                .live = sources,
                                .lend = lend,
                                .give_back = give_back,
                                .streams_max = streams_max,
                                .streams_each = streams_each,
                                .proxy = proxy,
                                .live_ms = live_ms,
                                .heartbeat_ms = heartbeat_ms};
  struct error error;
  atomic_store(&versions[0], 7);
  atomic_store(&versions[1], 1);
  assert_int_equal(web_open(&options, &web, &error), 0);
}

/* ---- a reader ---- */

static int dial(void)
{
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)web_port(web)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
  return fd;
}

static int ask(const char *path, const char *header)
{
  char text[512];
  int fd = dial(), n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, header);
  assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
  return fd;
}

/* Reads until the text is there; gives up after ten seconds without a byte. */
static char heard[65536];
static bool hear(int fd, const char *wanted)
{
  size_t n = 0;
  heard[0] = 0;
  while (!strstr(heard, wanted)) {
    struct pollfd p = {fd, POLLIN, 0};
    ssize_t got = poll(&p, 1, 10000) == 1 ? recv(fd, heard + n, sizeof heard - 1 - n, 0) : 0;
    if (got <= 0)
      return false;
    n += (size_t)got;
    heard[n] = 0;
  }
  return true;
}

static bool ended(int fd)
{
  struct pollfd p = {fd, POLLIN, 0};
  char bytes[4096];
  for (;;) {
    if (poll(&p, 1, 10000) != 1)
      return false;
    if (recv(fd, bytes, sizeof bytes, 0) <= 0)
      return true;
  }
}

/* ---- tests ---- */

static void says_what_changed(void **state)
{
  (void)state;
  start(0, 20, 0);
  int fd = ask("/live/a", ""), b = ask("/live/b?since=1", "");
  assert_true(hear(fd, "data: 7"));
  assert_non_null(strstr(heard, "200 OK"));
  assert_non_null(strstr(heard, "text/event-stream"));
  assert_non_null(strstr(heard, "X-Accel-Buffering: no"));
  atomic_store(&versions[0], 8);
  assert_true(hear(fd, "id: 8\ndata: 8\n\n"));
  atomic_store(&versions[1], 2); /* its reader knew version 1, and hears of 2 first */
  assert_true(hear(b, "data: 2"));
  assert_null(strstr(heard, "data: 1\n"));
  assert_int_equal(atomic_load(&lent), 0); /* a stream that lasts keeps nothing */
  close(fd);
  close(b);
  web_close(web);
}

static void a_broken_network_loses_nothing(void **state)
{
  (void)state;
  start(0, 20, 0);
  int fd = ask("/live/a", "Last-Event-ID: 7\r\n");
  atomic_store(&versions[0], 9);
  assert_true(hear(fd, "data: 9"));
  assert_null(strstr(heard, "data: 7"));
  close(fd);
  atomic_store(&versions[0], 12); /* while nobody listens */
  fd = ask("/live/a", "Last-Event-ID: 9\r\n");
  assert_true(hear(fd, "data: 12"));
  close(fd);
  fd = ask("/live/a", "Last-Event-ID: nonsense\r\n");
  assert_true(hear(fd, "data: 12"));
  close(fd);
  web_close(web);
}

/* Nothing but the word of who made the change wakes it: the turn comes every ten minutes here. */
static void is_told_at_once(void **state)
{
  (void)state;
  start(0, 600000, 0);
  int fd = ask("/live/a", ""), page_fd;
  assert_true(hear(fd, "data: 7"));
  page_fd = ask("/change", "");
  assert_true(hear(page_fd, "a page"));
  assert_true(hear(fd, "data: 8"));
  close(fd);
  close(page_fd);
  web_close(web);
}

/* Quieter than the connection's time limit, and still there; a sign of life comes now and then. */
static void outlives_silence(void **state)
{
  (void)state;
  start(0, 20, 400);
  int fd = ask("/live/a", "Last-Event-ID: 7\r\n");
  for (int i = 0; i < 4; i++)
    assert_true(hear(fd, ":\n\n"));
  struct timespec pause = {1, 500000000};
  (void)nanosleep(&pause, NULL);
  atomic_store(&versions[0], 8);
  assert_true(hear(fd, "data: 8"));
  close(fd);
  web_close(web);
}

static void unknown_topics_are_refused(void **state)
{
  (void)state;
  start(0, 20, 0);
  int fd = ask("/other", "");
  assert_true(hear(fd, "404 "));
  close(fd);
  web_close(web);
}

/* As many as are allowed and one more; all hear the change, pages are answered all the while, places are given back. */
static void many_streams(void **state)
{
  (void)state;
  struct rlimit files;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
  int allowed = getenv("LIVE_STREAMS") ? atoi(getenv("LIVE_STREAMS")) : 1500;
  /* both ends are in this process, and half of its files may be streams */
  int most = files.rlim_max < (rlim_t)allowed * 4 ? (int)(files.rlim_max / 4) : allowed;
  streams_each = most;
  start(most, 20, 0);
  streams_each = 0;
  int *fds = calloc((size_t)most, sizeof *fds);
  assert_non_null(fds);
  for (int i = 0; i < most; i++)
    fds[i] = ask("/live/a", "Last-Event-ID: 7\r\n");
  for (int i = 0; i < most; i++)
    assert_true(hear(fds[i], "retry: "));
  int page_fd = ask("/page", ""), late = ask("/live/a", "");
  assert_true(hear(page_fd, "a page"));
  assert_true(hear(late, "503 "));
  assert_non_null(strstr(heard, "Retry-After: 15"));
  close(page_fd);
  close(late);
  atomic_store(&versions[0], 8);
  for (int i = 0; i < most; i++)
    assert_true(hear(fds[i], "data: 8"));
  for (int i = 0; i < most; i += 2)
    close(fds[i]);
  bool taken = false; /* the dead are noticed by writing to them, twice */
  for (int version = 9; version < 60 && !taken; version++) {
    char wanted[16];
    (void)snprintf(wanted, sizeof wanted, "data: %d", version);
    atomic_store(&versions[0], version);
    for (int i = 1; i < most; i += 2)
      assert_true(hear(fds[i], wanted));
    late = ask("/live/a", "");
    taken = hear(late, "\r\n\r\n") && strstr(heard, "200 OK");
    close(late);
  }
  assert_true(taken);
  web_close(web); /* ends those that are left */
  for (int i = 1; i < most; i += 2) {
    assert_true(ended(fds[i]));
    close(fds[i]);
  }
  free(fds);
}

/* Whether the server lets one more in from there; *ret_fd is to be closed. */
static bool lets_in(const char *address, int *ret_fd)
{
  char header[100];
  (void)snprintf(header, sizeof header, "X-Forwarded-For: %s\r\n", address);
  *ret_fd = ask("/live/a", header);
  if (!hear(*ret_fd, "\r\n\r\n"))
    return false;
  bool in = strstr(heard, "200 OK") != NULL;
  if (!in) {
    assert_non_null(strstr(heard, "503 "));
    assert_non_null(strstr(heard, "Retry-After: 15"));
  }
  return in;
}

/* One address has so many and no more; others are let in all the same; what it gives back it may have again. */
static void an_address_cannot_take_all(void **state)
{
  static const char *const same[] = {"2001:db8:1:2::1", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::3"};
  enum { EACH = 3 };
  int fds[EACH], late, other, six[EACH], page_fd;
  (void)state;
  proxy = true;
  streams_each = EACH;
  start(100, 20, 0);
  for (int i = 0; i < EACH; i++)
    assert_true(lets_in("192.0.2.7", &fds[i]));
  assert_false(lets_in("192.0.2.7", &late));
  close(late);
  assert_true(lets_in("192.0.2.8", &other));
  for (int i = 0; i < EACH; i++)
    assert_true(lets_in(same[i], &six[i]));
  assert_false(lets_in("2001:db8:1:2::4", &late)); /* of the same network */
  close(late);
  assert_true(lets_in("2001:db8:1:3::1", &late));
  close(late);
  page_fd = ask("/page", "X-Forwarded-For: 192.0.2.7\r\n");
  assert_true(hear(page_fd, "a page"));
  close(page_fd);
  atomic_store(&versions[0], 8);
  for (int i = 0; i < EACH; i++)
    assert_true(hear(fds[i], "data: 8"));
  close(fds[0]);
  bool taken = false; /* the dead one is noticed by writing to it */
  for (int version = 9; version < 200 && !taken; version++) {
    char wanted[16];
    (void)snprintf(wanted, sizeof wanted, "data: %d", version);
    atomic_store(&versions[0], version);
    assert_true(hear(fds[1], wanted));
    taken = lets_in("192.0.2.7", &late);
    if (!taken)
      close(late);
  }
  assert_true(taken);
  assert_false(lets_in("192.0.2.7", &fds[0]));
  for (int i = 0; i < EACH; i++) {
    close(fds[i]);
    close(six[i]);
  }
  close(late);
  close(other);
  web_close(web);
  proxy = false;
  streams_each = 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_changed),
      cmocka_unit_test(a_broken_network_loses_nothing),
      cmocka_unit_test(is_told_at_once),
      cmocka_unit_test(outlives_silence),
      cmocka_unit_test(unknown_topics_are_refused),
      cmocka_unit_test(many_streams),
      cmocka_unit_test(an_address_cannot_take_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
