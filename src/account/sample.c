/*
 * The sample city: its staff, its people, and the codes of its sample identity provider.
 */
#include "account/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "catalog/catalog.h"

/*
 * Invented people. The region 330200 is the city as a whole, in which no number is given out, and the sequences 991–999 are
 * far beyond any day's births: with valid check digits (GB 11643-1999) these are nobody's numbers.
 */
const struct sample_person sample_persons[] = {
    {"陈小满", "33020019900321998X"},
    {"王建国", "330200198506159996"},
    {"林海生", "330200197809089978"},
    {"周雨晴", "330200199511129964"},
    {"吴秀英", "330200196204309953"},
    {"𠮷田宁", "330200200107209941"},
    {0},
};

/* ---- staff ---- */

struct sample_staff {
  const char *login, *name, *role;
};

static const struct sample_staff window_staff[] = {
    {"chen", "陈静", "clerk"},    {"zhou", "周敏", "clerk"},  {"sun", "孙丽", "issuer"},
    {"wu", "吴刚", "supervisor"}, {"xu", "徐岚", "records"},  {"admin", "系统管理员", "admin"},
    {"bian", "边悦", "editor"},   {"tang", "唐琪", "editor"}, {"fang", "方正", "legal"},
};
#define WINDOW_STAFF (sizeof window_staff / sizeof *window_staff)

struct batch {
  struct engine *engine;
  const char *stored, *mark; /* the Argon2id string, and the idempotency key it goes by */
  int waiting;               /* for their answers */
  sem_t done;
  pthread_mutex_t lock;
  bool failed;
  struct error error;
};

static void answered(void *context, const struct outcome *outcome, const struct error *error)
{
  struct batch *b = context;
  (void)outcome;
  if (error && strcmp(error->name, "exists") != 0) { /* made by hand: it joins the sample's staff */
    pthread_mutex_lock(&b->lock);
    if (!b->failed)
      b->error = *error;
    b->failed = true;
    pthread_mutex_unlock(&b->lock);
  }
  (void)sem_post(&b->done);
}

static void wait_one(struct batch *b)
{
  while (sem_wait(&b->done) != 0)
    ; /* a signal */
  b->waiting--;
}

/* The engine's queue may be full for a moment: then somebody's answer makes room. */
static void submit(struct batch *b, const struct command *command)
{
  struct error error = {0};
  while (engine_submit(b->engine, command, answered, b, &error)) {
    if (b->waiting && strcmp(error.name, "queue-full") == 0) {
      wait_one(b);
      continue;
    }
    answered(b, NULL, &error);
    break;
  }
  b->waiting++;
}

static struct command to(const char *login, const char *type, const char *key, json_t *data)
{
  return (struct command){.kind = &account_kind,
                          .id = account_staff_id(login),
                          .expect = -1,
                          .type = type,
                          .key = key,
                          .actor = {"system", "system", "", "system"},
                          .data = data};
}

/* Both commands carry keys: a second start finds them done, and a password that somebody changed since stays changed. */
static void make(struct batch *b, const char *login, const char *name, const char *role, const char *agency, json_t **ret_create,
                 json_t **ret_password)
{
  *ret_create = json_pack("{s:s, s:s, s:[s], s:s}", "login", login, "name", name, "roles", role, "agency", agency);
  *ret_password = json_pack("{s:s}", "password", b->stored);
  struct command create = to(login, "create", "sample", *ret_create), password = to(login, "set-password", b->mark, *ret_password);
  submit(b, &create);
  submit(b, &password);
}

/* One password for all, so one string for all: were their passwords different, each would have a salt of its own. */
static int make_staff(struct batch *b, struct arena *arena, const struct agency *agencies, size_t n, struct error *error)
{
  json_t **data = arena_array(arena, 2 * (WINDOW_STAFF + n), sizeof *data), **next = data;
  (void)sem_init(&b->done, 0, 0);
  pthread_mutex_init(&b->lock, NULL);
  for (size_t i = 0; i < WINDOW_STAFF; i++, next += 2)
    make(b, window_staff[i].login, window_staff[i].name, window_staff[i].role, ACCOUNT_CENTRE, next, next + 1);
  for (size_t i = 0; i < n; i++, next += 2)
    make(b, agencies[i].id, agencies[i].name.zh, "officer", agencies[i].id, next, next + 1);
  while (b->waiting)
    wait_one(b);
  while (next > data)
    json_decref(*--next);
  (void)sem_destroy(&b->done);
  pthread_mutex_destroy(&b->lock);
  if (b->failed && error)
    *error = b->error;
  return b->failed ? -1 : 0;
}

/* ---- the password ---- */

#define SAMPLE_FILE "sample-password"

/* Twenty letters and digits that are not mistaken for one another: more than 96 bits. */
static char *new_password(struct arena *arena)
{
  static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789z"; /* 32, so that a byte's low bits choose evenly */
  unsigned char random[20];
  char *text = arena_alloc(arena, 25), *p = text;
  random_bytes(random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++) {
    if (i && i % 5 == 0)
      *p++ = '-';
    *p++ = alphabet[random[i] & 31];
  }
  return text;
}

/* The file has two lines: the password, and the Argon2id string it was stored as, so that a start need not hash. */
static int sample_password(struct accounts *accounts, struct arena *arena, const char *given, const char **ret,
                           const char **ret_stored, struct error *error)
{
  char *text;
  struct span rest, password = {NULL, 0}, stored = {NULL, 0};
  if (secret_read(accounts->key_dir, SAMPLE_FILE, arena, &text, error))
    return -1;
  rest = span_of(text);
  (void)span_cut(&rest, '\n', &password);
  (void)span_cut(&rest, '\n', &stored);
  if (!password.n || !stored.n || (given && !span_is(password, given))) {
    const char *fresh = given ? given : new_password(arena);
    if (given && password_check("", span_of(given), error))
      return -1;
    password = span_of(fresh);
    stored = span_of(accounts_hash(accounts, arena, password));
    const char *lines = arena_printf(arena, "%s\n%s\n", fresh, stored.p);
    if (secret_write(accounts->key_dir, SAMPLE_FILE, span_of(lines), true, error))
      return -1;
  }
  *ret = arena_dup(arena, password);
  *ret_stored = arena_dup(arena, stored);
  return 0;
}

/* What ./run prints. */
static int tell_people(struct accounts *accounts, struct arena *arena, const char *password, struct error *error)
{
  const char *text =
      arena_printf(arena,
                   "口令 password: %s\n"
                   "chen, zhou  窗口受理 clerks\n"
                   "market-regulation, urban-management, fire-rescue …  部门经办，登录名即部门编号 officers: the agency's id\n"
                   "sun  统一出件 issuing desk · wu  监督 supervisor · xu  档案 records officer · admin  管理 administrator\n"
                   "bian, tang  目录编辑 catalogue editors · fang  合法性审查 legal review\n",
                   password);
  return secret_write(accounts->key_dir, "sample-staff.txt", span_of(text), true, error);
}

int account_sample(struct accounts *accounts, struct engine *engine, const struct catalog *catalog, const char *password,
                   struct error *error)
{
  struct batch batch = {.engine = engine};
  struct arena arena = {0};
  const char *chosen;
  char mark[DIGEST_TEXT];
  int bad = sample_password(accounts, &arena, password, &chosen, &batch.stored, error);
  if (!bad) {
    struct digest d = sha256(span_of(batch.stored));
    hex_encode(d.b, 16, mark);
    batch.mark = mark;
    bad =
        make_staff(&batch, &arena, catalog->agencies, catalog->agency_count, error) || tell_people(accounts, &arena, chosen, error);
  }
  arena_release(&arena);
  return bad ? -1 : 0;
}

/* ---- one-time codes ---- */

#define CODE_LIFE (2 * MINUTE_MS)

int idp_give(struct accounts *accounts, struct span name, struct span identity, moment now, char ret_code[IDP_CODE_TEXT],
             struct error *error)
{
  struct identity_code *free_one = NULL, fresh = {.expires = now + CODE_LIFE};
  if (name.n >= sizeof fresh.name || identity.n >= sizeof fresh.identity)
    return error_set(error, ERROR_BAD_INPUT, "bad-name", "姓名或号码过长", "The name or the number is too long");
  memcpy(fresh.name, name.p, name.n);
  memcpy(fresh.identity, identity.p, identity.n);
  random_bytes(fresh.code, sizeof fresh.code);
  pthread_mutex_lock(&accounts->lock);
  for (size_t i = 0; i < CODES_MAX && !free_one; i++)
    if (accounts->codes[i].expires <= now)
      free_one = &accounts->codes[i];
  if (free_one)
    *free_one = fresh;
  pthread_mutex_unlock(&accounts->lock);
  if (!free_one)
    return error_set(error, ERROR_BUSY, "provider-busy", "同时登录的人太多，请稍后再试",
                     "Too many people are signing in: please try again shortly");
  hex_encode(fresh.code, sizeof fresh.code, ret_code);
  return 0;
}

bool idp_take(struct accounts *accounts, struct arena *arena, struct span code, moment now, struct sample_person *ret)
{
  unsigned char bytes[16];
  struct identity_code found = {0};
  if (!hex_decode(code, bytes, sizeof bytes))
    return false;
  pthread_mutex_lock(&accounts->lock);
  for (size_t i = 0; i < CODES_MAX; i++)
    if (accounts->codes[i].expires > now && memcmp(accounts->codes[i].code, bytes, sizeof bytes) == 0) {
      found = accounts->codes[i];
      explicit_bzero(&accounts->codes[i], sizeof accounts->codes[i]);
    }
  pthread_mutex_unlock(&accounts->lock);
  if (!found.expires)
    return false;
  *ret = (struct sample_person){arena_str(arena, found.name), arena_str(arena, found.identity)};
  return true;
}
