/*
 * ledger_bench: what the public record costs: hashing beside bare OpenSSL, sealing, checking, receipts, from commit to
 * cosigned checkpoint, starting, and what sealing takes from the engine. JSON on stdout.
 */
#include <getopt.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "filling.h"
#include "ledger/cosign.h"
#include "ledger/logdir.h"
#include "ledger/proof.h"
#include "place.h"
#include "workload.h"

#define ORIGIN "bench.invalid/log"
#define ENTRY 700 /* bytes; a leaf of a busy day, with its path */
#define ROUNDS_MAX 99
#define IN_FLIGHT 1024

struct options {
  const char *what, *directory, *keys, *policy;
  int64_t n;
  double seconds;
  int rounds, rate;
};

struct bench {
  const struct options *o;
  struct json_writer *w;
};

static double seconds_since(int64_t start)
{
  return (double)(now_ns() - start) / 1e9;
}

/* Of all threads. A machine that others use too tells more by this than by its clock. */
static double processor_seconds(void)
{
  struct timespec ts;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- hashing and appending, beside the same bytes through EVP alone ---- */

static double run_bare(int64_t n)
{
  unsigned char left[1 + 2 * DIGEST_BYTES] = {1}, out[EVP_MAX_MD_SIZE];
  char bytes[1024];
  EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  struct span entry = made_up_entry(1, ENTRY, bytes);
  int64_t start = now_ns();
  for (int64_t i = 0; i < n; i++) {
    if (!EVP_DigestInit_ex2(ctx, md, NULL) || !EVP_DigestUpdate(ctx, "\0", 1) || !EVP_DigestUpdate(ctx, entry.p, entry.n) ||
        !EVP_DigestFinal_ex(ctx, out, NULL))
      give_up("EVP");
    /* as many nodes as leaves, but one */
    if (!EVP_DigestInit_ex2(ctx, md, NULL) || !EVP_DigestUpdate(ctx, left, sizeof left) || !EVP_DigestFinal_ex(ctx, out, NULL))
      give_up("EVP");
  }
  double took = seconds_since(start);
  EVP_MD_CTX_free(ctx);
  EVP_MD_free(md);
  return (double)n / took;
}

static double run_appending(int64_t n)
{
  char bytes[1024];
  struct merkle_edge edge = {0};
  struct span entry = made_up_entry(1, ENTRY, bytes);
  int64_t start = now_ns();
  for (int64_t i = 0; i < n; i++)
    merkle_append(&edge, merkle_leaf(entry));
  return (double)n / seconds_since(start);
}

static void bench_hashing(struct bench *b)
{
  double ours[ROUNDS_MAX], bare[ROUNDS_MAX], ratio[ROUNDS_MAX];
  size_t rounds = (size_t)b->o->rounds;
  for (size_t i = 0; i < rounds; i++) {
    bare[i] = run_bare(b->o->n);
    ours[i] = run_appending(b->o->n);
    ratio[i] = ours[i] / bare[i];
  }
  json_put_num(b->w, "appended_per_second", median(ours, rounds));
  json_put_num(b->w, "bare_evp_per_second", median(bare, rounds));
  json_put_num(b->w, "ratio", median(ratio, rounds));
}

/* ---- sealing what is committed already ---- */

static struct engine *open_engine(const char *url, const char *keys, const char *log, const char *policy, int seal_ms,
                                  struct store **ret_store)
{
  struct error error = {0};
  struct engine *engine;
  const struct engine_options options = {.kinds = permit_kinds,
                                         .key_dir = keys,
                                         .origin = ORIGIN,
                                         .log_dir = log,
                                         .policy = policy,
                                         .seal_ms = seal_ms,
                                         .wait_ms = -1};
  if (store_open(url, ret_store, &error) || engine_open(*ret_store, &options, &engine, &error))
    give_up_with("engine", &error);
  return engine;
}

static double run_sealing(const struct options *o, double *ret_a_core)
{
  struct place place;
  struct store *store;
  char url[PLACE_URL], where[PLACE_URL], keys[700];
  struct error error = {0};
  place_make(&place, o->directory, NULL);
  place_store(&place, "engine", url, where);
  fill_events(url, 1, o->n);
  (void)snprintf(keys, sizeof keys, "%s/keys", place.directory);
  struct engine *engine = open_engine(url, keys, NULL, NULL, 0, &store);
  int64_t start = now_ns();
  double processor = processor_seconds();
  if (engine_seal(engine, &error))
    give_up_with("sealing", &error);
  double took = seconds_since(start);
  *ret_a_core = (double)o->n / (processor_seconds() - processor);
  engine_close(engine);
  store_close(store);
  place_remove(&place);
  return (double)o->n / took;
}

static void bench_sealing(struct bench *b)
{
  double list[ROUNDS_MAX], core[ROUNDS_MAX], best = 0;
  for (int i = 0; i < b->o->rounds; i++) {
    list[i] = run_sealing(b->o, &core[i]);
    best = list[i] > best ? list[i] : best;
  }
  json_put_num(b->w, "leaves_per_second", median(list, (size_t)b->o->rounds));
  json_put_num(b->w, "best", best);
  json_put_num(b->w, "per_processor_second", median(core, (size_t)b->o->rounds));
}

/* ---- a public directory: writing, checking, and a start on it ---- */

static void bench_directory(struct bench *b)
{
  const struct options *o = b->o;
  struct place place;
  struct store *store;
  struct arena arena = {0};
  struct span note, text;
  struct note parsed;
  struct checkpoint c;
  struct logdir_report report;
  struct error error = {0};
  char url[PLACE_URL], where[PLACE_URL], keys[700], log[700];
  place_make(&place, o->directory, NULL);
  place_store(&place, "engine", url, where);
  (void)snprintf(keys, sizeof keys, "%s/keys", place.directory);
  (void)snprintf(log, sizeof log, "%s/log", place.directory);
  int64_t start = now_ns();
  fill_leaves(url, keys, ORIGIN, log, o->n, 200);
  json_put_num(b->w, "filled_per_second", (double)o->n / seconds_since(start));
  if (logdir_checkpoint(log, &arena, &note, &error) || note_parse(&arena, note, &parsed, &error))
    give_up_with("checkpoint", &error);
  text = parsed.text;
  if (!checkpoint_parse(&arena, text, &c))
    give_up("checkpoint");
  start = now_ns();
  double processor = processor_seconds();
  if (logdir_check(log, MERKLE_SHA256, &c, &report, &error))
    give_up_with("check", &error);
  json_put_num(b->w, "checked_per_second", (double)o->n / seconds_since(start));
  json_put_num(b->w, "checked_per_processor_second", (double)o->n / (processor_seconds() - processor));
  json_put_int(b->w, "files", report.files);
  start = now_ns();
  struct engine *engine = open_engine(url, keys, log, NULL, 0, &store);
  json_put_num(b->w, "start_seconds", seconds_since(start));
  engine_close(engine);
  store_close(store);
  arena_release(&arena);
  place_remove(&place);
}

/* ---- a receipt ---- */

#define WITNESSES 5
#define RECEIPTS 500
#define SIGNATURES (WITNESSES + 1)

/* As many bare checks of a signature as a receipt has, in processor seconds. */
static double run_bare_checks(void)
{
  unsigned char signature[64], message[200] = {0};
  size_t n = sizeof signature;
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 || EVP_DigestSign(ctx, signature, &n, message, sizeof message) != 1)
    give_up("EVP");
  EVP_MD_CTX_free(ctx);
  double start = processor_seconds();
  for (int i = 0; i < RECEIPTS * SIGNATURES; i++) {
    ctx = EVP_MD_CTX_new();
    if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1 || EVP_DigestVerify(ctx, signature, n, message, sizeof message) != 1)
      give_up("EVP");
    EVP_MD_CTX_free(ctx);
  }
  double took = processor_seconds() - start;
  EVP_PKEY_free(key);
  return took;
}

static void make_policy(const char *keys, struct signer *witnesses[WITNESSES], struct arena *arena, struct buf *ret)
{
  struct error error = {0};
  buf_init(ret, 100000);
  for (int i = 0; i < WITNESSES; i++) {
    const char *name = arena_printf(arena, "witness-%d.invalid/w", i), *file = arena_printf(arena, "w%d", i);
    if (signer_open_as(keys, file, name, NOTE_COSIGNATURE, true, &witnesses[i], &error))
      give_up_with("keys", &error);
    buf_printf(ret, "witness w%d %s\n", i, signer_vkey(witnesses[i]));
  }
  buf_str(ret, "group g 3 w0 w1 w2 w3 w4\nquorum g\n");
}

static void bench_receipt(struct bench *b)
{
  const int64_t size = 1 << 20;
  struct place place;
  struct arena arena = {0};
  struct signer *log, *witnesses[WITNESSES];
  struct policy *policy;
  struct buf text;
  struct error error = {0};
  struct tlog_proof proof = {.index = 12345};
  char bytes[1024];
  place_make(&place, b->o->directory, NULL);
  make_policy(place.directory, witnesses, &arena, &text);
  if (signer_open(place.directory, "log", ORIGIN, true, &log, &error))
    give_up_with("keys", &error);
  buf_printf(&text, "log %s\n", signer_vkey(log));
  if (policy_parse(buf_view(&text), &policy, &error))
    give_up_with("policy", &error);
  struct digest *leaves = arena_array(&arena, (size_t)size, sizeof *leaves), root;
  struct span entry = made_up_entry(proof.index, ENTRY, bytes);
  for (int64_t i = 0; i < size; i++)
    memcpy(leaves[i].b, &i, sizeof i);
  leaves[proof.index] = merkle_leaf(entry);
  struct merkle_tree tree;
  merkle_tree_build(&arena, MERKLE_SHA256, leaves, (size_t)size, &tree);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  if (merkle_root_at(&reader, size, &root, &error) || merkle_inclusion(&reader, proof.index, size, &proof.inclusion, &error))
    give_up_with("proof", &error);
  struct checkpoint c = {span_of(ORIGIN), size, root};
  struct span body = checkpoint_text(&arena, &c);
  proof.note = note_sign(&arena, body, log);
  for (int i = 0; i < WITNESSES; i++) {
    struct span line = cosign_line(&arena, body, witnesses[i], 1763950000);
    proof.note = span_of(arena_printf(&arena, "%.*s%.*s", (int)proof.note.n, proof.note.p, (int)line.n, line.p));
  }
  struct span file = tlog_proof_text(&arena, &proof);
  struct durations took = {0};
  double processor = processor_seconds();
  for (int i = 0; i < RECEIPTS; i++) {
    struct arena one = {0};
    struct tlog_proof read;
    struct tlog_proof_verdict verdict;
    int64_t start = now_ns();
    if (tlog_proof_parse(&one, file, &read, &error) ||
        tlog_proof_verify(&one, &read, MERKLE_SHA256, entry, policy, &verdict, &error))
      give_up_with("receipt", &error);
    durations_add(&took, now_ns() - start);
    arena_release(&one);
  }
  json_put_num(b->w, "processor_us", (processor_seconds() - processor) / RECEIPTS * 1e6);
  json_put_num(b->w, "bare_signatures_us", run_bare_checks() / RECEIPTS * 1e6);
  durations_sort(&took);
  json_put_num(b->w, "p50_us", durations_quantile(&took, 0.5));
  json_put_num(b->w, "p99_us", durations_quantile(&took, 0.99));
  json_put_int(b->w, "bytes", (int64_t)file.n);
  free(took.list);
  for (int i = 0; i < WITNESSES; i++)
    signer_free(witnesses[i]);
  signer_free(log);
  policy_free(policy);
  buf_release(&text);
  arena_release(&arena);
  place_remove(&place);
}

/* ---- from commit to cosigned ---- */

struct waiting {
  struct engine *engine;
  pthread_mutex_t lock;
  int64_t *committed; /* ns, by seq */
  int64_t last, published, max;
  bool done;
  struct durations took;
};

/* Looks each millisecond how far the public checkpoint is. */
static void *watch(void *argument)
{
  struct waiting *w = argument;
  struct arena arena = {0};
  for (bool end = false; !end; usleep(1000)) {
    struct engine_log_status status;
    engine_log_status(w->engine, &arena, &status);
    int64_t now = now_ns();
    pthread_mutex_lock(&w->lock);
    for (; w->published < status.size && w->published < w->last; w->published++)
      durations_add(&w->took, now - w->committed[w->published + 1]);
    end = w->done && w->published == w->last;
    pthread_mutex_unlock(&w->lock);
    arena_reset(&arena);
  }
  arena_release(&arena);
  return NULL;
}

static void act(struct engine *engine, size_t which, const char *type, json_t *arguments, struct outcome *ret)
{
  struct error error = {0};
  const struct command command = {.kind = &permit_kind,
                                  .id = permit_id(which),
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {"staff:zhang", "officer", "market-regulation", "window"},
                                  .data = arguments};
  if (engine_do(engine, &command, ret, &error))
    give_up_with("a command was refused", &error);
}

static void send_for_a_while(struct waiting *w, const struct options *o)
{
  json_t *arguments = permit_arguments();
  int64_t start = now_ns();
  for (int64_t i = 0; i < w->max; i++) {
    int64_t due = start + i * 1000000000 / o->rate;
    if (due > start + (int64_t)(o->seconds * 1e9))
      break;
    for (int64_t left; (left = due - now_ns()) > 0;)
      usleep((useconds_t)(left / 1000 + 1));
    struct outcome outcome;
    act(w->engine, (size_t)i, "open", arguments, &outcome);
    pthread_mutex_lock(&w->lock);
    w->committed[outcome.seq] = now_ns();
    w->last = outcome.seq;
    pthread_mutex_unlock(&w->lock);
  }
  pthread_mutex_lock(&w->lock);
  w->done = true;
  pthread_mutex_unlock(&w->lock);
  json_decref(arguments);
}

static void bench_latency(struct bench *b)
{
  const struct options *o = b->o;
  struct place place;
  struct store *store;
  struct waiting w = {.max = (int64_t)(o->seconds * o->rate)};
  pthread_t thread;
  char url[PLACE_URL], where[PLACE_URL], log[700];
  place_make(&place, o->directory, NULL);
  place_store(&place, "engine", url, where);
  (void)snprintf(log, sizeof log, "%s/log", place.directory);
  w.engine = open_engine(url, o->keys ? o->keys : place.directory, log, o->policy, 0, &store);
  w.committed = calloc((size_t)w.max + 2, sizeof *w.committed);
  if (!w.committed)
    give_up("out of memory");
  pthread_mutex_init(&w.lock, NULL);
  if (pthread_create(&thread, NULL, watch, &w) != 0)
    give_up("thread");
  send_for_a_while(&w, o);
  pthread_join(thread, NULL);
  durations_sort(&w.took);
  json_put_int(b->w, "commands_per_second", o->rate);
  json_put_int(b->w, "events", (int64_t)w.took.n);
  json_put_num(b->w, "p50_ms", durations_quantile(&w.took, 0.5) / 1000);
  json_put_num(b->w, "p99_ms", durations_quantile(&w.took, 0.99) / 1000);
  json_put_num(b->w, "max_ms", durations_quantile(&w.took, 1) / 1000);
  engine_close(w.engine);
  store_close(store);
  free(w.committed);
  free(w.took.list);
  place_remove(&place);
}

/* ---- what sealing takes from the engine at its limit ---- */

struct client {
  struct engine *engine;
  json_t *arguments;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int64_t done, under_way;
};

static void one_done(void *context, const struct outcome *outcome, const struct error *error)
{
  struct client *c = context;
  (void)outcome;
  if (error)
    give_up_with("a command was refused", error);
  pthread_mutex_lock(&c->lock);
  c->done++;
  if (--c->under_way <= IN_FLIGHT / 2)
    pthread_cond_signal(&c->changed);
  pthread_mutex_unlock(&c->lock);
}

static void submit(struct client *c, size_t which, const char *type)
{
  struct error error = {0};
  const struct command command = {.kind = &permit_kind,
                                  .id = permit_id(which),
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {"staff:zhang", "officer", "market-regulation", "window"},
                                  .data = c->arguments};
  if (engine_submit(c->engine, &command, one_done, c, &error))
    give_up_with("a command was not taken", &error);
}

static void wait_below(struct client *c, int64_t most)
{
  pthread_mutex_lock(&c->lock);
  while (c->under_way > most)
    pthread_cond_wait(&c->changed, &c->lock);
  pthread_mutex_unlock(&c->lock);
}

#define CASES 2000

static double run_load(struct client *c, double seconds)
{
  static uint64_t state = 88172645463325252u;
  int64_t start = now_ns(), before = c->done;
  while (seconds_since(start) < seconds) {
    wait_below(c, IN_FLIGHT / 2);
    pthread_mutex_lock(&c->lock);
    int64_t more = IN_FLIGHT - c->under_way;
    c->under_way += more;
    pthread_mutex_unlock(&c->lock);
    for (; more; more--)
      submit(c, (size_t)(chance(&state) % CASES), "act");
  }
  wait_below(c, 0);
  return (double)(c->done - before) / seconds_since(start);
}

static void client_open(struct client *c, struct engine *engine)
{
  *c = (struct client){.engine = engine, .arguments = permit_arguments()};
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->changed, NULL);
  for (size_t i = 0; i < CASES; i++) {
    pthread_mutex_lock(&c->lock);
    c->under_way++;
    pthread_mutex_unlock(&c->lock);
    submit(c, i, "open");
  }
  wait_below(c, 0);
}

static void bench_loss(struct bench *b)
{
  const struct options *o = b->o;
  struct place place;
  struct store *stores[2];
  struct client clients[2];
  char url[PLACE_URL], where[PLACE_URL], keys[700], log[700];
  double with[ROUNDS_MAX], without[ROUNDS_MAX], ratio[ROUNDS_MAX], share[ROUNDS_MAX], lag[ROUNDS_MAX], caught[ROUNDS_MAX];
  struct error error = {0};
  place_make(&place, o->directory, NULL);
  (void)snprintf(keys, sizeof keys, "%s/keys", place.directory);
  (void)snprintf(log, sizeof log, "%s/log", place.directory);
  for (int i = 0; i < 2; i++) {
    place_store(&place, i ? "engine" : "bare", url, where);
    client_open(&clients[i], open_engine(url, keys, i ? log : NULL, NULL, i ? 0 : -1, &stores[i]));
  }
  for (int i = 0; i < o->rounds; i++) {
    struct engine_stats before, after;
    without[i] = run_load(&clients[0], o->seconds);
    engine_stats(clients[1].engine, &before);
    with[i] = run_load(&clients[1], o->seconds);
    engine_stats(clients[1].engine, &after);
    ratio[i] = with[i] / without[i];
    share[i] = (double)(after.sealing_us - before.sealing_us) / (double)(after.up_us - before.up_us);
    lag[i] = (double)(after.events - after.sealed);
    int64_t start = now_ns();
    if (engine_publish(clients[1].engine, 60000, &error))
      give_up_with("publishing", &error);
    caught[i] = lag[i] / seconds_since(start);
  }
  size_t n = (size_t)o->rounds;
  json_put_int(b->w, "in_flight", IN_FLIGHT);
  json_put_num(b->w, "without_per_second", median(without, n));
  json_put_num(b->w, "with_per_second", median(with, n));
  json_put_num(b->w, "ratio", median(ratio, n));
  json_put_num(b->w, "writer_time_for_leaves", median(share, n));
  json_put_num(b->w, "lag_events", median(lag, n));
  json_put_num(b->w, "caught_up_per_second", median(caught, n));
  for (int i = 0; i < 2; i++) {
    engine_close(clients[i].engine);
    store_close(stores[i]);
    json_decref(clients[i].arguments);
  }
  place_remove(&place);
}

/* ---- the key of the log, for witnesses that are started before ---- */

static void tell_key(struct bench *b)
{
  struct signer *signer;
  struct error error = {0};
  if (signer_open(b->o->keys, "log", ORIGIN, true, &signer, &error))
    give_up_with("keys", &error);
  json_put_str(b->w, "vkey", signer_vkey(signer));
  signer_free(signer);
}

/* ---- the command line ---- */

static const struct part {
  const char *name;
  void (*run)(struct bench *b);
  int64_t n;
  double seconds;
} parts[] = {
    {"hashing", bench_hashing, 300000, 0},
    {"sealing", bench_sealing, 200000, 0},
    {"directory", bench_directory, 1000000, 0},
    {"receipt", bench_receipt, 0, 0},
    {"loss", bench_loss, 0, 2},
    {"latency", bench_latency, 0, 10},
    {"key", tell_key, 0, 0},
};

static const char usage[] =
    "usage: ledger_bench hashing|sealing|directory|receipt|loss|latency|key [--dir DIR] [--n N] [--seconds S] [--rounds N]\n"
    "                    [--rate R] [--keys DIR] [--policy FILE]\n"
    "What the public record costs; docs/ledger.md tells what each figure means. JSON on stdout. latency takes the policy of\n"
    "witnesses that run and know the key that «key» tells.\n";

static double number(const char *text, double least, double most)
{
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= least && value <= most))
    give_up("%s is not a number from %g to %g", text, least, most);
  return value;
}

static const struct part *read_options(int argc, char **argv, struct options *o)
{
  static const struct option known[] = {{"dir", required_argument, NULL, 'd'},     {"n", required_argument, NULL, 'n'},
                                        {"seconds", required_argument, NULL, 't'}, {"rounds", required_argument, NULL, 'r'},
                                        {"rate", required_argument, NULL, 'a'},    {"keys", required_argument, NULL, 'k'},
                                        {"policy", required_argument, NULL, 'p'},  {0}};
  const struct part *part = NULL;
  for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof parts[0]; i++)
    if (strcmp(argv[1], parts[i].name) == 0)
      part = &parts[i];
  if (!part) {
    (void)fputs(usage, stderr);
    exit(2);
  }
  *o = (struct options){.what = part->name, .directory = ".", .n = part->n, .seconds = part->seconds, .rounds = 5, .rate = 200};
  for (int c; (c = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1;)
    switch (c) {
    case 'd':
      o->directory = optarg;
      break;
    case 'n':
      o->n = (int64_t)number(optarg, 1, 1e9);
      break;
    case 't':
      o->seconds = number(optarg, 0.001, 3600);
      break;
    case 'r':
      o->rounds = (int)number(optarg, 1, ROUNDS_MAX);
      break;
    case 'a':
      o->rate = (int)number(optarg, 1, 1e6);
      break;
    case 'k':
      o->keys = optarg;
      break;
    case 'p':
      o->policy = optarg;
      break;
    default:
      (void)fputs(usage, stderr);
      exit(2);
    }
  return part;
}

int main(int argc, char **argv)
{
  struct options options;
  const struct part *part = read_options(argc, argv, &options);
  struct buf out;
  buf_init(&out, 1 << 16);
  struct json_writer writer = json_to(&out);
  struct bench b = {&options, &writer};
  json_begin_object(&writer, NULL);
  json_put_str(&writer, "part", part->name);
  if (options.n)
    json_put_int(&writer, "n", options.n);
  part->run(&b);
  json_end(&writer);
  (void)puts(buf_view(&out).p);
  buf_release(&out);
  return 0;
}
