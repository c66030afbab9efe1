#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "account/account_pages.h"
#include "app/app.h"
#include "base/log.h"
#include "casework/casework.h"
#include "cli/cli.h"
#include "cli/mechanisms.h"
#include "cli/outside.h"
#include "consult/consult_pages.h"
#include "edit/edition.h"
#include "edit/workshop.h"
#include "hall/hall.h"
#include "hall/hall_pages.h"
#include "paper/press.h"
#include "promise/promise.h"
#include "record/readers.h"
#include "watch/job.h"
#include "watch/registry.h"
#include "web/web.h"

static const char usage_zh[] =
    "用法：onevisit serve [--store URL] [--catalog DIR] [--listen 地址:端口] [--sample]\n"
    "  --store URL     sqlite:路径 或 postgresql://…（默认 " CLI_STORE_DEFAULT "）\n"
    "  --catalog DIR   事项目录（默认 catalogs/ningbo）\n"
    "  --proof FILE    目录的证明，由 onevisit check --publish 写成（默认 目录/proof.json）\n"
    "  --listen A:P    监听地址（默认 127.0.0.1:8080；端口 0 为任意空闲端口）\n"
    "  --sample        样例城市：样例身份认证与样例工作人员\n"
    "  --keys DIR      签名密钥目录（默认在存储旁）\n"
    "  --origin 名称    账本名称，不含协议的网址（默认 " CLI_ORIGIN_DEFAULT "）\n"
    "  --log DIR       公开账本目录（默认在存储旁：存储名.log）\n"
    "  --policy FILE   见证策略（默认：密钥目录中的 policy；没有则不需见证）\n"
    "  --sm2           检查点另加 SM2 签名（首次使用时生成密钥）\n"
    "  --sm3-log       另公布一份 SM3 账本（DIR/sm3，名称后加 /sm3）\n"
    "  --readers LIST  只有这些地址或网段（逗号分隔）和登录的工作人员可取账本条目（默认：所有人）\n"
    "  --site URL      公众访问的网址，印在文书上用于核验（默认：http://监听地址）\n"
    "  --mail URL      发通知的邮件服务器 smtp://主机:端口 或 smtps://…；密钥目录 mail.user 中可有“用户:密码”，\n"
    "                  mail.ca 中可有所信证书机构的证书（PEM；没有则信系统的）；有其一即只经 TLS 发送\n"
    "  --mail-from A   发件地址\n"
    "  --notices URL   短信和微信网关，通知以签名的 JSON 发到该处（密钥目录 notices.secret）\n"
    "  --courier URL   快递系统，结果由其寄送（密钥目录 courier.secret）\n"
    "  --tls           公众经 https 访问（置于 nginx 之后）\n"
    "  --proxy         采信前置代理给出的客户地址\n"
    "  --streams-each N  同一地址最多同时打开的实时页面（默认：总数的五分之一）\n"
    "  --uploads DIR   上传中的文件的暂存目录\n";
static const char usage_en[] =
    "Usage: onevisit serve [--store URL] [--catalog DIR] [--listen ADDR:PORT] [--sample]\n"
    "  --store URL     sqlite:PATH or postgresql://… (default " CLI_STORE_DEFAULT ")\n"
    "  --catalog DIR   the catalogue (default catalogs/ningbo)\n"
    "  --proof FILE    its proof, as onevisit check --publish wrote it (default DIR/proof.json)\n"
    "  --listen A:P    where to listen (default 127.0.0.1:8080; port 0: any free one)\n"
    "  --sample        the sample city: sample identity provider and sample staff\n"
    "  --keys DIR      the signing keys (default: beside the store)\n"
    "  --origin NAME   the ledger's name, a URL without scheme, or what a witness wants (default " CLI_ORIGIN_DEFAULT ")\n"
    "  --log DIR       the public ledger's directory (default: beside the store, its name with .log)\n"
    "  --policy FILE   the witnesses (default: policy in the keys' directory; none where that is not there)\n"
    "  --sm2           sign checkpoints by SM2 too (the key is made at first use)\n"
    "  --sm3-log       publish a second ledger over SM3 too (DIR/sm3, its name with /sm3)\n"
    "  --readers LIST  only these addresses and networks (commas between), and staff signed in, get the log's entries (default: all)\n"
    "  --site URL      where the public reaches us, printed on papers for their check (default: http:// and what --listen says)\n"
    "  --mail URL      the mail server for notices, smtp://HOST:PORT or smtps://…; the keys' mail.user may hold «user:password», their\n"
    "                  mail.ca the certificates (PEM) of the authority to trust instead of the system's; with either only over TLS\n"
    "  --mail-from A   their sender\n"
    "  --notices URL   the gateway of short messages and WeChat: notices are posted there, signed (the keys' notices.secret)\n"
    "  --courier URL   the courier's system that results are sent by (the keys' courier.secret)\n"
    "  --tls           people reach us by https (nginx stands before)\n"
    "  --proxy         take the client's address from the proxy before us\n"
    "  --streams-each N  live pages that one address may have open at once (default: a fifth of all)\n"
    "  --uploads DIR   where uploads wait while they come in\n";

struct serve_options {
  const char *store, *catalog, *proof, *listen, *keys, *origin, *log, *policy, *notices, *uploads, *readers, *site, *mail,
      *mail_from, *courier, *streams_each;
  int64_t streams_of_one;
  bool sample, tls, proxy, sm2, sm3_log, help;
};

static bool parse(int argc, char **argv, struct serve_options *o)
{
  const char *language = NULL;
  const struct {
    const char *name;
    const char **text; /* where its argument goes; NULL: it has none */
    bool *flag;
  } all[] = {{"store", &o->store, NULL},     {"catalog", &o->catalog, NULL},
             {"proof", &o->proof, NULL},     {"listen", &o->listen, NULL},
             {"keys", &o->keys, NULL},       {"origin", &o->origin, NULL},
             {"log", &o->log, NULL},         {"policy", &o->policy, NULL},
             {"notices", &o->notices, NULL}, {"uploads", &o->uploads, NULL},
             {"readers", &o->readers, NULL}, {"site", &o->site, NULL},
             {"mail", &o->mail, NULL},       {"mail-from", &o->mail_from, NULL},
             {"courier", &o->courier, NULL}, {"streams-each", &o->streams_each, NULL},
             {"lang", &language, NULL},      {"sm2", NULL, &o->sm2},
             {"sm3-log", NULL, &o->sm3_log}, {"sample", NULL, &o->sample},
             {"tls", NULL, &o->tls},         {"proxy", NULL, &o->proxy},
             {"help", NULL, &o->help}};
  enum { COUNT = sizeof all / sizeof *all, FIRST = 256 };
  struct option options[COUNT + 1] = {0};
  for (int i = 0; i < COUNT; i++)
    options[i] = (struct option){all[i].name, all[i].text ? required_argument : no_argument, NULL, FIRST + i};
  *o = (struct serve_options){
      .store = CLI_STORE_DEFAULT, .catalog = "catalogs/ningbo", .listen = "127.0.0.1:8080", .origin = CLI_ORIGIN_DEFAULT};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c < FIRST || c >= FIRST + COUNT)
      return false;
    if (all[c - FIRST].text)
      *all[c - FIRST].text = optarg;
    else
      *all[c - FIRST].flag = true;
  }
  if (language)
    cli_language(language);
  if (o->streams_each &&
      (!span_natural(span_of(o->streams_each), &o->streams_of_one) || o->streams_of_one < 1 || o->streams_of_one > INT_MAX))
    return false;
  return optind == argc;
}

/* Everything that serves, in the order it is opened; closed the other way round. */
struct service {
  struct serve_options options;
  struct arena arena;
  struct edition *edition; /* until it is on the shelf */
  struct shelf *shelf;
  const struct edition *first; /* borrowed until everything is open */
  bool folder;                 /* the version served is that of options.catalog */
  struct store *store;
  struct engine *engine;
  struct hall_post hall;
  struct workshop *workshop;
  struct outside outside;
  struct app app;
  struct watch_job *watch;
  struct error unlent; /* why the monitor does not have the catalogue of the time: said once */
  struct web *web;
};

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(((struct service *)context)->store, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

static const struct app *lend(void *context)
{
  return shelf_lend(((struct service *)context)->shelf);
}

static void give_back(void *context, const struct app *app)
{
  shelf_give_back(((struct service *)context)->shelf, app);
}

/* What people did wrong is their page's business; what we did wrong is the log's. */
static void answered(void *context, const struct request *rq, unsigned status, int64_t microseconds)
{
  (void)context;
  if (status < 500)
    return;
  char code[16], took[32];
  (void)snprintf(code, sizeof code, "%u", status);
  (void)snprintf(took, sizeof took, "%lld", (long long)microseconds);
  log_line("error", "a request failed", "request", rq->id, "route", rq->route ? rq->route->pattern : "", "status", code, "us", took,
           NULL);
}

static int open_catalog(struct service *s, struct error *error)
{
  struct findings findings = {0};
  s->edition = calloc(1, sizeof *s->edition);
  if (!s->edition)
    abort();
  if (catalog_load(s->options.catalog, &s->edition->catalog, &s->arena, &findings, error) == 0)
    return 0;
  cli_print_findings(stderr, s->options.catalog, &findings);
  return findings.n ? error_set(error, ERROR_BAD_INPUT, "unusable-catalog", "事项目录有 %zu 处错误，不能开始服务",
                                "The catalogue has %zu mistakes: it cannot be served", findings.n)
                    : -1;
}

/* Only what was proved is served, and nothing is proved here. */
static int open_promise(struct service *s, struct error *error)
{
  struct edition *e = s->edition;
  const char *path = s->options.proof ? s->options.proof : arena_printf(&s->arena, "%s/" PROMISE_FILE, s->options.catalog);
  return promise_read(path, e->catalog, &e->arena, &e->promise, error);
}

/* The folder's version, or what editors have put in force since. */
static int open_shelf(struct service *s, struct error *error)
{
  if (edition_choose(s->store, &s->edition, &s->folder, error))
    return -1;
  if (!s->folder)
    log_line("info", "the version in force is the editors', not the folder's", "version", s->edition->catalog->version.hex, NULL);
  s->shelf = shelf_open(s->edition);
  s->edition = NULL;
  s->first = shelf_borrow(s->shelf);
  return 0;
}

/* Without their fonts papers are not set, and everything else goes on. */
static void open_papers(struct service *s)
{
  struct error error = {0};
  struct world world = {0};
  s->app.site = s->options.site ? s->options.site : arena_printf(&s->arena, "http://%s", s->options.listen);
  world.paper_site = s->app.site;
  if (press_open(&s->app.press, &error))
    log_error("papers cannot be set", &error);
  else
    world.paper_layout = press_layout(s->app.press);
  shelf_world(s->shelf, &world);
}

static int open_engine(struct service *s, struct error *error)
{
  const struct outlet own[] = {casework_file_outlet(s->store), hall_moves_outlet(&s->hall), hall_presence_outlet(&s->hall), {0}};
  open_papers(s);
  s->app.key_dir = s->options.keys ? s->options.keys : cli_key_dir(&s->arena, s->store);
  s->app.log_dir = s->options.log ? s->options.log : cli_log_dir(&s->arena, s->store);
  s->app.policy = s->options.policy ? s->options.policy : arena_printf(&s->arena, "%s/policy", s->app.key_dir);
  const struct outside_options far = {.store = s->store,
                                      .own = own,
                                      .key_dir = s->app.key_dir,
                                      .site = s->app.site,
                                      .mail = s->options.mail,
                                      .mail_from = s->options.mail_from,
                                      .notices = s->options.notices,
                                      .courier = s->options.courier};
  if (outside_open(&s->arena, &far, &s->outside, error))
    return -1;
  s->app.courier_secret = s->outside.courier_secret;
  struct engine_options options = {
      .kinds = all_kinds,
      .outlets = s->outside.outlets,
      .world = &s->first->world,
      .key_dir = s->app.key_dir,
      .origin = s->options.origin,
      .log_dir = s->app.log_dir,
      .policy = s->options.policy,
      .sm2 = s->options.sm2,
      .sm3_log = s->options.sm3_log,
  };
  if (engine_open(s->store, &options, &s->engine, error))
    return -1;
  atomic_store(&s->hall.engine, s->engine);
  outside_serve(&s->outside, s->engine);
  return 0;
}

/* Every key is registered before it signs. */
static int register_departments(void *context, const struct catalog *catalog, struct error *error)
{
  struct service *s = context;
  struct arena arena = {0};
  const char **departments = arena_array(&arena, catalog->agency_count + 1, sizeof *departments);
  for (size_t i = 0; i < catalog->agency_count; i++)
    departments[i] = catalog->agencies[i].id;
  int bad = cli_begin_registry(s->engine, s->store, s->app.key_dir, s->options.origin, departments, catalog->agency_count, error);
  arena_release(&arena);
  return bad;
}

static int open_workshop(struct service *s, struct error *error)
{
  const struct workshop_options options = {
      .engine = s->engine, .store = s->store, .shelf = s->shelf, .prepare = register_departments, .context = s};
  return workshop_open(&options, &s->workshop, error);
}

/* The monitor can do with another version where the one of the time cannot be read. */
static int lend_catalog(void *context, struct db *db, int64_t seq, struct watch_catalog *held, struct error *error)
{
  struct service *s = context;
  const struct edition *e = held->owner;
  bool bad = shelf_turn(s->shelf, s->store, db, seq, &e, &held->next, error) != 0;
  if (!e)
    return -1;
  if (bad && strcmp(error->en, s->unlent.en) != 0)
    log_error("the monitor goes on with another version of the catalogue", error);
  s->unlent = bad ? *error : (struct error){0};
  held->owner = e;
  held->catalog = e->catalog;
  return 0;
}

static void give_back_catalog(void *context, const struct watch_catalog *held)
{
  shelf_return(((struct service *)context)->shelf, held->owner);
}

static int open_watch(struct service *s, struct error *error)
{
  const struct watch_options options = {.engine = s->engine,
                                        .store = s->store,
                                        .lend = lend_catalog,
                                        .give_back = give_back_catalog,
                                        .context = s,
                                        .key_dir = s->app.key_dir,
                                        .origin = s->options.origin,
                                        .log_dir = s->options.log ? s->options.log : cli_log_dir(&s->arena, s->store)};
  return watch_start(&options, &s->watch, error);
}

static const struct live_source live_sources[] = {{"hall/", hall_live_version}, {"consult/", consult_live_version}, {NULL}};

static int open_web(struct service *s, struct error *error)
{
  char *secret;
  if (account_web_secret(s->app.key_dir, &s->arena, &secret, error))
    return -1;
  s->app.shelf = s->shelf;
  s->app.workshop = s->workshop;
  s->app.store = s->store;
  s->app.sample = s->options.sample;
  s->app.readers = s->options.readers;
  s->app.throttle = throttle_open(100000);
  shelf_dress(s->shelf, &s->app);
  struct web_options options = {
      .listen = s->options.listen,
      .routes = all_routes,
      .nav = site_nav,
      .engine = s->engine,
      .lend = lend,
      .give_back = give_back,
      .authenticate = account_authenticate,
      .connect = connect_reader,
      .disconnect = disconnect_reader,
      .answered = answered,
      .context = s,
      .upload_dir = s->options.uploads,
      .secret = secret,
      .tls = s->options.tls,
      .proxy = s->options.proxy,
      .sample = s->options.sample,
      .live = live_sources,
      .streams_each = (int)s->options.streams_of_one,
  };
  return web_open(&options, &s->web, error);
}

static int open_service(struct service *s, struct error *error)
{
  if (readers_check(s->options.readers ? s->options.readers : "", error) || open_catalog(s, error) || open_promise(s, error) ||
      cli_open_store(s->options.store, &s->store, error) || open_shelf(s, error) || open_engine(s, error) ||
      register_departments(s, s->first->catalog, error) || (s->folder && edition_enter(s->store, s->engine, s->first, error)))
    return -1;
  if (accounts_open(s->app.key_dir, 0, &s->app.accounts, error))
    return -1;
  if (s->options.sample && account_sample(s->app.accounts, s->engine, s->first->catalog, NULL, error))
    return -1;
  if (s->options.sample && hall_sample(s->engine, s->first->catalog, moment_now(), error))
    return -1;
  if (open_watch(s, error) || open_workshop(s, error) || open_web(s, error))
    return -1;
  shelf_return(s->shelf, s->first);
  s->first = NULL;
  return 0;
}

static void close_service(struct service *s)
{
  if (s->web)
    web_close(s->web);
  workshop_close(s->workshop);
  watch_stop(s->watch);
  accounts_close(s->app.accounts);
  engine_close(s->engine);
  outside_close(&s->outside);
  throttle_close(s->app.throttle);
  press_close(s->app.press);
  store_close(s->store);
  if (s->first)
    shelf_return(s->shelf, s->first);
  shelf_close(s->shelf);
  edition_free(s->edition);
  arena_release(&s->arena);
}

int cli_serve(int argc, char **argv)
{
  struct service s = {0};
  struct error error = {0};
  if (!parse(argc, argv, &s.options))
    return cli_usage(usage_zh, usage_en);
  if (s.options.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  cli_block_signals();
  int bad = open_service(&s, &error);
  if (!bad) {
    char port[16];
    (void)snprintf(port, sizeof port, "%d", web_port(s.web));
    log_line("info", "listening", "address", s.options.listen, "port", port, "store", store_url(s.store), NULL);
    cli_wait_for_signal();
    log_line("info", "stopping", NULL);
  }
  close_service(&s);
  return bad ? cli_fail(&error) : CLI_OK;
}
