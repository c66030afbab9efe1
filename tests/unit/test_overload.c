/*
 * The web kernel under more clients than it has room for: who is served, who is not, and how many connections are open. Everything
 * is counted; nothing depends on how fast it goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/internal.h"

#define ROOM 24 /* connections the server of these tests keeps */
#define H "Host: a.example\r\n"

/* ---- a server whose worker waits at a gate ---- */

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_wake = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static int gate_reached, gate_passed;

static int page(struct request *rq, struct error *error)
{
  (void)error;
  buf_str(&rq->out, "served");
  return web_bytes(rq, 200, "text/plain", NULL);
}

static int gated(struct request *rq, struct error *error)
{
  pthread_mutex_lock(&gate_lock);
  gate_reached++;
  while (!gate_open)
    pthread_cond_wait(&gate_wake, &gate_lock);
  gate_passed++;
  pthread_mutex_unlock(&gate_lock);
  return page(rq, error);
}

static const struct parameter file[] = {{"file", IN_FILE, TYPE_TEXT, false, .max = 4, .zh = "文件", .en = "file"}, {0}};
static const struct route routes[] = {
    {METHOD_GET, "/page", ROLE_PUBLIC, page},
    {METHOD_POST, "/gate", ROLE_PUBLIC, gated, ROUTE_NO_CSRF},
    {METHOD_POST, "/form", ROLE_PUBLIC, gated, ROUTE_NO_CSRF},
    {METHOD_POST, "/files", ROLE_PUBLIC, page, ROUTE_NO_CSRF | ROUTE_UPLOADS, file},
    {0},
};
static const struct route *const lists[] = {routes, NULL};

static struct web *open_server(int connections_max, int queue_max, int timeout_seconds)
{
  struct web *server;
  struct error error = {0};
  const struct web_options options = {.listen = "127.0.0.1:0",
                                      .routes = lists,
                                      .threads = 2,
                                      .workers = 2,
                                      .queue_max = queue_max,
                                      .timeout_seconds = timeout_seconds,
                                      .connections_max = connections_max};
  if (web_open(&options, &server, &error))
    fail_msg("%s", error.en);
  gate_open = false;
  gate_reached = gate_passed = 0;
  return server;
}

static void open_gate(void)
{
  pthread_mutex_lock(&gate_lock);
  gate_open = true;
  pthread_cond_broadcast(&gate_wake);
  pthread_mutex_unlock(&gate_lock);
}

/* ---- clients ---- */

static int dial(const struct web *server, const char *first_words)
{
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)web_port(server))};
  struct timeval patience = {20, 0};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)!send(fd, first_words, strlen(first_words), MSG_NOSIGNAL);
  return fd;
}

/* The status of the answer, read to its end where it closes; 0: closed without one. The head's first bytes come in one piece. */
static int status_of(int fd, char head[2048])
{
  ssize_t n = recv(fd, head, 2047, 0);
  head[n > 0 ? n : 0] = 0;
  int status = 0;
  if (n > 0)
    assert_int_equal(sscanf(head, "HTTP/1.1 %d", &status), 1);
  return status;
}

static int served(const struct web *server)
{
  char head[2048];
  int fd = dial(server, "GET /page HTTP/1.1\r\n" H "\r\n"), status = status_of(fd, head);
  close(fd);
  return status == 200;
}

/* Does the server hold this connection open? Whoever was closed reads an end, or a reset. */
static bool is_open(int fd)
{
  char c;
  ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static int count_open(const int *list, size_t n)
{
  int open = 0;
  for (size_t i = 0; i < n; i++)
    open += is_open(list[i]);
  return open;
}

static void hang_up(const int *list, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (list[i] >= 0)
      close(list[i]);
}

/* ---- connections ---- */

/* Slowloris: many begin a request and never end it. */
static void who_never_ends_a_request_gives_place_to_who_does(void **state)
{
  (void)state;
  struct web *server = open_server(ROOM, 16, 600);
  enum { MANY = 10 * ROOM };
  int slow[MANY], answered = 0;
  for (size_t i = 0; i < MANY; i++) {
    slow[i] = dial(server, i % 2 ? "GET /page HTTP/1.1\r\nHo" : "");
    answered += i % 4 == 0 && served(server);
  }
  assert_int_equal(answered, MANY / 4);
  int open = count_open(slow, MANY);
  assert_in_range(open, 1, ROOM + 2); /* the last ones given up may still be on their way out */
  assert_false(is_open(slow[0]));
  assert_true(is_open(slow[MANY - 1]));
  hang_up(slow, MANY);
  web_close(server);
}

/* The library's timeout knows silence only; a byte now and then would hold a connection for ever. */
static void a_head_that_trickles_in_is_given_up(void **state)
{
  (void)state;
  struct web *server = open_server(ROOM, 16, 1);
  int fd = dial(server, "GET /page HTTP/1.1\r\nX: ");
  while (is_open(fd)) {
    (void)!send(fd, "x", 1, MSG_NOSIGNAL);
    assert_true(served(server));
    usleep(50000);
  }
  close(fd);
  web_close(server);
}

static void who_is_being_served_is_never_put_out(void **state)
{
  (void)state;
  struct web *server = open_server(ROOM, 64, 600);
  enum { AT_WORK = 2, IDLE = 3 * ROOM }; /* as many as there are workers */
  int at_work[AT_WORK], idle[IDLE];
  char head[2048];
  for (size_t i = 0; i < AT_WORK; i++)
    at_work[i] = dial(server, "POST /gate HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n");
  for (int reached = 0; reached < AT_WORK;) {
    usleep(1000);
    pthread_mutex_lock(&gate_lock);
    reached = gate_reached;
    pthread_mutex_unlock(&gate_lock);
  }
  for (size_t i = 0; i < IDLE; i++)
    idle[i] = dial(server, "");
  assert_int_equal(served(server), 1);
  open_gate();
  for (size_t i = 0; i < AT_WORK; i++)
    assert_int_equal(status_of(at_work[i], head), 200);
  assert_int_equal(gate_passed, AT_WORK);
  hang_up(at_work, AT_WORK);
  hang_up(idle, IDLE);
  web_close(server);
}

/* ---- ten times as many as it can do ---- */

static void ten_times_the_room_some_wait_and_the_rest_hear_it_at_once(void **state)
{
  (void)state;
  enum { QUEUE = 8, AT_ONCE = 10 * (QUEUE + 2) };
  struct web *server = open_server(1000, QUEUE, 600);
  int all[AT_ONCE], refused = 0, done = 0, waiting[AT_ONCE], waiting_n = 0;
  char head[2048];
  /* One after the other; two are with the workers, as many as the queue takes wait, all others are answered while these do. */
  for (size_t i = 0; i < AT_ONCE; i++)
    all[i] = dial(server, "POST /gate HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n");
  assert_int_equal(served(server), 1);
  while (refused < AT_ONCE - QUEUE - 2) {
    refused = 0;
    for (size_t i = 0; i < AT_ONCE; i++) {
      char c;
      refused += recv(all[i], &c, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
    }
    usleep(1000);
  }
  for (size_t i = 0; i < AT_ONCE; i++) {
    char c;
    if (recv(all[i], &c, 1, MSG_DONTWAIT | MSG_PEEK) != 1) {
      waiting[waiting_n++] = all[i];
      continue;
    }
    assert_int_equal(status_of(all[i], head), 503);
    assert_non_null(strstr(head, "Retry-After: 1\r\n"));
  }
  assert_in_range(waiting_n, QUEUE, QUEUE + 2);
  open_gate();
  for (int i = 0; i < waiting_n; i++)
    done += status_of(waiting[i], head) == 200;
  assert_int_equal(done, waiting_n);
  assert_int_equal(gate_passed, waiting_n);
  /* and after the spike everybody is served as before, on the very connections that were refused */
  for (size_t i = 0; i < AT_ONCE; i++) {
    while (recv(all[i], head, sizeof head, MSG_DONTWAIT) > 0)
      ;
    (void)!send(all[i], "GET /page HTTP/1.1\r\n" H "\r\n", strlen("GET /page HTTP/1.1\r\n" H "\r\n"), MSG_NOSIGNAL);
    assert_int_equal(status_of(all[i], head), 200);
  }
  hang_up(all, AT_ONCE);
  web_close(server);
}

/* ---- what bodies take ---- */

static bool answered(int fd)
{
  char c;
  return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

static int count_answered(const int *list, size_t n)
{
  int sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += answered(list[i]);
  return sum;
}

static void uploads_under_way_are_bounded_and_touch_no_page(void **state)
{
  (void)state;
  enum { BOUND = 128, OVER = 12 };
  static const char begin[] =
      "POST /files HTTP/1.1\r\n" H "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000\r\n\r\n"
      "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n"
      "Content-Type: application/pdf\r\n\r\n%PDF-1.4 and no more";
  struct web *server = open_server(1000, 16, 600);
  int uploads[BOUND + OVER], kept = -1;
  char head[2048];
  for (size_t i = 0; i < BOUND + OVER; i++)
    uploads[i] = dial(server, begin);
  for (int i = 0; i < 20; i++)
    assert_int_equal(served(server), 1);
  /* who came over the bound reads the refusal; the others' rest is waited for in silence */
  while (count_answered(uploads, BOUND + OVER) < OVER)
    usleep(1000);
  for (int i = 0; i < BOUND + OVER; i++) {
    if (!answered(uploads[i])) {
      kept = i;
      continue;
    }
    assert_int_equal(status_of(uploads[i], head), 503);
    assert_non_null(strstr(head, "Retry-After: 1\r\n"));
    assert_non_null(strstr(head, "Connection: close\r\n"));
  }
  /* one of them hangs up: its place is another's */
  assert_in_range(kept, 0, BOUND + OVER - 1);
  close(uploads[kept]);
  uploads[kept] = -1;
  for (bool refused = true; refused; close(uploads[kept])) {
    uploads[kept] = dial(server, begin);
    assert_int_equal(served(server), 1);
    usleep(10000);
    refused = answered(uploads[kept]);
  }
  uploads[kept] = -1;
  hang_up(uploads, BOUND + OVER);
  web_close(server);
}

static size_t held_of(struct web *server)
{
  return __atomic_load_n(&server->bodies, __ATOMIC_RELAXED);
}

/* Sends a form but for its last byte, and waits until the server has read it: all of it, or so much that it was refused. */
static int hold_form(struct web *server, const char *begin, const char *body, size_t n)
{
  size_t before = held_of(server), now = before;
  int fd = dial(server, begin);
  for (ssize_t left = (ssize_t)n, sent = 1; left && sent > 0; left -= sent)
    sent = send(fd, body, (size_t)left, MSG_NOSIGNAL);
  for (int waited = 0; waited < 60000 && now < before + n - SMALL_BODY && (now <= BODIES_MAX || now == before); waited++) {
    usleep(1000);
    now = held_of(server);
  }
  return fd;
}

static void what_forms_take_of_memory_is_bounded_and_small_ones_always_fit(void **state)
{
  (void)state;
  enum { MEGABYTE = 1 << 20, BOUND = 256, OVER = 40 };
  static const char begin[] =
      "POST /form HTTP/1.1\r\n" H "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1048576\r\n\r\na=",
                    small[] = "POST /form HTTP/1.1\r\n" H
                              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
  struct web *server = open_server(1000, 16, 600);
  char *body = malloc(MEGABYTE), head[2048];
  int forms[BOUND + OVER], full = BOUND + OVER; /* the first one that came over the bound */
  assert_non_null(body);
  memset(body, 'x', MEGABYTE);
  open_gate();
  for (int i = 0; i < BOUND + OVER; i++) {
    forms[i] = hold_form(server, begin, body, MEGABYTE - 3);
    full = held_of(server) > BODIES_MAX && i < full ? i : full;
  }
  int fd = dial(server, small);
  assert_int_equal(status_of(fd, head), 200);
  close(fd);
  assert_in_range(full, BOUND, BOUND + OVER - 1);
  /* whoever came later is told so; of those before, only the first to send another byte, and with his place there is room again */
  for (int i = 0; i < BOUND + OVER; i++) {
    size_t before = held_of(server);
    (void)!send(forms[i], "x", 1, MSG_NOSIGNAL);
    assert_int_equal(status_of(forms[i], head), i == 0 || i >= full ? 503 : 200);
    if (i == 0 || i >= full)
      assert_non_null(strstr(head, "Retry-After: 1\r\n"));
    for (int waited = 0; waited < 60000 && held_of(server) >= before; waited++)
      usleep(1000);
  }
  assert_int_equal(held_of(server), 0);
  hang_up(forms, BOUND + OVER);
  /* what was held is free again */
  fd = dial(server, begin);
  for (ssize_t left = MEGABYTE - 2, n = 1; left && n > 0; left -= n)
    n = send(fd, body, (size_t)left, MSG_NOSIGNAL);
  assert_int_equal(status_of(fd, head), 200);
  close(fd);
  free(body);
  web_close(server);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_never_ends_a_request_gives_place_to_who_does),
      cmocka_unit_test(a_head_that_trickles_in_is_given_up),
      cmocka_unit_test(who_is_being_served_is_never_put_out),
      cmocka_unit_test(ten_times_the_room_some_wait_and_the_rest_hear_it_at_once),
      cmocka_unit_test(uploads_under_way_are_bounded_and_touch_no_page),
      cmocka_unit_test(what_forms_take_of_memory_is_bounded_and_small_ones_always_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
