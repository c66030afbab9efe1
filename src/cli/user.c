/*
 * onevisit user: staff accounts from the command line; how the first administrator comes to be.
 *
 * It writes by the same rules as the service, so it needs the store to itself: beside a running service only «list» works.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "account/account.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/mechanisms.h"

static const char usage_zh[] =
    "用法：onevisit user add 登录名 --name 姓名 --role 角色… --agency 单位 [--stdin]\n"
    "      onevisit user passwd 登录名 [--stdin]\n"
    "      onevisit user roles 登录名 --role 角色… [--agency 单位]\n"
    "      onevisit user disable|enable 登录名\n"
    "      onevisit user list\n"
    "  --role     clerk 窗口受理 · officer 部门经办 · issuer 统一出件 · supervisor 监督 · records 档案管理 · editor 目录编辑 · legal 合法性审查 · admin 系统管理；可多次，或以逗号分隔\n"
    "  --agency   目录中的部门编号（officer），其他角色为 centre\n"
    "  --stdin    从标准输入读取密码（一行）；不给则在终端上询问\n"
    "  --store URL、--keys DIR、--lang zh|en\n"
    "  除 list 以外须先停止服务。退出码 0 完成 · 2 参数有误或不符合规定 · 3 失败\n";
static const char usage_en[] =
    "Usage: onevisit user add LOGIN --name NAME --role ROLE… --agency AGENCY [--stdin]\n"
    "       onevisit user passwd LOGIN [--stdin]\n"
    "       onevisit user roles LOGIN --role ROLE… [--agency AGENCY]\n"
    "       onevisit user disable|enable LOGIN\n"
    "       onevisit user list\n"
    "  --role     clerk, officer, issuer, supervisor, records, editor, legal, admin; several times, or with commas\n"
    "  --agency   the id of a department in the catalogue (for officers); for the others: centre\n"
    "  --stdin    the password is one line on the standard input; without it, it is asked for at the terminal\n"
    "  --store URL, --keys DIR, --lang zh|en\n"
    "  All but list need the service to be stopped. Exit: 0 done · 2 bad arguments or against the rules · 3 failed\n";

struct user_arguments {
  const char *store, *keys, *verb, *login, *name, *agency;
  json_t *roles;
  bool from_stdin, help;
};

/* What a command works with. */
struct clerk {
  struct store *store;
  struct engine *engine;
  struct accounts *accounts;
  struct arena arena;
};

typedef int user_verb(struct clerk *clerk, const struct user_arguments *a, struct error *error);

/* ---- arguments ---- */

static void add_roles(json_t *roles, const char *text)
{
  struct span rest = span_of(text), one;
  while (span_cut(&rest, ',', &one))
    json_array_append_new(roles, json_stringn(one.p, one.n));
}

static bool take_option(struct user_arguments *a, int c)
{
  switch (c) {
  case 's':
    a->store = optarg;
    return true;
  case 'k':
    a->keys = optarg;
    return true;
  case 'n':
    a->name = optarg;
    return true;
  case 'r':
    add_roles(a->roles, optarg);
    return true;
  case 'a':
    a->agency = optarg;
    return true;
  case 'i':
    a->from_stdin = true;
    return true;
  case 'l':
    cli_language(optarg);
    return true;
  case 'h':
    a->help = true;
    return true;
  default:
    return false;
  }
}

static bool parse(int argc, char **argv, struct user_arguments *a)
{
  static const struct option options[] = {
      {"store", required_argument, NULL, 's'}, {"keys", required_argument, NULL, 'k'},   {"name", required_argument, NULL, 'n'},
      {"role", required_argument, NULL, 'r'},  {"agency", required_argument, NULL, 'a'}, {"stdin", no_argument, NULL, 'i'},
      {"lang", required_argument, NULL, 'l'},  {"help", no_argument, NULL, 'h'},         {0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    if (!take_option(a, c))
      return false;
  a->verb = optind < argc ? argv[optind] : "";
  a->login = optind + 1 < argc ? argv[optind + 1] : "";
  bool list = strcmp(a->verb, "list") == 0;
  return a->help || optind + (list ? 1 : 2) == argc;
}

/* ---- passwords ---- */

#define LINE_MAX_BYTES 1024

static int no_password(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "no-password", "没有输入密码，什么都没有改变",
                   "No password was given: nothing has changed");
}

static int password_from_stdin(char line[LINE_MAX_BYTES], struct error *error)
{
  if (!fgets(line, LINE_MAX_BYTES, stdin))
    return no_password(error);
  line[strcspn(line, "\r\n")] = '\0';
  return 0;
}

/* Drops the last character, which may be several bytes. */
static size_t rub_out(const char *line, size_t n)
{
  while (n && ((unsigned char)line[--n] & 0xc0) == 0x80)
    ;
  return n;
}

/* Byte by byte without signals, so that Ctrl-C never leaves the terminal without echo. False: cancelled, or too long. */
static bool type_line(int tty, char line[LINE_MAX_BYTES])
{
  size_t n = 0;
  char c;
  while (read(tty, &c, 1) == 1) {
    if (c == '\r' || c == '\n') {
      line[n] = '\0';
      return n > 0;
    }
    if (c == 0x03 || c == 0x04 || n + 1 == LINE_MAX_BYTES)
      return false;
    if (c == 0x7f || c == '\b')
      n = rub_out(line, n);
    else
      line[n++] = c;
  }
  return false;
}

static bool ask(int tty, const char *question, char line[LINE_MAX_BYTES])
{
  struct termios before, silent;
  if (tcgetattr(tty, &before) != 0)
    return false;
  silent = before;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
  silent.c_cc[VMIN] = 1;
  silent.c_cc[VTIME] = 0;
  (void)dprintf(tty, "%s", question);
  if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
    return false;
  bool typed = type_line(tty, line);
  (void)tcsetattr(tty, TCSAFLUSH, &before);
  (void)dprintf(tty, "\n");
  return typed;
}

static int password_from_terminal(char line[LINE_MAX_BYTES], struct error *error)
{
  char again[LINE_MAX_BYTES];
  bool zh = cli_chinese();
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (tty < 0)
    return error_set(error, ERROR_BAD_INPUT, "no-terminal", "这里没有终端可以询问密码，请用 --stdin",
                     "There is no terminal to ask for the password at: use --stdin");
  bool typed = ask(tty, zh ? "密码：" : "Password: ", line) && ask(tty, zh ? "再输入一次：" : "Once more: ", again);
  (void)close(tty);
  bool same = typed && strcmp(line, again) == 0;
  explicit_bzero(again, sizeof again);
  if (!typed)
    return no_password(error);
  return same ? 0
              : error_set(error, ERROR_BAD_INPUT, "not-the-same", "两次输入的密码不一致，什么都没有改变",
                          "The two passwords are not the same: nothing has changed");
}

/* The string to store. */
static int read_password(struct clerk *clerk, const struct user_arguments *a, const char *login, const char **ret,
                         struct error *error)
{
  char line[LINE_MAX_BYTES] = "";
  int bad = a->from_stdin ? password_from_stdin(line, error) : password_from_terminal(line, error);
  bad = bad || password_check(login, span_of(line), error);
  if (!bad)
    *ret = accounts_hash(clerk->accounts, &clerk->arena, span_of(line));
  explicit_bzero(line, sizeof line);
  return bad ? -1 : 0;
}

/* ---- commands ---- */

static int login_of(struct clerk *clerk, const struct user_arguments *a, const char **ret, struct error *error)
{
  if (account_login(&clerk->arena, span_of(a->login), ret))
    return 0;
  return error_set(error, ERROR_BAD_INPUT, "bad-login", "登录名应为 2 至 %d 个小写字母、数字、点、下划线或连字符，以字母开头",
                   "A login name has 2 to %d lower-case letters, digits, dots, underscores or hyphens and begins with a letter",
                   LOGIN_MAX);
}

/* Takes over data. */
static int tell(struct clerk *clerk, const char *login, const char *type, json_t *data, struct error *error)
{
  struct command command = {.kind = &account_kind,
                            .id = account_staff_id(login),
                            .expect = -1,
                            .type = type,
                            .key = "",
                            .actor = {"system", "system", "", "system"},
                            .at = moment_now(),
                            .data = data};
  int bad = engine_do(clerk->engine, &command, NULL, error);
  json_decref(data);
  return bad;
}

static int add(struct clerk *clerk, const struct user_arguments *a, struct error *error)
{
  const char *login, *stored;
  if (login_of(clerk, a, &login, error) || read_password(clerk, a, login, &stored, error))
    return -1;
  json_t *data = json_pack("{s:s, s:s, s:O, s:s}", "login", login, "name", a->name, "roles", a->roles, "agency", a->agency);
  if (!data)
    return error_set(error, ERROR_BAD_INPUT, "bad-name", "姓名不是有效的 UTF-8 文字", "The name is not valid UTF-8 text");
  if (tell(clerk, login, "create", data, error))
    return -1;
  return tell(clerk, login, "set-password", json_pack("{s:s}", "password", stored), error);
}

static int passwd(struct clerk *clerk, const struct user_arguments *a, struct error *error)
{
  const char *login, *stored;
  if (login_of(clerk, a, &login, error) || read_password(clerk, a, login, &stored, error))
    return -1;
  return tell(clerk, login, "set-password", json_pack("{s:s}", "password", stored), error);
}

static int set_roles(struct clerk *clerk, const struct user_arguments *a, struct error *error)
{
  const char *login;
  if (login_of(clerk, a, &login, error))
    return -1;
  return tell(clerk, login, "set-roles", json_pack("{s:O, s:s}", "roles", a->roles, "agency", a->agency), error);
}

static int disable_or_enable(struct clerk *clerk, const struct user_arguments *a, struct error *error)
{
  const char *login;
  return login_of(clerk, a, &login, error) ? -1 : tell(clerk, login, a->verb, NULL, error);
}

/* ---- the store, to write ---- */

/* Stands still, so that no timer of a case fires here: they are the service's, which has the catalogue. */
static moment still(void *context)
{
  (void)context;
  return 1;
}

static int open_clerk(struct clerk *clerk, const struct user_arguments *a, struct error *error)
{
  if (cli_open_store(a->store, &clerk->store, error))
    return -1;
  struct engine_options options = {.kinds = all_kinds,
                                   .key_dir = a->keys ? a->keys : cli_key_dir(&clerk->arena, clerk->store),
                                   .origin = CLI_ORIGIN_DEFAULT,
                                   .seal_ms = -1, /* the service signs what is written here when it starts */
                                   .clock = still};
  if (engine_open(clerk->store, &options, &clerk->engine, error) ||
      cli_begin_registry(clerk->engine, clerk->store, options.key_dir, options.origin, NULL, 0, error))
    return -1;
  return accounts_open(NULL, 1, &clerk->accounts, error);
}

static void close_clerk(struct clerk *clerk)
{
  accounts_close(clerk->accounts);
  engine_close(clerk->engine);
  store_close(clerk->store);
  arena_release(&clerk->arena);
}

static int write_with(user_verb *verb, const struct user_arguments *a)
{
  struct clerk clerk = {0};
  struct error error = {0};
  int bad = open_clerk(&clerk, a, &error) || verb(&clerk, a, &error);
  close_clerk(&clerk);
  if (!bad) {
    cli_say("完成：%s", "Done: %s", a->login);
    return CLI_OK;
  }
  int status = cli_fail(&error);
  if (strcmp(error.name, "store-locked") == 0)
    cli_say("onevisit: 服务正在使用这个存储，请先停止服务，再管理账号；什么都没有改变",
            "onevisit: the service is using this store: stop the service first, then manage accounts; nothing has changed");
  return status;
}

/* ---- list ---- */

static void print_account(const struct account_row *row)
{
  static const struct {
    unsigned bit;
    const char *word;
  } words[] = {
#define X(name, bit, word, zh, en) {(bit), (word)},
      ACCOUNT_ROLES(X)
#undef X
  };
  (void)printf("%s\t%s\t%s\t", row->login, row->name, row->agency);
  const char *comma = "";
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (row->roles & words[i].bit) {
      (void)printf("%s%s", comma, words[i].word);
      comma = ",";
    }
  (void)printf("\t%s\n", row->disabled ? "disabled" : !*row->password ? "no-password" : "enabled");
}

/* A line each: login, name, agency, roles, state; with tabs between. */
static int list(const struct user_arguments *a)
{
  struct arena arena = {0};
  struct store *store;
  struct db *db;
  struct account_row *rows;
  size_t n;
  struct error error = {0};
  if (cli_read_store(a->store, &store, &db, &error))
    return cli_fail(&error);
  int bad = account_list(db, &arena, &rows, &n, &error);
  for (size_t i = 0; !bad && i < n; i++)
    print_account(&rows[i]);
  db_close(db);
  store_close(store);
  arena_release(&arena);
  return bad ? cli_fail(&error) : CLI_OK;
}

static int dispatch(const struct user_arguments *a)
{
  static const struct {
    const char *name;
    user_verb *verb;
  } verbs[] = {
      {"add", add}, {"passwd", passwd}, {"roles", set_roles}, {"disable", disable_or_enable}, {"enable", disable_or_enable}};
  if (strcmp(a->verb, "list") == 0)
    return list(a);
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(a->verb, verbs[i].name) == 0)
      return write_with(verbs[i].verb, a);
  return cli_usage(usage_zh, usage_en);
}

int cli_user(int argc, char **argv)
{
  struct user_arguments a = {.store = CLI_STORE_DEFAULT, .name = "", .agency = "", .roles = json_array()};
  int status = CLI_OK;
  if (!parse(argc, argv, &a))
    status = cli_usage(usage_zh, usage_en);
  else if (a.help)
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
  else
    status = dispatch(&a);
  json_decref(a.roles);
  return status;
}
