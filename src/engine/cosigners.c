#include "engine/cosigners.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "engine/internal.h"
#include "ledger/cosign.h"

#define ANSWER_MAX 65536
#define TIMEOUT_MS 5000L
#define CONNECT_MS 2000L
#define GRACE_US 300000 /* for the others, once the policy is satisfied */
#define SILENCE_MAX_MS 5000
#define TRIES_MAX 3 /* in one round: first, then from the size told, then once more */

struct cosigner {
  const struct policy_witness *witness;
  struct witness_status status;
  int64_t size;         /* the tree it last cosigned, as far as we know */
  int64_t silent_until; /* monotonic µs: it did not answer, and is left alone for a while */
  int64_t silence_ms;
  CURL *curl;
  struct buf answer;
  char *body; /* being sent */
  int tries;
  bool asked;       /* under way */
  struct span line; /* its cosignature of this round's checkpoint */
};

struct cosigners {
  const struct policy *policy;
  CURLM *multi;
  struct curl_slist *headers;
  struct cosigner *list;
  size_t n;
};

/* What one call of cosigners_ask() works on. */
struct asking {
  struct cosigners *all;
  const struct merkle_reader *reader;
  int64_t size;
  struct arena *arena;
  struct span note, text;
  size_t under_way;
};

/* ---- open and close ---- */

static size_t take_answer(char *data, size_t size, size_t n, void *context)
{
  struct cosigner *c = context;
  buf_bytes(&c->answer, data, size * n);
  return c->answer.full ? 0 : size * n;
}

static CURL *make_handle(struct cosigners *all, struct cosigner *c)
{
  CURL *curl = curl_easy_init();
  char url[1000];
  if (!curl)
    abort();
  size_t n = strlen(c->witness->url);
  bool slash = n && c->witness->url[n - 1] == '/';
  (void)snprintf(url, sizeof url, "%s%sadd-checkpoint", c->witness->url, slash ? "" : "/");
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, all->headers);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
  curl_easy_setopt(curl, CURLOPT_PRIVATE, c);
  return curl;
}

int cosigners_open(const struct policy *policy, int64_t start, struct cosigners **ret, struct error *error)
{
  (void)error;
  struct cosigners *all = calloc(1, sizeof *all);
  size_t n = policy_witness_count(policy);
  if (!all || !(all->list = calloc(n + 1, sizeof *all->list)) || !(all->multi = curl_multi_init()))
    abort();
  all->policy = policy;
  all->n = n;
  all->headers = curl_slist_append(curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8"), "Expect:");
  for (size_t i = 0; i < n; i++) {
    struct cosigner *c = &all->list[i];
    c->witness = policy_witness_at(policy, i);
    c->size = start;
    c->status = (struct witness_status){.name = c->witness->name, .answer = WITNESS_NOT_ASKED};
    buf_init(&c->answer, ANSWER_MAX);
    c->curl = make_handle(all, c);
  }
  *ret = all;
  return 0;
}

void cosigners_close(struct cosigners *all)
{
  if (!all)
    return;
  for (size_t i = 0; i < all->n; i++) {
    struct cosigner *c = &all->list[i];
    if (c->asked)
      (void)curl_multi_remove_handle(all->multi, c->curl);
    curl_easy_cleanup(c->curl);
    buf_release(&c->answer);
    free(c->body);
  }
  (void)curl_multi_cleanup(all->multi);
  curl_slist_free_all(all->headers);
  free(all->list);
  free(all);
}

size_t cosigners_count(const struct cosigners *all)
{
  return all->n;
}

const struct witness_status *cosigners_status(const struct cosigners *all, size_t i)
{
  return &all->list[i].status;
}

/* ---- one witness ---- */

static void settle(struct cosigner *c, enum witness_answer answer)
{
  c->status.answer = answer;
  c->status.size = c->size;
  if (answer == WITNESS_SIGNED) {
    c->silence_ms = 0;
    c->silent_until = 0;
    return;
  }
  c->silence_ms = c->silence_ms ? 2 * c->silence_ms : 500;
  c->silence_ms = c->silence_ms < SILENCE_MAX_MS ? c->silence_ms : SILENCE_MAX_MS;
  c->silent_until = monotonic_us() + c->silence_ms * 1000;
}

/* old LF, the consistency proof, an empty line, the note. */
static int make_body(struct asking *a, struct cosigner *c, struct error *error)
{
  struct merkle_proof proof;
  char hash[(DIGEST_BYTES + 2) / 3 * 4 + 1];
  struct buf buf;
  if (merkle_consistency(a->reader, c->size, a->size, &proof, error))
    return -1;
  buf_init(&buf, ANSWER_MAX);
  buf_printf(&buf, "old %lld\n", (long long)c->size);
  for (size_t i = 0; i < proof.n; i++) {
    (void)base64_write(hash, proof.path[i].b, DIGEST_BYTES);
    buf_printf(&buf, "%s\n", hash);
  }
  buf_char(&buf, '\n');
  buf_span(&buf, a->note);
  free(c->body);
  struct span body = buf_view(&buf);
  c->body = strndup(body.p, body.n);
  buf_release(&buf);
  if (!c->body)
    abort();
  return 0;
}

static int ask_one(struct asking *a, struct cosigner *c, struct error *error)
{
  if (make_body(a, c, error))
    return -1;
  buf_clear(&c->answer);
  curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, c->body);
  curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(c->body));
  if (curl_multi_add_handle(a->all->multi, c->curl) != CURLM_OK)
    abort();
  c->asked = true;
  c->tries++;
  a->under_way++;
  return 0;
}

static void take_cosignature(struct asking *a, struct cosigner *c)
{
  struct span line;
  int64_t at;
  if (cosign_take(a->arena, buf_view(&c->answer), a->text, c->witness->key, &line, &at, NULL)) {
    settle(c, WITNESS_BAD_SIGNATURE);
    return;
  }
  c->line = arena_span(a->arena, line);
  c->size = a->size;
  c->status.at = at * SECOND_MS;
  settle(c, WITNESS_SIGNED);
}

/* 409: it stands elsewhere than we thought, and says where. */
static int take_size(struct asking *a, struct cosigner *c, struct error *error)
{
  int64_t told;
  if (!span_int(span_trim(buf_view(&c->answer)), &told) || told < 0) {
    settle(c, WITNESS_REFUSED);
    return 0;
  }
  c->size = told;
  if (told > a->size) { /* it has seen a tree of ours that we do not have */
    settle(c, WITNESS_AHEAD);
    return 0;
  }
  if (c->tries < TRIES_MAX)
    return ask_one(a, c, error);
  settle(c, WITNESS_REFUSED);
  return 0;
}

static int take(struct asking *a, struct cosigner *c, CURLcode code, struct error *error)
{
  long status = 0;
  curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
  (void)curl_multi_remove_handle(a->all->multi, c->curl);
  c->asked = false;
  a->under_way--;
  c->status.http = code == CURLE_OK ? (int)status : 0;
  if (code != CURLE_OK)
    settle(c, WITNESS_SILENT);
  else if (status == 200)
    take_cosignature(a, c);
  else if (status == 409)
    return take_size(a, c, error);
  else
    settle(c, status == 422 ? WITNESS_INCONSISTENT : WITNESS_REFUSED);
  return 0;
}

/* ---- a round ---- */

static struct span merge(const struct asking *a)
{
  struct buf buf;
  buf_init(&buf, SIZE_MAX);
  buf_span(&buf, a->note);
  for (size_t i = 0; i < a->all->n; i++)
    buf_span(&buf, a->all->list[i].line);
  struct span merged = arena_span(a->arena, buf_view(&buf));
  buf_release(&buf);
  return merged;
}

static int judge(const struct asking *a, struct span merged, struct policy_verdict *ret, struct error *error)
{
  struct note note;
  return note_parse(a->arena, merged, &note, error) || policy_judge(a->all->policy, a->arena, &note, ret, error) ? -1 : 0;
}

static int begin(struct asking *a, struct error *error)
{
  int64_t now = monotonic_us();
  for (size_t i = 0; i < a->all->n; i++) {
    struct cosigner *c = &a->all->list[i];
    c->line = (struct span){0};
    c->tries = 0;
    if (!*c->witness->url || now < c->silent_until)
      continue;
    if (c->size > a->size)
      c->size = 0; /* it said so once: let it say it again */
    if (ask_one(a, c, error))
      return -1;
  }
  return 0;
}

static void give_up_waiting(struct asking *a)
{
  for (size_t i = 0; i < a->all->n; i++) {
    struct cosigner *c = &a->all->list[i];
    if (!c->asked)
      continue;
    (void)curl_multi_remove_handle(a->all->multi, c->curl);
    c->asked = false;
    settle(c, WITNESS_SILENT); /* nobody knows whether it has taken it: a 409 will say */
  }
  a->under_way = 0;
}

static int take_done(struct asking *a, bool *ret_any, struct error *error)
{
  int left, bad = 0;
  for (CURLMsg *m; !bad && (m = curl_multi_info_read(a->all->multi, &left)) != NULL;) {
    struct cosigner *c;
    if (m->msg != CURLMSG_DONE)
      continue;
    CURLcode code = m->data.result;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
    bad = take(a, c, code, error);
    *ret_any = true;
  }
  return bad;
}

static int wait_for_answers(struct asking *a, struct error *error)
{
  int64_t end = monotonic_us() + TIMEOUT_MS * 1000;
  bool satisfied = false;
  while (a->under_way && monotonic_us() < end) {
    int running;
    bool any = false;
    struct policy_verdict verdict;
    (void)curl_multi_perform(a->all->multi, &running);
    if (take_done(a, &any, error) || (any && judge(a, merge(a), &verdict, error)))
      return -1;
    if (any && verdict.quorum && !satisfied) {
      satisfied = true;
      end = monotonic_us() + GRACE_US;
    }
    if (a->under_way)
      (void)curl_multi_poll(a->all->multi, NULL, 0, 20, NULL);
  }
  return 0;
}

int cosigners_ask(struct cosigners *all, const struct merkle_reader *reader, int64_t size, struct arena *arena, struct span *note,
                  bool *ret_quorum, size_t *ret_missing, struct error *error)
{
  struct asking a = {.all = all, .reader = reader, .size = size, .arena = arena, .note = *note};
  struct note parsed;
  struct policy_verdict verdict;
  if (note_parse(arena, *note, &parsed, error))
    return -1;
  a.text = parsed.text;
  int bad = begin(&a, error) || wait_for_answers(&a, error);
  give_up_waiting(&a);
  struct span merged = merge(&a);
  if (bad || judge(&a, merged, &verdict, error))
    return -1;
  *note = merged;
  *ret_quorum = verdict.quorum;
  *ret_missing = verdict.missing;
  return 0;
}
