#include "both_stores.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/text.h"

static const char *cluster(void)
{
  const char *url = getenv("ONEVISIT_TEST_POSTGRES");
  return url && *url ? url : NULL;
}

bool have_postgres(void)
{
  return cluster() != NULL;
}

static void on_cluster(const char *command)
{
  PGconn *conn = PQconnectdb(cluster());
  if (PQstatus(conn) != CONNECTION_OK)
    fail_msg("ONEVISIT_TEST_POSTGRES: %s", PQerrorMessage(conn));
  PGresult *result = PQexec(conn, command);
  if (PQresultStatus(result) != PGRES_COMMAND_OK)
    fail_msg("%s: %s", command, PQerrorMessage(conn));
  PQclear(result);
  PQfinish(conn);
}

/* The cluster's URL with another database and the attachments' directory. */
static void database_url(struct fresh_store *fresh)
{
  const char *url = cluster();
  const char *authority = strstr(url, "://");
  assert_non_null(authority);
  authority += 3;
  const char *question = strchr(authority, '?');
  size_t before = strcspn(authority, "/?") + (size_t)(authority - url);
  (void)snprintf(fresh->url, sizeof fresh->url, "%.*s/%s?files=%s/files%s%s", (int)before, url, fresh->database, fresh->directory,
                 question ? "&" : "", question ? question + 1 : "");
}

void fresh_store(enum which_store which, struct fresh_store *ret)
{
  unsigned char salt[8];
  char hex[2 * sizeof salt + 1], command[128];
  const char *base = getenv("TMPDIR");
  ret->which = which;
  (void)snprintf(ret->directory, sizeof ret->directory, "%s/onevisit-test-XXXXXX", base && *base ? base : "/tmp");
  assert_non_null(mkdtemp(ret->directory));
  if (which == ON_SQLITE) {
    (void)snprintf(ret->url, sizeof ret->url, "sqlite:%s/store.db", ret->directory);
    return;
  }
  random_bytes(salt, sizeof salt);
  hex_encode(salt, sizeof salt, hex);
  (void)snprintf(ret->database, sizeof ret->database, "onevisit_test_%s", hex);
  (void)snprintf(command, sizeof command, "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'", ret->database);
  on_cluster(command);
  database_url(ret);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
  (void)st;
  (void)type;
  (void)walk;
  return remove(path);
}

void fresh_store_remove(struct fresh_store *fresh)
{
  char command[128];
  if (fresh->which == ON_POSTGRES) {
    (void)snprintf(command, sizeof command, "DROP DATABASE %s WITH (FORCE)", fresh->database);
    on_cluster(command);
  }
  (void)nftw(fresh->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void on_each_store(void (*body)(enum which_store which))
{
  body(ON_SQLITE);
  if (have_postgres())
    body(ON_POSTGRES);
  else
    print_message("           (PostgreSQL left out: ONEVISIT_TEST_POSTGRES is not set)\n");
}

static void (*fresh_body)(const struct fresh_store *fresh);

static void with_fresh(enum which_store which)
{
  struct fresh_store fresh;
  fresh_store(which, &fresh);
  fresh_body(&fresh);
  fresh_store_remove(&fresh);
}

void for_each_fresh_store(void (*body)(const struct fresh_store *fresh))
{
  fresh_body = body;
  on_each_store(with_fresh);
}

static void (*url_body)(const char *url);

static void with_url(const struct fresh_store *fresh)
{
  url_body(fresh->url);
}

void for_each_store(void (*body)(const char *url))
{
  url_body = body;
  for_each_fresh_store(with_url);
}
