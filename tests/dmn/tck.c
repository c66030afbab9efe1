/*
 * The standard's own tests (DMN TCK, compliance level 2), straight from their archive: every test case is one test here.
 * All of them must pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "dmn.h"
#include "feel/decimal.h"
#include "xml.h"

#define ARCHIVE "../shared/vectors/dmn-tck-cl2.tar.gz"
#define FILES_MAX 200
#define CASES_MAX 500
#define PLACES 8 /* the tests' longer figures come from binary floating point: exact ones agree to so many places */

struct archived {
  const char *name;
  struct span content;
};

struct one_case {
  const char *name;
  struct span model;
  const struct xml *xml;
};

static struct arena all;
static struct archived files[FILES_MAX];
static size_t file_count;
static struct one_case cases[CASES_MAX];
static size_t case_count;

/* ---- the archive ---- */

static bool read_block(gzFile in, void *out, size_t n)
{
  return gzread(in, out, (unsigned)n) == (int)n;
}

/* tar: headers of 512 bytes, then the content in blocks of 512; a name over 100 bytes comes before, as a member of type L (GNU). */
static void read_archive(gzFile in)
{
  char header[512];
  const char *name = NULL;
  while (file_count < FILES_MAX && read_block(in, header, sizeof header) && header[0]) {
    size_t n = strtoul(header + 124, NULL, 8), blocks = (n + 511) / 512;
    char *content = arena_alloc(&all, blocks * 512 + 1);
    if (!read_block(in, content, (unsigned)(blocks * 512)))
      return;
    if (header[156] == 'L') {
      name = content;
      continue;
    }
    if (header[156] == '0' || header[156] == '\0')
      files[file_count++] =
          (struct archived){name ? name : arena_dup(&all, (struct span){header, strnlen(header, 100)}), {content, n}};
    name = NULL;
  }
}

static const struct archived *find_file(struct span tail)
{
  for (size_t i = 0; i < file_count; i++) {
    struct span name = span_of(files[i].name);
    if (name.n > tail.n && span_eq((struct span){name.p + name.n - tail.n, tail.n}, tail) && name.p[name.n - tail.n - 1] == '/')
      return &files[i];
  }
  return NULL;
}

static void collect_cases(const struct archived *file)
{
  const struct xml *suite = xml_read(&all, file->content);
  if (!suite || strcmp(suite->name, "testCases") != 0)
    return;
  const struct xml *name = xml_child(suite, "modelName");
  const struct archived *model = name ? find_file(name->text) : NULL;
  for (const struct xml *x = xml_child(suite, "testCase"); x && case_count < CASES_MAX; x = xml_again(x)) {
    struct span id = xml_attribute(x, "id");
    cases[case_count++] = (struct one_case){arena_printf(&all, "%.*s %.*s", (int)name->text.n, name->text.p, (int)id.n, id.p),
                                            model ? model->content : (struct span){0}, x};
  }
}

/* ---- values of a test case ---- */

static struct feel_value read_value(const struct xml *holder);

static struct feel_value read_scalar(const struct xml *value)
{
  struct span type = xml_attribute(value, "type"), text = value->text;
  struct feel_value v = {.type = FEEL_NULL};
  if (span_is(xml_attribute(value, "nil"), "true"))
    return v;
  if (span_is(type, "xsd:boolean"))
    return (struct feel_value){.type = FEEL_BOOLEAN, .truth = span_is(text, "true")};
  if (span_is(type, "xsd:string"))
    return (struct feel_value){.type = FEEL_STRING, .string = text};
  if (span_is(type, "xsd:decimal") || span_is(type, "xsd:double")) {
    v.type = FEEL_NUMBER;
    assert_true(decimal_read(text, &v.number));
    return v;
  }
  fail_msg("a value of an unknown type: %.*s", (int)type.n, type.p);
  return v;
}

static struct feel_value read_context(const struct xml *holder)
{
  struct feel_entry *entries = arena_array(&all, 40, sizeof *entries);
  size_t n = 0;
  for (const struct xml *x = xml_child(holder, "component"); x && n < 40; x = xml_again(x))
    entries[n++] = (struct feel_entry){xml_attribute(x, "name"), read_value(x)};
  return (struct feel_value){.type = FEEL_CONTEXT, .entries = entries, .entry_count = n};
}

static struct feel_value read_list(const struct xml *list)
{
  struct feel_value *elements = arena_array(&all, 40, sizeof *elements);
  size_t n = 0;
  for (const struct xml *x = xml_child(list, "item"); x && n < 40; x = xml_again(x))
    elements[n++] = read_value(x);
  return (struct feel_value){.type = FEEL_LIST, .list = elements, .n = n};
}

static struct feel_value read_value(const struct xml *holder)
{
  if (xml_child(holder, "list"))
    return read_list(xml_child(holder, "list"));
  if (xml_child(holder, "component"))
    return read_context(holder);
  const struct xml *value = xml_child(holder, "value");
  return value ? read_scalar(value) : (struct feel_value){.type = FEEL_NULL};
}

/* The same; a figure of more than eight places, to eight. */
static bool as_expected(struct feel_value got, struct feel_value want)
{
  if (got.type == FEEL_NUMBER && want.type == FEEL_NUMBER && want.number.scale > PLACES) {
    struct decimal apart, least = {1, PLACES, 0};
    return decimal_add(got.number, decimal_negate(want.number), &apart) && decimal_compare(apart, least) < 0 &&
           decimal_compare(decimal_negate(apart), least) < 0;
  }
  return feel_same(got, want);
}

static void run_case(void **state)
{
  const struct one_case *one = *state;
  struct arena arena = {0};
  struct dmn model;
  const char *why = NULL;
  if (dmn_read(&arena, one->model, &model, &why) < 0)
    fail_msg("%s: %s", one->name, why);
  struct feel_entry given[40];
  struct dmn_inputs inputs = {given, 0};
  for (const struct xml *x = xml_child(one->xml, "inputNode"); x && inputs.n < 40; x = xml_again(x))
    given[inputs.n++] = (struct feel_entry){xml_attribute(x, "name"), read_value(x)};
  size_t results = 0;
  for (const struct xml *x = xml_child(one->xml, "resultNode"); x; x = xml_again(x)) {
    struct feel_value want = read_value(xml_child(x, "expected")), got = dmn_decide(&model, xml_attribute(x, "name"), &inputs);
    if (!as_expected(got, want))
      fail_msg("%s: %.*s is %s, not %s", one->name, (int)xml_attribute(x, "name").n, xml_attribute(x, "name").p,
               feel_value_text(&arena, got), feel_value_text(&arena, want));
    results++;
  }
  assert_true(results > 0);
  arena_release(&arena);
}

int main(void)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  gzFile in = gzopen(arena_printf(&all, "%s/%s", source ? source : ".", ARCHIVE), "rb");
  if (!in) {
    (void)puts("skipped: " ARCHIVE " is not there");
    return 77;
  }
  read_archive(in);
  (void)gzclose(in);
  for (size_t i = 0; i < file_count; i++)
    collect_cases(&files[i]);
  static struct CMUnitTest tests[CASES_MAX];
  for (size_t i = 0; i < case_count; i++)
    tests[i] = (struct CMUnitTest){.name = cases[i].name, .test_func = run_case, .initial_state = &cases[i]};
  int failed = case_count == 0 ? 1 : _cmocka_run_group_tests("dmn-tck level 2", tests, case_count, NULL, NULL);
  arena_release(&all);
  return failed;
}
