#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/witnessing.h"
#include "web/web.h"
#include "witness/mirror.h"
#include "witness/mirror_pages.h"
#include "witness/witness_pages.h"

static const char usage_zh[] =
    "用法：onevisit mirror --state DIR --name 名称 --log 公钥 --from 来源 [--every 秒] [--listen 地址:端口]\n"
    "      onevisit mirror --state DIR --log 公钥 --restore-to DIR\n"
    "  保存账本全部条目的副本：逐条核对，落盘之后才作见证\n"
    "  --state DIR        副本、状态与签名密钥的目录（首次运行时建立）\n"
    "  --name 名称         密钥名称，不含协议的网址，如 mirror.archives.example/m1\n"
    "  --log 公钥          账本公布的公钥（名称+编号+公钥）；换钥期间可给两个\n"
    "  --from 来源         账本的网址（http://…/log）或目录\n"
    "  --every 秒          多久看一次（默认 1）\n"
    "  --listen A:P       监听地址（默认 127.0.0.1:8091；端口 0 为任意空闲端口）\n"
    "  --once             只取一次后退出\n"
    "  --init             只生成密钥，打印镜像的见证公钥后退出\n"
    "  --restore-to DIR   由副本写出账本目录，与原账本逐字节相同\n"
    "  退出码：0 完成，1 账本给出的内容与它签署的不符，2 参数有误，3 未能完成\n";
static const char usage_en[] =
    "Usage: onevisit mirror --state DIR --name NAME --log VKEY --from SOURCE [--every SECONDS] [--listen ADDR:PORT]\n"
    "       onevisit mirror --state DIR --log VKEY --restore-to DIR\n"
    "  Holds every entry of a log: each is checked, and nothing is cosigned before it is on disk\n"
    "  --state DIR        the copy, state and signing key (made at the first start)\n"
    "  --name NAME        the key's name, a URL without scheme, as mirror.archives.example/m1\n"
    "  --log VKEY         the log's public key as published (name+id+key); two while a key is being changed\n"
    "  --from SOURCE      the log's URL (http://…/log) or directory\n"
    "  --every SECONDS    how often to look (default 1)\n"
    "  --listen A:P       where to listen (default 127.0.0.1:8091; port 0: any free one)\n"
    "  --once             looks once and ends\n"
    "  --init             only makes the key, prints the mirror's public key and ends\n"
    "  --restore-to DIR   writes the log's directory from the copy, byte for byte\n"
    "  Exit codes: 0 done, 1 the log is not what it signed, 2 bad arguments, 3 could not be done\n";

struct arguments {
  const char *state, *name, *from, *listen, *restore_to;
  const char *logs[WITNESSING_LOGS_MAX + 1];
  size_t logs_n;
  int64_t every;
  bool once, init, help;
};

static bool parse(int argc, char **argv, struct arguments *a)
{
  static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"log", required_argument, NULL, 'k'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"every", required_argument, NULL, 'e'},
                                          {"listen", required_argument, NULL, 'a'},
                                          {"restore-to", required_argument, NULL, 'r'},
                                          {"once", no_argument, NULL, 'o'},
                                          {"init", no_argument, NULL, 'i'},
                                          {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  *a = (struct arguments){.listen = "127.0.0.1:8091", .every = 1};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    switch (c) {
    case 's':
      a->state = optarg;
      break;
    case 'n':
      a->name = optarg;
      break;
    case 'k':
      if (a->logs_n == WITNESSING_LOGS_MAX)
        return false;
      a->logs[a->logs_n++] = optarg;
      break;
    case 'f':
      a->from = optarg;
      break;
    case 'e':
      if (!span_int(span_of(optarg), &a->every) || a->every < 1 || a->every > 86400)
        return false;
      break;
    case 'a':
      a->listen = optarg;
      break;
    case 'r':
      a->restore_to = optarg;
      break;
    case 'o':
      a->once = true;
      break;
    case 'i':
      a->init = true;
      break;
    case 'l':
      cli_language(optarg);
      break;
    case 'h':
      a->help = true;
      break;
    default:
      return false;
    }
  if (a->help)
    return true;
  bool whole = a->state && a->logs_n && (a->restore_to || (a->name && (a->from || a->init)));
  return whole && optind == argc;
}

/* The thread that follows the log while the server answers. */
struct follower {
  struct mirror *mirror;
  int64_t every;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool stopping;
};

/* Waits for the next look; false when it is time to end. */
static bool pause_follower(struct follower *f)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += f->every;
  pthread_mutex_lock(&f->lock);
  int timed_out = 0;
  while (!f->stopping && !timed_out)
    timed_out = pthread_cond_timedwait(&f->wake, &f->lock, &until);
  bool go_on = !f->stopping;
  pthread_mutex_unlock(&f->lock);
  return go_on;
}

/* Said when it begins and when it ends, not each second between. */
static void *follow(void *context)
{
  struct follower *f = context;
  struct error said = {0}, error;
  int64_t size;
  do {
    error = (struct error){0};
    if (mirror_follow(f->mirror, moment_now(), &size, &error) == 0 && said.name)
      log_line("info", "following again", NULL);
    else if (error.name && strcmp(error.en, said.en) != 0 && !f->stopping)
      log_error("the log cannot be followed", &error);
    said = error;
  } while (pause_follower(f));
  return NULL;
}

static void start_follower(struct follower *f, struct mirror *mirror, int64_t every, pthread_t *ret)
{
  pthread_condattr_t monotonic;
  *f = (struct follower){.mirror = mirror, .every = every};
  pthread_mutex_init(&f->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&f->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(ret, NULL, follow, f))
    abort();
}

static void stop_follower(struct follower *f, pthread_t thread)
{
  pthread_mutex_lock(&f->lock);
  f->stopping = true;
  pthread_cond_signal(&f->wake);
  pthread_mutex_unlock(&f->lock);
  mirror_stop(f->mirror);
  pthread_join(thread, NULL);
  pthread_cond_destroy(&f->wake);
  pthread_mutex_destroy(&f->lock);
}

static int serve(const struct arguments *a, struct mirror *mirror, struct error *error)
{
  static const struct route *const routes[] = {witness_routes, mirror_routes, NULL};
  struct app app = {.witness = mirror_witness(mirror), .mirror = mirror};
  struct web_options options = {.listen = a->listen, .routes = routes, .app = &app, .workers = WITNESSING_WORKERS};
  struct web *web;
  struct follower follower;
  pthread_t thread;
  cli_block_signals();
  if (web_open(&options, &web, error))
    return -1;
  witnessing_hello(app.witness, a->listen, web_port(web));
  start_follower(&follower, mirror, a->every, &thread);
  cli_wait_for_signal();
  log_line("info", "stopping", NULL);
  stop_follower(&follower, thread);
  web_close(web);
  return 0;
}

static int run_mirror(const struct arguments *a, struct error *error)
{
  const struct mirror_options options = {
      .state = a->state, .name = a->name, .logs = a->logs, .from = a->from ? a->from : a->state, .answered = witnessing_answered};
  struct mirror *mirror;
  int64_t size;
  int bad = 0;
  if (mirror_open(&options, &mirror, error))
    return -1;
  if (a->init)
    (void)puts(witness_vkey(mirror_witness(mirror)));
  else if (a->once)
    bad = mirror_follow(mirror, moment_now(), &size, error);
  else
    bad = serve(a, mirror, error);
  mirror_close(mirror);
  return bad;
}

static int run_restore(const struct arguments *a, struct error *error)
{
  int64_t size;
  if (mirror_restore(a->state, a->logs, a->restore_to, &size, error))
    return -1;
  cli_say("已由副本写出 %lld 个条目，与检查点相符：%s", "Wrote %lld entries from the copy; they are those of its checkpoint: %s",
          (long long)size, a->restore_to);
  return 0;
}

int cli_mirror(int argc, char **argv)
{
  struct arguments a;
  struct error error = {0};
  if (!parse(argc, argv, &a))
    return cli_usage(usage_zh, usage_en);
  if (a.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  int bad = a.restore_to ? run_restore(&a, &error) : run_mirror(&a, &error);
  int code = bad ? cli_fail(&error) : CLI_OK;
  return bad && error.code == ERROR_RULE ? CLI_NO : code; /* the log is not what it signed */
}
