/*
 * internal.h: what the files of web/ share; nobody else includes it.
 *
 * An exchange is one request and its answer: begun when the request line is known, fed with the body on the HTTP thread,
 * handled there or on a worker, answered on the HTTP thread, and recycled when the answer is sent.
 */
#ifndef ONEVISIT_WEB_INTERNAL_H
#define ONEVISIT_WEB_INTERNAL_H

#include <pthread.h>

#include <microhttpd.h>

#include "web/web.h"

#define URL_MAX 4096
#define FORM_MAX ((size_t)1 << 20)
#define FILE_MAX_BYTES ((int64_t)20 << 20)
#define UPLOADS_MAX_BYTES ((int64_t)50 << 20)
#define FIELDS_MAX 2000
#define FIELD_NAME_MAX 256 /* of a member of a JSON body, with the names of what it stands in */
#define UPLOADS_MAX 60
#define PAGE_MAX ((size_t)32 << 20)
#define HEADERS_MAX 24
#define VISITOR_SECONDS (30 * 86400)
#define SMALL_BODY ((size_t)64 << 10)  /* larger ones count: */
#define BODIES_MAX ((size_t)256 << 20) /* bytes of forms that are held at once */
#define UPLOADING_MAX 128              /* requests with files that come in at once */

struct header {
  const char *name, *value;
};

/* A part of a multipart body while it is read. */
enum multipart_state { MULTIPART_START, MULTIPART_HEADERS, MULTIPART_DATA, MULTIPART_AFTER, MULTIPART_END };

struct multipart {
  enum multipart_state state;
  char delimiter[80]; /* "\r\n--" boundary */
  size_t delimiter_n;
  struct buf held;       /* bytes not yet decided on */
  struct buf value;      /* of the field being read */
  struct span name;      /* of the part being read */
  struct upload *upload; /* NULL: the part is a field */
  const char *declared;  /* its declared type */
  bool skip;             /* a file field left empty */
  int64_t file_bytes;    /* of all files */
  int64_t field_bytes;   /* of all fields */
};

enum body_kind { BODY_NONE, BODY_FORM, BODY_MULTIPART, BODY_JSON, BODY_RAW };

struct exchange {
  struct request rq;
  struct web *web;
  struct arena arena;
  struct MHD_Connection *connection;
  struct exchange *next; /* in the queue of workers, or in a list of free ones */

  char *target; /* as it came, raw */
  bool head;
  bool begun;    /* the first callback is over */
  bool answered; /* an answer is in status, headers, rq.out */
  bool waiting;  /* suspended, for a worker */
  bool close;    /* close the connection after the answer */
  int64_t began_us;

  /* the body */
  enum body_kind kind;
  int64_t length; /* declared */
  int64_t got;
  struct buf body;
  struct multipart multipart;
  size_t counted; /* of the body, in web->bodies */
  bool uploading; /* in web->uploading */
  bool broken;    /* the body is bad: error says why, the rest is dropped */
  struct error error;

  size_t fields_cap;
  const char **declared; /* of each upload: its declared type */
  size_t errors_cap;

  const char *allow; /* for 405 */
  struct principal principal;
  struct span session; /* the cookie's token */
  struct span bearer;  /* of Authorization */
  char visitor[33];    /* of the signed cookie; "" for none */
  char csrf[65], once[33];
  bool set_visitor;

  /* the answer */
  unsigned status;
  const char *type;
  struct header headers[HEADERS_MAX];
  size_t headers_n;
  int fd;
  int64_t fd_size;
  const struct asset *asset;
  int keep;          /* seconds; see web_keep() */
  const char *topic; /* of a live stream; NULL */
  int64_t version;
};

struct live;

struct web {
  struct web_options options;
  struct MHD_Daemon *daemon;
  struct live *live; /* live.h; NULL */
  struct connections *connections;
  size_t bodies;      /* bytes of larger bodies held, atomic */
  unsigned uploading; /* requests with files coming in, atomic */
  pthread_key_t thread_key;
  unsigned char secret[32];
  struct hmac_key signer;      /* of the secret */
  struct route own_routes[3];  /* ended by {0} */
  const struct route **routes; /* all, flat */
  size_t routes_n;
  char *sign_in, *upload_dir;
  int listen_fd, port;
  uint64_t serial; /* of requests */
  struct buf openapi;

  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct exchange *first, *last;
  size_t queued;  /* in the list */
  size_t pending; /* given to a worker and not yet sent */
  bool stopping;
  pthread_t *workers;
  int workers_n;
  struct thread_state *threads; /* of every thread that has handled a request, under lock */
  pthread_mutex_t threads_lock;
};

/* What a thread keeps: its connection to the store, exchanges that are over with memory for the next ones, random bytes. */
struct thread_state {
  struct thread_state *next;
  struct db *db;
  struct exchange *spare;
  unsigned spare_n;
  unsigned char random[512];
  size_t random_n; /* of them not yet given out */
};

/* span_cut() for where an empty rest is no end: the head is empty then. */
static inline struct span cut(struct span *rest, char c)
{
  struct span head;
  return span_cut(rest, c, &head) ? head : (struct span){"", 0};
}

/* guard.c: is this request fit to be looked at? Fills *error and returns -1 for one that could be read in two ways. */
int guard_check(struct exchange *x, const char *version, struct error *error);
bool guard_text(const char *s, size_t n); /* a header's value: visible characters, spaces, tabs, bytes over 0x7f */

/* connection.c: how many are open, and for how long */
struct connections *connections_open(size_t max, int waiting_seconds, int busy_seconds);
void connections_close(struct connections *all);
void connection_notice(void *web, struct MHD_Connection *connection, void **mine, enum MHD_ConnectionNotificationCode what);
void connection_begins(struct exchange *x); /* its request has a whole head */
void connection_stays(struct exchange *x);  /* its answer may go on without end */
void connection_waits(struct exchange *x);  /* the exchange is over */

/* request.c */
void request_add(struct exchange *x, struct span name, struct span value); /* in the arena already */
int request_target(struct exchange *x, struct error *error);               /* path and query of x->target */
int request_form(struct exchange *x, struct span body, struct error *error);
int request_json(struct exchange *x, struct span body, struct error *error);
bool percent_decode(struct arena *arena, struct span s, bool plus, struct span *ret); /* false: malformed, or not plain text */
struct span cookie_of(const struct exchange *x, const char *name);
int quality(struct span item); /* of «gzip;q=0.5» in an Accept header, in thousandths; 1000 where it says none */
void request_language(struct exchange *x);
void request_view(struct exchange *x);
int request_who(struct exchange *x, struct error *error);

/* form.c: multipart/form-data and files */
int multipart_begin(struct exchange *x, struct span content_type, struct error *error);
int multipart_feed(struct exchange *x, const char *p, size_t n, struct error *error);
int multipart_finish(struct exchange *x, struct error *error);
int uploads_check(struct exchange *x, struct error *error); /* sniffs and digests every file */
/* The media type of the content, or NULL when it does not fit the declared type and the name's ending. */
const char *sniff(const char *filename, struct span declared, struct span content);

/* route.c */
int routes_check(const struct route *const *lists, struct error *error);
const struct route *route_find(struct exchange *x, struct error *error); /* fills path parameters; 404, 405 */
int route_admit(struct exchange *x, struct error *error);                /* role; redirects to the sign-in page */
int parameters_check(struct exchange *x, struct error *error);
bool route_is_api(const struct route *route);

/* session.c */
void visitor_read(struct exchange *x);
int csrf_check(struct exchange *x, struct error *error);
int origin_check(struct exchange *x, struct error *error);
bool constant_time_eq(struct span a, struct span b);
const char *session_cookie(const struct web *web);

/* answer.c */
void answer_handler(struct exchange *x); /* runs the route's handler, with everything checked before it */
enum MHD_Result answer_send(struct exchange *x);
void answer_reset(struct exchange *x);
void answer_asset(struct exchange *x);

/* server.c: random_bytes() by the hundred, for a form's few cost as much as many. Never the same ones twice; n at most 64. */
void web_random(struct web *web, void *out, size_t n);

/* multi-use */
void web_openapi_list(struct buf *out, const struct route *const *routes, size_t n);
int handler_openapi(struct request *rq, struct error *error);
int handler_kit(struct request *rq, struct error *error);

#endif
