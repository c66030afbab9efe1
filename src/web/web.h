/*
 * web.h: HTTP, sessions, one route table, pages. It knows nothing of one mechanism.
 *
 * A mechanism hands in arrays of struct route. The dispatcher finds the route, checks the role, the CSRF token and every
 * parameter, and only then calls the handler; the same table writes /api/openapi.json. GET handlers run on the HTTP
 * thread with its own read connection; POST, PUT and DELETE handlers run on a worker thread (they wait in engine_do()).
 *
 * How to add a page (docs/web.md has it in full):
 *   1. web/templates/ROOM/my_page.html, its name in web/meson.build    2. a handler in x_pages.c
 *   3. a line in the room's route array                                4. new words in web/translations/zh_CN.po
 *
 *   static int show(struct request *rq, struct error *error)
 *   {
 *     struct casefile_view view;
 *     if (casefile_read(rq->db, rq_str(rq, "no"), rq->arena, &view, error))
 *       return -1;                                  // becomes an error page, or problem+json for the API
 *     return web_page(rq, 200, casework_show(rq, &view));
 *   }
 *   static const struct route routes[] = {
 *     {METHOD_GET, "/cases/{no}", ROLE_APPLICANT, show, .parameters = (const struct parameter[]){
 *        {"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}},
 *      .zh = "我的办件", .en = "One of my cases"},
 *     {0}};
 */
#ifndef ONEVISIT_WEB_WEB_H
#define ONEVISIT_WEB_WEB_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/moment.h"
#include "web/html.h"

struct db;
struct engine;
struct route;
struct nav_item;
struct app; /* what the mechanisms share (the catalogue …): defined by the program, opaque here */

/* ---- who -------------------------------------------------------------------------------------------------- */

enum {
  ROLE_PUBLIC = 1 << 0, /* anybody, signed in or not */
  ROLE_APPLICANT = 1 << 1,
  ROLE_CLERK = 1 << 2,
  ROLE_OFFICER = 1 << 3,
  ROLE_ISSUER = 1 << 4,
  ROLE_SUPERVISOR = 1 << 5,
  ROLE_ADMIN = 1 << 6,
  ROLE_RECORDS = 1 << 7,
  ROLE_EDITOR = 1 << 8,
  ROLE_LEGAL = 1 << 9,
  ROLE_STAFF = ROLE_CLERK | ROLE_OFFICER | ROLE_ISSUER | ROLE_SUPERVISOR | ROLE_ADMIN | ROLE_RECORDS | ROLE_EDITOR | ROLE_LEGAL,
  ROLE_ANYONE_SIGNED_IN = ROLE_APPLICANT | ROLE_STAFF,
};

struct principal {
  const char *id;     /* "staff:zhang", "person:8f3a…": what engine's actor takes */
  const char *name;   /* as shown in the header */
  unsigned roles;     /* ROLE_… without ROLE_PUBLIC */
  const char *agency; /* "" for applicants */
};

/* ---- the request ------------------------------------------------------------------------------------------ */

enum method { METHOD_NONE, METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE }; /* HEAD is answered by the GET route */

struct form_field {
  struct span name, value; /* value: UTF-8 without control characters but tab, LF, CR */
};

/* A file that came in a form. Its name, declared type and content agree (struct route, ROUTE_UPLOADS). */
struct upload {
  struct span field;    /* the form field */
  const char *filename; /* without a path, UTF-8, at most 200 bytes */
  const char *type;     /* the media type found in the content: "application/pdf" */
  int64_t size;         /* bytes, at least 1 */
  int fd;               /* a nameless file, open for reading at 0; closed with the request */
  struct digest digest; /* SHA-256 of the content */
};

/* Something wrong with one field, for the error summary and beside the field. */
struct form_error {
  const char *field;
  const char *text; /* in the reader's language */
};

struct exchange;

struct request {
  enum method method;
  const char *path; /* decoded: "/cases/3302…" */
  const struct route *route;
  const struct principal *who; /* NULL: nobody is signed in */
  enum language lang;
  bool large_print;    /* the reader wants large type («?print=large», kept for a year) */
  bool kiosk;          /* a device in a hall that the next person uses too: web_kiosk() */
  bool api;            /* answer JSON, errors as problem+json */
  const char *address; /* of the client: "127.0.0.1" (the proxy's word is taken only with web_options.proxy) */
  char id[17];         /* of this request, for the log and the error page */
  moment now;

  struct arena *arena;
  struct db *db; /* a read connection of this thread; NULL without web_options.connect */
  struct engine *engine;
  const struct app *app;
  struct buf out; /* the body being written */

  /* What came: all fields of query, path and form or JSON body in order. Handlers use rq_str() and its kin. */
  const struct form_field *fields;
  size_t fields_n;
  const struct upload *uploads;
  size_t uploads_n;
  const json_t *body; /* of an application/json request, else NULL */
  struct span raw;    /* of a ROUTE_RAW request: the body as it came */

  struct form_error *errors; /* see web_field_error() */
  size_t errors_n;

  struct exchange *exchange; /* private to web/ */
};

/*
 * Parameters by name, whether from path, query, form, or a JSON body (members by name, nested ones as "a.b", arrays as
 * repeated fields). Declared ones are already checked. A missing one reads as "" / 0 / DAY_NONE / false / NULL. Names that
 * come from the catalogue need not be declared.
 */
const char *rq_str(const struct request *rq, const char *name); /* trimmed, NUL-terminated */
struct span rq_span(const struct request *rq, const char *name);
int64_t rq_int(const struct request *rq, const char *name);
day rq_day(const struct request *rq, const char *name);
bool rq_flag(const struct request *rq, const char *name); /* 1, true, yes, on */
bool rq_has(const struct request *rq, const char *name);  /* present and not empty */
size_t rq_count(const struct request *rq, const char *name);
struct span rq_nth(const struct request *rq, const char *name, size_t i);             /* of a repeated field (checkboxes) */
const struct upload *rq_upload(const struct request *rq, const char *name, size_t i); /* NULL: there is none */
const char *rq_header(const struct request *rq, const char *name);                    /* "" where absent */

/* The idempotency key of this form or call: hidden field «once» of form_guard(), or the header Idempotency-Key; "" without. */
const char *rq_once(const struct request *rq);

static inline bool rq_may(const struct request *rq, unsigned roles)
{
  return (roles & ROLE_PUBLIC) || (rq->who && (rq->who->roles & roles));
}

/* ---- routes ----------------------------------------------------------------------------------------------- */

enum where { IN_NONE, IN_PATH, IN_QUERY, IN_FORM, IN_FILE }; /* IN_FORM: also a member of a JSON body */
enum type { TYPE_TEXT, TYPE_INT, TYPE_DATE, TYPE_BOOLEAN, TYPE_CHOICE };

struct parameter {
  const char *name;
  enum where where;
  enum type type;
  bool required;              /* present and not empty after trimming */
  int64_t max;                /* TEXT: characters (0: 200); INT: largest value (0: no limit); FILE: how many (0: 1) */
  int64_t min;                /* INT: smallest value */
  const char *const *choices; /* CHOICE: the allowed values, ended by NULL */
  bool many;                  /* may come more than once */
  const char *zh, *en;        /* what it is, as in «请填写经营面积» / «Enter the area» */
};

enum {
  ROUTE_API = 1 << 0,          /* JSON: problems as problem+json, described in openapi.json; also every path under /api/ */
  ROUTE_UPLOADS = 1 << 1,      /* takes files: 20 MiB each, 50 MiB in all */
  ROUTE_NO_CSRF = 1 << 2,      /* for callers that are no browsers (a department's system); never with a session */
  ROUTE_SHOWS_ERRORS = 1 << 3, /* called also with rq->errors_n > 0: shows its form again (status 400) */
  ROUTE_WORKER = 1 << 4,       /* a GET too slow for the HTTP thread */
  ROUTE_CACHED = 1 << 5,       /* the same for everybody: may be kept for a minute; else no-store */
  ROUTE_RAW = 1 << 6,          /* takes a body of any media type, at most 1 MiB, unread: rq->raw */
};

/* Answers through one of the web_… functions and returns 0, or fills *error and returns -1, which answers it. */
typedef int route_handler(struct request *rq, struct error *error);

struct route {
  enum method method;
  const char *pattern; /* "/cases/{no}/files/{file}": {x} is one segment, a last {x*} all the rest with its slashes */
  unsigned roles;      /* ROLE_…, any of them */
  route_handler *handler;
  unsigned flags;                     /* ROUTE_… */
  const struct parameter *parameters; /* ended by {0}; NULL for none */
  const char *zh, *en;                /* summary for openapi.json */
};

/* ---- answers ---------------------------------------------------------------------------------------------- */

/* An HTML page by a template:  return web_page(rq, 200, casework_show(rq, &view)); */
#define web_page(rq, status, template) (web_html((rq), (status)), (template), 0)
void web_html(struct request *rq, unsigned status);

/* status 303 after a POST (the default choice), 302 for a GET. Only a path of this site: anything else goes to "/". */
int web_redirect(struct request *rq, unsigned status, const char *path);

/* The writer of the answer:  struct json_writer w = web_json(rq, 200); json_begin_object(&w, NULL); … return 0; */
struct json_writer web_json(struct request *rq, unsigned status);

/* RFC 9457 problem+json for the API, a page for people; Retry-After with BUSY and TOO_MANY. Returns 0. */
int web_problem(struct request *rq, const struct error *error);

/* What is in rq->out, as another type: "image/svg+xml", "text/csv; charset=utf-8". filename NULL: shown, else downloaded. */
int web_bytes(struct request *rq, unsigned status, const char *type, const char *filename);

/* A download, or with filename NULL shown in its place; takes over fd. */
int web_file(struct request *rq, int fd, int64_t size, const char *type, const char *filename);

/* This answer is the same for everybody and may be kept so long, by anybody; WEB_FOREVER: it never changes. */
#define WEB_FOREVER 31536000
void web_keep(struct request *rq, int seconds);

/*
 * A live stream (server-sent events) of the topic, whose version one of web_options.live knows: from then on the reader hears each
 * new version, and fetches the page again. What he knows already comes as Last-Event-ID or in the query as «since».
 * In a page: <main data-live="PATH?since=VERSION">, see app.js. Errors: no-stream, too-many-streams (BUSY: pages work without).
 */
int web_stream(struct request *rq, const char *topic, struct error *error);
void web_changed(const struct request *rq); /* something has just been committed: look now, not at the next turn */

void web_header(struct request *rq, const char *name, const char *value);
void web_cookie(struct request *rq, const char *name, const char *value,
                int64_t max_age_seconds);                          /* 0: for the browser's session; <0: forget */
struct span rq_cookie(const struct request *rq, const char *name); /* empty: none came */
void web_retry_after(struct request *rq, int seconds);

/* Notes what is wrong with a field; the form's page shows it in error_summary() and beside the field. */
void web_field_error(struct request *rq, const char *field, const char *text);
const char *web_error_of(const struct request *rq, const char *field); /* NULL: none */

/* The session's cookie. The token is the account room's: at least 128 random bits, at most 200 bytes of [A-Za-z0-9_.-]. */
void web_session_start(struct request *rq, const char *token);
void web_session_end(struct request *rq);
struct span web_session_token(const struct request *rq); /* empty: none came */

/*
 * Makes the device that asks a kiosk, or no longer one. A kiosk's pages have large targets and only what is needed there, are
 * never cached, and after a minute without a touch ask whether somebody is still there, then go to KIOSK_END.
 */
#define KIOSK_HOME "/kiosk"
#define KIOSK_END "/kiosk/end"
void web_kiosk(struct request *rq, bool on);
/* Through what the reader acts: "kiosk", "mobile" (the browser says so) or "web"; for the actor of a command. */
const char *web_channel(const struct request *rq);

/* A path of this site to go back to («return» of the sign-in form): path itself, or "/" where it leads elsewhere. */
const char *web_local_path(const char *path);

/* ---- for templates ---------------------------------------------------------------------------------------- */

struct html form_guard(struct request *rq); /* the hidden fields csrf and once: in every form with method="post" */
const char *csrf_token(struct request *rq); /* for the header X-CSRF-Token */
const char *asset_url(const char *name);    /* "app.css" → "/assets/app.3f….css"; aborts for one that does not exist */
const char *url_with(struct request *rq, const char *name,
                     const char *value);                     /* this page's URL with one query parameter set; "" removes */
const char *url_whole(struct request *rq, const char *path); /* with scheme and host, as the reader reached us: for printing */
const char *url_part(struct request *rq, struct span text); /* percent-encoded: one part of a path or query, for links built in C */
const char *moment_words(const struct request *rq, moment at); /* «2026年11月24日 08:05» / «24 November 2026, 08:05»; "" for 0 */
const char *day_words(const struct request *rq, day d);
const char *size_words(const struct request *rq, int64_t bytes); /* «1.2 MB» */

const struct nav_item *web_nav(const struct request *rq); /* the program's navigation; filter with rq_may() */
bool nav_current(const struct request *rq, const struct nav_item *item);
bool web_is_sample(const struct request *rq);
const char *web_sign_in_url(struct request *rq); /* with the way back to this page */

const char *error_title(const struct request *rq, enum error_code code);  /* of an error page: «Not found» */
const char *error_advice(const struct request *rq, enum error_code code); /* what to do about it */

/*
 * A piece of a page that only its subject and the reader's language decide, and that stays as it is as long as the subject lives:
 * written once, then copied. The writer gets a request of nobody: without fields, cookies, address and account, so that nothing of
 * one reader is ever shown to another. It may use what the request lends it of rq->app. Whoever owns the subjects owns the pieces;
 * NULL: nothing is kept.
 */
struct pieces;
typedef void piece_writer(struct request *rq, const void *subject);
struct pieces *pieces_open(void);
void pieces_close(struct pieces *pieces);
void piece(struct request *rq, struct pieces *pieces, piece_writer *write, const void *subject); /* thread-safe */

struct crumb {
  const char *href, *text; /* href NULL: this page */
};

/* One stage of a step bar or of a progress timeline. */
enum stage { STAGE_DONE, STAGE_NOW, STAGE_AHEAD, STAGE_STOPPED };
struct stage_line {
  const char *text;
  enum stage stage;
  const char *detail, *when; /* of a timeline; NULL: none */
  const char *href, *link;   /* of a timeline: more about it; NULL: nothing */
};

struct input_option {
  const char *value, *label, *hint; /* hint may be NULL */
};

/* One field of a form, for the component templates (web/templates/components.html). */
struct input {
  const char *name, *label;
  const char *hint;                   /* NULL: none */
  const char *value;                  /* NULL: what was sent with this request, so that a form shown again keeps it */
  const char *suffix;                 /* «m²» */
  bool optional;                      /* says so beside the label */
  int max;                            /* characters; 0: no limit */
  const struct input_option *options; /* radios, checkboxes, select: ended by {0} */
  const char *autocomplete;           /* as in HTML; NULL: off */
  const char *inputmode;              /* NULL: text; "numeric", "tel", "email" */
};

const char *input_value(const struct request *rq, const struct input *input);
bool input_chosen(const struct request *rq, const struct input *input, const char *value); /* is this option on? */

/* ---- throttling: token buckets in memory ------------------------------------------------------------------ */

struct throttle;
struct throttle *throttle_open(size_t keys_max); /* keeps that many keys; the best rested is forgotten first */
void throttle_close(struct throttle *throttle);

/* Takes one token of the key's bucket (burst tokens, refilled over period_ms): 0, or the seconds to wait. Thread-safe. */
int throttle_take(struct throttle *throttle, struct span key, int burst, int64_t period_ms, moment now);
void throttle_forget(struct throttle *throttle, struct span key); /* after a success */

/* ---- the server ------------------------------------------------------------------------------------------- */

struct nav_item {
  const char *path;
  const char *label; /* marked with N_() */
  unsigned roles;    /* shown to these; ROLE_PUBLIC: to all */
};

/* Knows the versions of the topics that begin with the prefix: a number that moves with every change; -1: not to be had now. */
struct live_source {
  const char *prefix; /* "hall/" */
  int64_t (*version)(void *context, struct db *db, const char *topic, moment now);
};

struct web_options {
  const char *listen;                /* "127.0.0.1:8080", "[::1]:0"; port 0: any free one */
  const struct route *const *routes; /* arrays ended by {0}; the list by NULL */
  const struct nav_item *nav;        /* ended by {0}; may be NULL */
  struct engine *engine;
  const struct app *app;
  /* What a request gets as its app instead, until it is over; may be NULL. Called on HTTP threads. */
  const struct app *(*lend)(void *context);
  void (*give_back)(void *context, const struct app *app);

  /*
   * Who holds this session token: *ret (in rq->arena), left as it is where nobody does. -1: it cannot be found out now, which is no
   * reason to tell somebody to sign in. Called for each request with a token.
   */
  int (*authenticate)(void *context, struct request *rq, struct span token, struct principal *ret, struct error *error);
  /* A read connection for each thread. Both may be NULL. */
  int (*connect)(void *context, struct db **ret, struct error *error);
  void (*disconnect)(void *context, struct db *db);
  /* Every request, when it is answered (access log, counters); may be NULL. Called on an HTTP thread. */
  void (*answered)(void *context, const struct request *rq, unsigned status, int64_t microseconds);
  void *context;

  const char *sign_in_path; /* NULL: "/sign-in" */
  const char *upload_dir;   /* NULL: $TMPDIR or /tmp */
  const char *secret;       /* 64 hex digits; NULL: a new one, so that forms opened before a restart must be opened again */
  bool tls;                 /* people reach us by https: Secure cookies with __Host-, HSTS */
  bool proxy;               /* X-Forwarded-For's last address is the client: only behind a proxy of ours */
  bool sample;              /* the sample city: a banner says so; /kit is there */
  int threads;              /* HTTP threads; 0: one a core */
  int workers;              /* 0: 64 */
  int queue_max;            /* requests waiting for a worker; 0: 1024 */
  int timeout_seconds;      /* of an idle connection, and for a request's head to come whole; 0: 60 */
  int connections_max;      /* beyond, the one longest without a request is closed; 0: 8192 */

  const struct live_source *live; /* ended by {NULL}; NULL: no live pages. Called on HTTP threads and one of its own */
  int streams_max;                /* live streams at once; 0: 10,000, fewer where the process may not open so many files */
  int streams_each; /* … of one address (of one /64 network of IPv6); 0: a fifth of all, but 256 where they are more */
  int live_ms;      /* versions are looked at at least so often; 0: 200 */
  int heartbeat_ms; /* a sign of life on a quiet stream; 0: 20,000 */
};

struct web;
int web_open(const struct web_options *options, struct web **ret,
             struct error *error); /* Errors: bad-listen, listen-failed, bad-routes */
int web_port(const struct web *web);
void web_close(struct web *web); /* answers what is under way, then stops */

#endif
