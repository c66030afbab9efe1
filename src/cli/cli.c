#include "cli/cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mechanisms.h"

static const char *chosen;

void cli_language(const char *lang)
{
  chosen = lang;
}

bool cli_chinese(void)
{
  static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  const char *lang = chosen;
  for (size_t i = 0; (!lang || !*lang) && i < sizeof variables / sizeof *variables; i++)
    lang = getenv(variables[i]);
  return !lang || strncmp(lang, "en", 2) != 0;
}

void cli_say(const char *zh, const char *en, ...)
{
  va_list ap;
  va_start(ap, en);
  (void)vfprintf(stderr, cli_chinese() ? zh : en, ap);
  va_end(ap);
  (void)fputc('\n', stderr);
}

int cli_fail(const struct error *error)
{
  const char *sentence = cli_chinese() ? error->zh : error->en;
  (void)fprintf(stderr, "onevisit: %s%s%s%s\n", sentence, *error->where ? " (" : "", error->where, *error->where ? ")" : "");
  return error_http(error->code) < 500 ? CLI_USAGE : CLI_FAILED;
}

int cli_usage(const char *zh, const char *en)
{
  (void)fputs(cli_chinese() ? zh : en, stderr);
  return CLI_USAGE;
}

static sigset_t ending(void)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void cli_block_signals(void)
{
  sigset_t set = ending();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  (void)signal(SIGPIPE, SIG_IGN);
}

void cli_wait_for_signal(void)
{
  sigset_t set = ending();
  int number;
  while (sigwait(&set, &number) != 0)
    ;
}

int cli_open_store(const char *url, struct store **ret, struct error *error)
{
  struct store *store;
  struct db *db;
  if (store_open(url, &store, error))
    return -1;
  int bad = store_connect(store, DB_WRITE, &db, error);
  if (bad && error->name && strcmp(error->name, "store-locked") == 0 && !store_is_sqlite(store))
    bad = store_connect(store, DB_SHARE, &db, error); /* beside other nodes, where the schema is as we want it */
  if (!bad) {
    bad = store_migrate(db, all_migrations, error);
    db_close(db);
  }
  if (bad) {
    store_close(store);
    return -1;
  }
  *ret = store;
  return 0;
}

int cli_read_store(const char *url, struct store **ret, struct db **ret_db, struct error *error)
{
  struct store *store;
  if (store_open(url, &store, error))
    return -1;
  if (store_connect(store, DB_READ, ret_db, error)) {
    store_close(store);
    return -1;
  }
  *ret = store;
  return 0;
}

static char *beside(struct arena *arena, const struct store *store, const char *what)
{
  const char *prefix = "sqlite:", *url = store_url(store);
  return store_is_sqlite(store) ? arena_printf(arena, "%s.%s", url + strlen(prefix), what)
                                : arena_printf(arena, "onevisit.%s", what);
}

char *cli_key_dir(struct arena *arena, const struct store *store)
{
  return beside(arena, store, "keys");
}

char *cli_log_dir(struct arena *arena, const struct store *store)
{
  return beside(arena, store, "log");
}
