#include "web/internal.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

/*
 * Every open connection, in the order in which it began what it does now. libmicrohttpd's timeout knows only silence: who
 * sends a byte now and then would hold a connection for ever, and at its limit it takes no new one. Here a whole request
 * head must come in the time that an idle connection has, an exchange has its own time, and where there are too many
 * connections the one that has waited longest for its next request gives its place to the newcomer.
 *
 * A connection is given up by shutdown(), which any thread may call: the library's thread sees its end and closes it. Until
 * then it is listed here, under the lock, so that the descriptor cannot be another's.
 */
enum doing { WAITING, BUSY, STAYING, GOING, DOING_COUNT };

struct connection {
  struct connection *before, *after;
  enum doing doing;
  int fd;
  int64_t since_us;
};

struct connections {
  pthread_mutex_t lock;
  struct connection *first[DOING_COUNT], *last[DOING_COUNT];
  size_t n, max;
  int64_t waiting_us, busy_us; /* the longest */
  int64_t swept_us;
};

struct connections *connections_open(size_t max, int waiting_seconds, int busy_seconds)
{
  struct connections *all = calloc(1, sizeof *all);
  if (!all)
    abort();
  all->max = max;
  all->waiting_us = waiting_seconds * INT64_C(1000000);
  all->busy_us = busy_seconds * INT64_C(1000000);
  pthread_mutex_init(&all->lock, NULL);
  /* twice: uploads and stored files have descriptors too */
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 2 * max) {
    limit.rlim_cur = limit.rlim_max < 2 * max ? limit.rlim_max : 2 * max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
  return all;
}

void connections_close(struct connections *all)
{
  if (!all)
    return;
  pthread_mutex_destroy(&all->lock);
  free(all);
}

static void take_out(struct connections *all, struct connection *c)
{
  *(c->before ? &c->before->after : &all->first[c->doing]) = c->after;
  *(c->after ? &c->after->before : &all->last[c->doing]) = c->before;
}

static void put_last(struct connections *all, struct connection *c, enum doing doing)
{
  c->doing = doing;
  c->before = all->last[doing];
  c->after = NULL;
  *(c->before ? &c->before->after : &all->first[doing]) = c;
  all->last[doing] = c;
}

static void give_up(struct connections *all, struct connection *c)
{
  take_out(all, c);
  put_last(all, c, GOING);
  (void)shutdown(c->fd, SHUT_RDWR);
}

/* Once a second, by whoever comes: where nobody comes, nobody is kept out. */
static void sweep(struct connections *all, int64_t now_us)
{
  if (now_us - all->swept_us < 1000000)
    return;
  all->swept_us = now_us;
  while (all->first[WAITING] && now_us - all->first[WAITING]->since_us > all->waiting_us)
    give_up(all, all->first[WAITING]);
  while (all->first[BUSY] && now_us - all->first[BUSY]->since_us > all->busy_us)
    give_up(all, all->first[BUSY]);
}

static struct connection *arrive(struct connections *all, int fd)
{
  struct connection *c = calloc(1, sizeof *c);
  if (!c)
    abort();
  c->fd = fd;
  c->since_us = monotonic_us();
  pthread_mutex_lock(&all->lock);
  sweep(all, c->since_us);
  if (++all->n > all->max && all->first[WAITING])
    give_up(all, all->first[WAITING]);
  put_last(all, c, WAITING);
  pthread_mutex_unlock(&all->lock);
  return c;
}

static void leave(struct connections *all, struct connection *c)
{
  pthread_mutex_lock(&all->lock);
  take_out(all, c);
  all->n--;
  pthread_mutex_unlock(&all->lock);
  free(c);
}

void connection_notice(void *context, struct MHD_Connection *connection, void **mine, enum MHD_ConnectionNotificationCode what)
{
  struct web *web = context;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    *mine = arrive(web->connections, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
  } else if (*mine) {
    leave(web->connections, *mine);
    *mine = NULL;
  }
}

static void change(struct exchange *x, enum doing doing)
{
  struct connections *all = x->web->connections;
  struct connection *c = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
  if (!c)
    return;
  int64_t now_us = monotonic_us();
  pthread_mutex_lock(&all->lock);
  if (c->doing != GOING) {
    take_out(all, c);
    c->since_us = now_us;
    put_last(all, c, doing);
  }
  sweep(all, now_us);
  pthread_mutex_unlock(&all->lock);
}

void connection_begins(struct exchange *x)
{
  change(x, BUSY);
}

void connection_stays(struct exchange *x)
{
  change(x, STAYING);
}

void connection_waits(struct exchange *x)
{
  change(x, WAITING);
}
