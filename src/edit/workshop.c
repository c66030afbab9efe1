#include "edit/workshop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "edit/draft.h"
#include "edit/study.h"

enum { JOBS_MAX = 64, FOLLOW_MS = 2000 };

enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_RUNNING, SLOT_DONE };

struct slot {
  enum slot_state state;
  struct arena arena; /* of the job's words, and of its result */
  struct job job;
  uint64_t order;
  bool again; /* asked for while it ran: what it comes to is of yesterday */
  enum job_phase phase;
  size_t done, all;
  bool failed;
  struct error error;
  struct span result;
};

struct workshop {
  struct workshop_options options;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct db *db;
  bool stopping;
  int64_t followed_us;     /* when it last looked at what is in force */
  struct error unfollowed; /* why that could not be taken: said once */
  uint64_t asked;
  struct slot slots[JOBS_MAX];
};

/* One run of one job. */
struct run {
  struct workshop *ws;
  struct slot *slot;
  struct study study;
};

/* ---- asking ---- */

static bool same_job(const struct job *a, const struct job *b)
{
  return a->kind == b->kind && a->draft == b->draft && strcmp(a->version ? a->version : "", b->version ? b->version : "") == 0;
}

/* The slot of this job, else one that may be taken: a free one, or that of the job which ended longest ago. */
static struct slot *slot_of(struct workshop *ws, const struct job *job, bool take)
{
  struct slot *best = NULL;
  for (size_t i = 0; i < JOBS_MAX; i++) {
    struct slot *s = &ws->slots[i];
    if (s->state != SLOT_FREE && same_job(&s->job, job))
      return s;
    if (s->state == SLOT_FREE || s->state == SLOT_DONE)
      if (!best || (best->state == SLOT_DONE && (s->state == SLOT_FREE || s->order < best->order)))
        best = s;
  }
  return take ? best : NULL;
}

static void fill(struct slot *s, const struct job *job, uint64_t order)
{
  arena_reset(&s->arena);
  struct arena arena = s->arena;
  *s = (struct slot){.state = SLOT_WAITING, .arena = arena, .job = *job, .order = order};
  s->job.version = job->version ? arena_str(&s->arena, job->version) : NULL;
  s->job.reason = arena_str(&s->arena, job->reason);
  s->job.actor = (struct actor){arena_str(&s->arena, job->actor.id), arena_str(&s->arena, job->actor.role),
                                arena_str(&s->arena, job->actor.agency), arena_str(&s->arena, job->actor.channel)};
}

int workshop_ask(struct workshop *ws, const struct job *job, struct error *error)
{
  int bad = 0;
  pthread_mutex_lock(&ws->lock);
  struct slot *s = slot_of(ws, job, true);
  if (!s)
    bad = error_set(error, ERROR_BUSY, "workshop-full", "等待处理的任务太多，请稍后再试",
                    "Too many tasks are waiting: please try again shortly");
  else if (s->state == SLOT_RUNNING)
    s->again = s->again || job->kind == JOB_CHECK;
  else if (s->state != SLOT_WAITING)
    fill(s, job, ++ws->asked);
  pthread_cond_broadcast(&ws->changed);
  pthread_mutex_unlock(&ws->lock);
  return bad;
}

void workshop_look(struct workshop *ws, const struct job *job, struct arena *arena, struct job_view *ret)
{
  *ret = (struct job_view){0};
  pthread_mutex_lock(&ws->lock);
  const struct slot *s = slot_of(ws, job, false);
  if (s)
    *ret = (struct job_view){.under_way = s->state == SLOT_WAITING || s->state == SLOT_RUNNING,
                             .phase = s->state == SLOT_RUNNING ? s->phase : PHASE_WAITING,
                             .done = s->done,
                             .all = s->all,
                             .failed = s->state == SLOT_DONE && s->failed,
                             .error = s->error,
                             .result = s->state == SLOT_DONE && s->result.n ? arena_span(arena, s->result) : (struct span){0}};
  pthread_mutex_unlock(&ws->lock);
}

void workshop_wait(struct workshop *ws)
{
  pthread_mutex_lock(&ws->lock);
  for (size_t i = 0; i < JOBS_MAX;)
    if (ws->slots[i].state == SLOT_WAITING || ws->slots[i].state == SLOT_RUNNING) {
      pthread_cond_wait(&ws->changed, &ws->lock);
      i = 0;
    } else
      i++;
  pthread_mutex_unlock(&ws->lock);
}

/* ---- other nodes ---- */

static int64_t follow_us(const struct workshop *ws)
{
  return (ws->options.follow_ms > 0 ? ws->options.follow_ms : FOLLOW_MS) * INT64_C(1000);
}

/* What was put in force on another node; by the workshop's thread, without the lock, and not in the middle of a query. */
static void follow(struct workshop *ws)
{
  const struct workshop_options *o = &ws->options;
  struct error error = {0};
  bool new = false;
  if (monotonic_us() - ws->followed_us < follow_us(ws))
    return;
  if (shelf_follow(o->shelf, o->engine, o->store, ws->db, &new, &error) && strcmp(error.en, ws->unfollowed.en) != 0)
    log_error("the catalogue in force could not be taken", &error);
  if (new)
    log_line("info", "another version of the catalogue is in force", NULL);
  ws->unfollowed = error;
  ws->followed_us = monotonic_us();
}

/* ---- the jobs ---- */

static bool progress(void *context, enum job_phase phase, size_t done, size_t all)
{
  struct run *r = context;
  follow(r->ws);
  pthread_mutex_lock(&r->ws->lock);
  r->slot->phase = phase;
  r->slot->done = done;
  r->slot->all = all;
  bool on = !r->ws->stopping && !r->slot->again;
  pthread_mutex_unlock(&r->ws->lock);
  return on;
}

/* Studies the draft, compared with what is in force. */
static int study(struct run *r, const struct draft *draft, struct error *error)
{
  const struct edition *now = shelf_borrow(r->ws->options.shelf);
  int bad = study_draft(&r->study, r->ws->db, draft, error) || study_run(&r->study, now->catalog, error) ? -1 : 0;
  shelf_return(r->ws->options.shelf, now);
  return bad;
}

static int check(struct run *r, struct error *error)
{
  struct draft draft;
  struct hex report;
  int64_t id = r->slot->job.draft;
  if (draft_read(r->ws->db, id, &r->study.arena, &draft, error))
    return -1;
  if (draft.stage != DRAFT_OPEN)
    return 0;
  if (study(r, &draft, error) || vault_put(r->ws->options.store, buf_view(&r->study.report), &report, error))
    return -1;
  const struct study *s = &r->study;
  return draft_do(r->ws->options.engine, id, -1, "checked", "", draft_system,
                  json_pack("{s:I,s:s,s:b,s:s,s:I,s:s}", "content", (json_int_t)draft.content, "base", draft.base, "fit", s->fit,
                            "version", s->catalog ? s->catalog->version.hex : "", "findings", (json_int_t)study_found(s), "report",
                            report.text),
                  error);
}

/* What was studied and fits is published and in force. */
static int put_in_force(struct run *r, int64_t draft, struct error *error)
{
  const struct workshop_options *o = &r->ws->options;
  const struct job *job = &r->slot->job;
  struct edition *e;
  struct hex pack;
  (void)progress(r, PHASE_PUBLISHING, 0, 0);
  if (study_edition(&r->study, &pack, &e, error))
    return -1;
  const struct publication said = {.pack = pack.text, .reason = job->reason, .draft = draft, .enforce = true, .actor = job->actor};
  if ((o->prepare && o->prepare(o->context, e->catalog, error)) || promise_enter(o->engine, &e->promise, &said, error)) {
    edition_free(e);
    return -1;
  }
  shelf_replace(o->shelf, o->engine, e);
  return 0;
}

static bool is_in_force(struct run *r, const char *version)
{
  const struct edition *now = shelf_borrow(r->ws->options.shelf);
  bool same = strcmp(now->catalog->version.hex, version) == 0;
  shelf_return(r->ws->options.shelf, now);
  return same;
}

static int refuse(struct run *r, int64_t id, struct error *error)
{
  const struct study *s = &r->study;
  struct hex report;
  if (vault_put(r->ws->options.store, buf_view(&s->report), &report, error))
    return -1;
  return draft_do(r->ws->options.engine, id, -1, "refuse", "", draft_system,
                  json_pack("{s:s,s:I}", "report", report.text, "findings", (json_int_t)study_found(s)), error);
}

static int release(struct run *r, int64_t id, const char *version, struct error *error)
{
  return draft_do(r->ws->options.engine, id, -1, "release", "", draft_system, json_pack("{s:s}", "version", version), error);
}

/* Nobody put another version in force, on this node or another. */
static int check_base(struct run *r, const char *base, struct error *error)
{
  r->ws->followed_us = 0; /* look now */
  follow(r->ws);
  return is_in_force(r, base)
             ? 0
             : error_set(error, ERROR_CONFLICT, "base-moved", "生效的版本已经换了：请收回草稿，改为以新版本为基础，再检查、送审",
                         "Another version is in force by now: withdraw the draft, base it on that, and have it checked and "
                         "reviewed again");
}

/* What was approved is proved again on this very day: a date of the negative list may have passed since. */
static int publish(struct run *r, struct error *error)
{
  struct draft draft;
  int64_t id = r->slot->job.draft;
  if (draft_read(r->ws->db, id, &r->study.arena, &draft, error))
    return -1;
  if (draft.stage != DRAFT_APPROVED)
    return error_set(error, ERROR_CONFLICT, "wrong-stage", "草稿没有通过审查，不能发布",
                     "The draft is not approved: it cannot be published");
  if (is_in_force(r, draft.check.version)) /* published just before a crash, and not said yet */
    return release(r, id, draft.check.version, error);
  if (check_base(r, draft.base, error) || study(r, &draft, error))
    return -1;
  if (!r->study.fit)
    return refuse(r, id, error);
  if (strcmp(r->study.catalog->version.hex, draft.check.version) != 0)
    return error_set(error, ERROR_INTERNAL, "other-version", "这不是审查过的版本", "This is not the version that was reviewed");
  if (check_base(r, draft.base, error)) /* while it was proved */
    return -1;
  return put_in_force(r, id, error) || release(r, id, draft.check.version, error) ? -1 : 0;
}

static int restore(struct run *r, struct error *error)
{
  const char *version = r->slot->job.version;
  if (is_in_force(r, version))
    return error_set(error, ERROR_CONFLICT, "in-force", "这个版本正在生效", "This version is in force");
  if (study_version(&r->study, r->ws->db, version, error) || study_run(&r->study, NULL, error))
    return -1;
  if (!r->study.fit)
    return error_set(error, ERROR_RULE, "not-fit", "这个版本今天已通不过检查和证明，没有生效",
                     "This version does not pass any more today: it was not put in force");
  return put_in_force(r, 0, error);
}

static int list(struct run *r, struct error *error)
{
  char version[2 * DIGEST_BYTES + 1];
  const struct edition *now = shelf_borrow(r->ws->options.shelf);
  memcpy(version, now->catalog->version.hex, sizeof version);
  shelf_return(r->ws->options.shelf, now);
  if (study_version(&r->study, r->ws->db, version, error))
    return -1;
  return r->slot->job.kind == JOB_LINT ? study_lint(&r->study, error) : study_advice(&r->study, error);
}

static int do_job(struct run *r, struct error *error)
{
  switch (r->slot->job.kind) {
  case JOB_CHECK:
    return check(r, error);
  case JOB_PUBLISH:
    return publish(r, error);
  case JOB_RESTORE:
    return restore(r, error);
  default:
    return list(r, error);
  }
}

/* ---- the thread ---- */

static struct slot *next(struct workshop *ws)
{
  struct slot *first = NULL;
  for (size_t i = 0; i < JOBS_MAX; i++)
    if (ws->slots[i].state == SLOT_WAITING && (!first || ws->slots[i].order < first->order))
      first = &ws->slots[i];
  return first;
}

static void log_failure(const struct error *error)
{
  if (error_http(error->code) >= 500)
    log_line("error", "a task of the editors' failed", "error", error->name, "en", error->en, NULL);
}

/* The lock is held before and after. */
static void do_slot(struct workshop *ws, struct slot *slot)
{
  struct run r = {.ws = ws, .slot = slot, .study = {.store = ws->options.store, .progress = progress}};
  struct error error = {0};
  r.study.context = &r;
  slot->state = SLOT_RUNNING;
  slot->phase = PHASE_LOADING;
  pthread_mutex_unlock(&ws->lock);
  int bad = do_job(&r, &error);
  pthread_mutex_lock(&ws->lock);
  bool wants_result = slot->job.kind >= JOB_RESTORE && r.study.report.n;
  slot->result = wants_result ? arena_span(&slot->arena, buf_view(&r.study.report)) : (struct span){0};
  slot->failed = bad != 0;
  slot->error = error;
  slot->state = slot->again ? SLOT_WAITING : SLOT_DONE;
  slot->again = false;
  if (bad && slot->state == SLOT_DONE)
    log_failure(&error);
  study_release(&r.study);
}

/* Until there is work, or it is time to look at other nodes. The lock is held before and after. */
static void rest(struct workshop *ws)
{
  int64_t until = ws->followed_us + follow_us(ws);
  const struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
  (void)pthread_cond_timedwait(&ws->changed, &ws->lock, &ts);
}

static void *work(void *argument)
{
  struct workshop *ws = argument;
  pthread_mutex_lock(&ws->lock);
  while (!ws->stopping) {
    pthread_mutex_unlock(&ws->lock);
    follow(ws);
    pthread_mutex_lock(&ws->lock);
    struct slot *slot = next(ws);
    if (slot) {
      do_slot(ws, slot);
      pthread_cond_broadcast(&ws->changed);
    } else if (!ws->stopping) {
      rest(ws);
    }
  }
  pthread_mutex_unlock(&ws->lock);
  return NULL;
}

int workshop_open(const struct workshop_options *options, struct workshop **ret, struct error *error)
{
  struct workshop *ws = calloc(1, sizeof *ws);
  if (!ws)
    abort();
  ws->options = *options;
  if (store_connect(options->store, DB_READ, &ws->db, error)) {
    free(ws);
    return -1;
  }
  ws->followed_us = monotonic_us();
  pthread_mutex_init(&ws->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&ws->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(&ws->thread, NULL, work, ws) != 0)
    abort();
  *ret = ws;
  return 0;
}

void workshop_close(struct workshop *ws)
{
  if (!ws)
    return;
  pthread_mutex_lock(&ws->lock);
  ws->stopping = true;
  pthread_cond_broadcast(&ws->changed);
  pthread_mutex_unlock(&ws->lock);
  (void)pthread_join(ws->thread, NULL);
  for (size_t i = 0; i < JOBS_MAX; i++)
    arena_release(&ws->slots[i].arena);
  db_close(ws->db);
  pthread_cond_destroy(&ws->changed);
  pthread_mutex_destroy(&ws->lock);
  free(ws);
}
