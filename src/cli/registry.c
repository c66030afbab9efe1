#include "cli/cli.h"
#include "watch/registry.h"

int cli_begin_registry(struct engine *engine, struct store *store, const char *key_dir, const char *origin,
                       const char *const *departments, size_t n, struct error *error)
{
  struct registrar r = {engine, NULL, key_dir, origin, {"system", "system", "", "system"}, moment_now()};
  if (store_connect(store, DB_READ, &r.db, error))
    return -1;
  int bad = registry_begin(&r, departments, n, error);
  db_close(r.db);
  return bad;
}
