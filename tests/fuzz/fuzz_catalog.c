/*
 * Throws files at the reader of catalogues. The first byte chooses which file of a small good catalogue the rest takes the place
 * of; the whole is loaded, and linted where it loads. The fast reader of YAML must agree with libyaml on every text it takes. Built
 * with clang and -Dfuzz=true: build/tests/fuzz/fuzz_catalog GOOD-CATALOGUE-SEEDS -max_total_time=60 ONEVISIT_SOURCE names the
 * source tree, whose tests/catalog/good is copied to a folder of its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/tree.h"

static const char *const names[] = {"items/food.yaml", "things/restaurant.yaml", "materials.yaml",
                                    "city.yaml",       "calendar.yaml",          "halls.yaml",
                                    "zones.yaml",      "districts.yaml"};
#define NAMES (sizeof names / sizeof *names)

static char folder[64];
static struct span good[NAMES];

static struct span slurp(const char *path)
{
  FILE *in = fopen(path, "rb");
  if (!in)
    abort();
  char *text = calloc(1, 1 << 16);
  size_t n = fread(text, 1, 1 << 16, in);
  (void)fclose(in);
  return (struct span){text, n};
}

static void spill(const char *name, struct span text)
{
  char path[200];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *out = fopen(path, "wb");
  if (!out || fwrite(text.p, 1, text.n, out) != text.n || fclose(out) != 0)
    abort();
}

static void set_up(void)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  char command[400], path[300];
  (void)snprintf(folder, sizeof folder, "/dev/shm/fuzz-catalog-XXXXXX");
  if (!mkdtemp(folder))
    abort();
  (void)snprintf(command, sizeof command, "cp -R '%s/tests/catalog/good/.' '%s'", source ? source : ".", folder);
  if (system(command) != 0)
    abort();
  for (size_t i = 0; i < NAMES; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    good[i] = slurp(path);
  }
}

static bool same(const struct node *a, const struct node *b)
{
  bool all = a->kind == b->kind && a->place.line == b->place.line && a->place.column == b->place.column && a->quoted == b->quoted &&
             a->count == b->count && span_eq(a->text, b->text);
  for (size_t i = 0; all && i < a->count; i++)
    all = a->kind == NODE_LIST ? same(a->list[i], b->list[i])
                               : same(a->members[i].key, b->members[i].key) && same(a->members[i].value, b->members[i].value);
  return all;
}

static void readers_agree(struct span text)
{
  struct arena arena = {0};
  struct findings findings = {0};
  struct report report = {&arena, &findings};
  const struct node *fast = text_utf8(text) ? plain_read(&arena, "x", text) : NULL;
  const struct node *slow = fast ? libyaml_read(&arena, "x", text, &report) : NULL;
  if (fast && (!slow || !same(fast, slow)))
    abort();
  arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  if (!folder[0])
    set_up();
  if (n < 1)
    return 0;
  struct span text = {(const char *)data + 1, n - 1};
  size_t which = data[0] % NAMES;
  readers_agree(text);
  spill(names[which], text);
  struct arena arena = {0};
  struct catalog *catalog = NULL;
  struct findings findings = {0};
  struct error error = {0};
  if (catalog_load(folder, &catalog, &arena, &findings, &error) == 0)
    catalog_lint(catalog, &arena, &findings);
  else if (findings.n == 0 || !findings.list[0].wrong.en[0])
    abort();
  catalog_free(catalog);
  arena_release(&arena);
  spill(names[which], good[which]);
  return 0;
}
