#include "place.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "workload.h"

static const char *const names[] = {"engine", "bare", "log", "late"};

static void on_cluster(const struct place *place, const char *verb, const char *name, const char *rest)
{
  char command[200];
  PGconn *conn = PQconnectdb(place->cluster);
  if (PQstatus(conn) != CONNECTION_OK)
    give_up("%s: %s", place->cluster, PQerrorMessage(conn));
  (void)snprintf(command, sizeof command, "%s onevisit_bench_%s_%s %s", verb, place->salt, name, rest);
  PGresult *result = PQexec(conn, command);
  if (PQresultStatus(result) != PGRES_COMMAND_OK)
    give_up("%s: %s", command, PQerrorMessage(conn));
  PQclear(result);
  PQfinish(conn);
}

void place_make(struct place *place, const char *under, const char *cluster)
{
  unsigned char salt[8];
  random_bytes(salt, sizeof salt);
  hex_encode(salt, sizeof salt, place->salt);
  place->cluster = cluster;
  int n = snprintf(place->directory, sizeof place->directory, "%s/bench-XXXXXX", under);
  if (n < 0 || (size_t)n >= sizeof place->directory || !mkdtemp(place->directory))
    give_up("%s: a directory for the stores could not be made", under);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
  (void)st;
  (void)type;
  (void)walk;
  return remove(path);
}

void place_remove(struct place *place)
{
  for (size_t i = 0; place->cluster && i < sizeof names / sizeof names[0]; i++)
    on_cluster(place, "DROP DATABASE IF EXISTS", names[i], "WITH (FORCE)");
  (void)nftw(place->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The cluster's URL with another database. */
static void database_url(const struct place *place, const char *name, char *out)
{
  const char *url = place->cluster, *authority = strstr(url, "://");
  if (!authority)
    give_up("%s is not a postgresql:// URL", url);
  authority += 3;
  int before = (int)(authority - url + (ptrdiff_t)strcspn(authority, "/?"));
  const char *question = strchr(authority, '?');
  (void)snprintf(out, PLACE_URL, "%.*s/onevisit_bench_%s_%s%s", before, url, place->salt, name, question ? question : "");
}

static void migrate(const char *url)
{
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (store_open(url, &store, &error) || store_connect(store, DB_WRITE, &db, &error) ||
      store_migrate(db, permit_migrations, &error))
    give_up_with(url, &error);
  db_close(db);
  store_close(store);
}

void place_store(const struct place *place, const char *name, char ret_url[PLACE_URL], char ret_where[PLACE_URL])
{
  if (place->cluster) {
    on_cluster(place, "CREATE DATABASE", name, "TEMPLATE template0 ENCODING 'UTF8'");
    database_url(place, name, ret_where);
    (void)snprintf(ret_url, PLACE_URL, "%s", ret_where);
  } else {
    (void)snprintf(ret_where, PLACE_URL, "%s/%s.db", place->directory, name);
    (void)snprintf(ret_url, PLACE_URL, "sqlite:%s/%s.db", place->directory, name);
  }
  migrate(ret_url);
}
