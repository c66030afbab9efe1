/* Papers: every kind made from the events of real cases, set as PDF, the same bytes each time, read back by other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/desk.h"
#include "base/file.h"
#include "base/text.h"
#include "paper/press.h"
#include "courier/courier.h"
#include "notice/notice.h"
#include "record/record.h"

/* For the leak checker: fontconfig and cairo keep what they know of fonts until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig\nleak:libcairo\nleak:libpango\nleak:libglib\n";
}

#define RARE "𠮷田龘𪚥"
#define SITE "https://zwfw.example.gov.cn"
enum { ID = 77, SECOND = 78, THIRD = 79, FOURTH = 80, FIFTH = 81 };

static struct desk desk;
static struct press *press;
static const char *program;

static const char *name_of(void *context, const char *actor)
{
  (void)context;
  return strcmp(actor, "staff:chen") == 0 ? "陈静" : "赵明";
}

static const struct sheet_city city = {{"宁波市", "Ningbo"}, name_of, NULL};

static void open_on(enum which_store which)
{
  desk_open(&desk, which, &casefile_kind, 1);
  desk.world.paper_layout = press_layout(press);
  desk.world.paper_site = SITE;
}

static void close_it(void)
{
  desk_close(&desk);
}

/* One for all tests: reading the fonts takes longest. What it sets does not depend on what it set before. */
static int open_press(void **state)
{
  struct error error;
  (void)state;
  return press_open(&press, &error);
}

static int close_press(void **state)
{
  (void)state;
  press_close(press);
  return 0;
}

#define OK(id, who, type, data) assert_string_equal(desk_do(&desk, id, who, type, data), "")

static json_t *draft_of(const char *name)
{
  json_t *data = desk_draft(&desk);
  (void)json_object_set_new(json_object_get(data, "applicant"), "name", json_string(name));
  return data;
}

static json_t *step(int n)
{
  return json_pack("{s:i,s:s,s:s}", "step", n, "result", "pass", "opinion", "符合条件");
}

static json_t *verdict(int item, bool granted)
{
  return json_pack("{s:i,s:b,s:s,s:s}", "item", item, "granted", (int)granted, "reasons",
                   granted ? "申请材料齐全，现场核查符合《食品经营许可和备案管理办法》规定的条件"
                           : "经营场所与有毒有害场所距离不足二十五米",
                   "remedy", "可以自收到本决定之日起六十日内向宁波市人民政府申请行政复议");
}

/* Every kind but those of a case that ends otherwise. */
static void whole_way(int64_t id)
{
  OK(id, applicant, "draft", draft_of(RARE));
  desk_fill(&desk, id, applicant);
  OK(id, applicant, "submit", NULL);
  OK(id, clerk, "ask-correction",
     json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "missing", "material", "floor-plan", "standard",
               "平面图应标明面积、各功能区的位置和人流物流方向，比例不小于1:100，并加盖公章", "field", "premises_area", "standard",
               "与租赁合同载明的面积一致"));
  OK(id, applicant, "save", json_pack("{s:{s:f}}", "fields", "premises_area", 310.0));
  OK(id, applicant, "attach",
     json_pack("{s:s,s:s,s:s,s:s,s:i}", "material", "floor-plan", "sha256",
               "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "name", "平面图.pdf", "type", "application/pdf",
               "size", 10));
  OK(id, applicant, "resubmit", NULL);
  OK(id, clerk, "accept", NULL);
  OK(id, market, "step-done", step(0));
  OK(id, market, "decide", verdict(0, true));
  OK(id, fire, "step-done", step(4));
  OK(id, market, "special-start",
     json_pack("{s:i,s:s,s:i,s:s}", "item", 1, "type", "testing", "days", 5, "reason", "食品用水水质需委托检测"));
  OK(id, market, "special-end", json_pack("{s:i}", "item", 1));
  OK(id, market, "extend",
     json_pack("{s:i,s:i,s:s,s:s}", "item", 1, "days", 5, "reason", "检测结论需要复核", "approved_by", "局长王卫国"));
  OK(id, market, "step-done", step(3));
  OK(id, market, "step-done", step(5));
  OK(id, market, "decide", verdict(1, true));
  OK(id, fire, "step-done", step(1));
  OK(id, fire, "decide", verdict(2, true));
  OK(id, urban, "step-done", step(2));
  OK(id, urban, "step-done", step(6));
  OK(id, urban, "decide", verdict(3, true));
  OK(id, housing, "step-done", step(9));
  OK(id, housing, "decide", verdict(4, false));
  for (int i = 0; i < 4; i++)
    OK(id, issuer, "issue", json_pack("{s:i}", "item", i));
  OK(id, issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", 3, "mode", "courier", "tracking", "SF1000200030004"));
  OK(id, supervisor, "revoke",
     json_pack("{s:i,s:s,s:s}", "item", 0, "reasons", "以欺骗手段取得登记", "basis",
               "《中华人民共和国行政许可法》第六十九条第二款"));
}

static void tolerantly(int64_t id)
{
  OK(id, applicant, "draft", draft_of("宁波市海曙区" RARE "餐饮管理有限责任公司"));
  desk_fill(&desk, id, applicant);
  OK(id, applicant, "detach", json_pack("{s:i}", "attachment", 3));
  OK(id, applicant, "submit", json_pack("{s:b}", "commitment", 1));
  OK(id, clerk, "accept", json_pack("{s:b}", "tolerant", 1));
}

static void other_ends(void)
{
  OK(THIRD, applicant, "draft", draft_of("李明"));
  desk_fill(&desk, THIRD, applicant);
  OK(THIRD, applicant, "submit", NULL);
  OK(THIRD, clerk, "refuse",
     json_pack("{s:s,s:s,s:s}", "why", "no-jurisdiction", "reasons", "跨省经营，依法由省级机关许可", "right_body",
               "浙江省市场监督管理局"));
  OK(FOURTH, applicant, "draft", draft_of("李明"));
  desk_fill(&desk, FOURTH, applicant);
  OK(FOURTH, applicant, "submit", NULL);
  OK(FOURTH, applicant, "withdraw", json_pack("{s:s}", "reason", "改变选址"));
}

static struct sheet *sheets(int64_t id, size_t *ret_n)
{
  struct sheet *list = NULL;
  if (sheets_read(desk.db, id, &city, &desk.arena, &list, ret_n, &desk.error))
    fail_msg("%s", desk.error.en);
  return list;
}

static const struct sheet *sheet_of(int64_t id, const char *word)
{
  size_t n;
  const struct sheet *list = sheets(id, &n);
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].word, word) == 0)
      return &list[i];
  fail_msg("no paper «%s»", word);
  return NULL;
}

static struct span pdf(const struct sheet *list, size_t n)
{
  struct buf out;
  buf_init(&out, (size_t)1 << 24);
  if (press_set(press, list, n, "", &out, &desk.error))
    fail_msg("%s", desk.error.en);
  struct span bytes = arena_span(&desk.arena, buf_view(&out));
  buf_release(&out);
  return bytes;
}

static const char *hex_of(struct span bytes)
{
  char hex[2 * DIGEST_BYTES + 1];
  struct digest digest = sha256(bytes);
  hex_encode(digest.b, DIGEST_BYTES, hex);
  return arena_str(&desk.arena, hex);
}

static const char *file_of(const char *name, struct span bytes)
{
  const char *folder = getenv("ONEVISIT_KEEP_PAPERS");
  const char *path = arena_printf(&desk.arena, "%s/%s.pdf", folder ? folder : desk.fresh.directory, name);
  assert_int_equal(file_write(path, bytes, &desk.error), 0);
  return path;
}

/* What a command prints, without blanks and line ends: words that were wrapped are whole again. */
static const char *output(const char *command)
{
  struct buf out;
  buf_init(&out, (size_t)1 << 22);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  for (int c; (c = fgetc(pipe)) != EOF;)
    if (c != ' ' && c != '\n' && c != '\f' && c != '\r')
      buf_char(&out, (char)c);
  assert_int_equal(pclose(pipe), 0);
  const char *text = arena_dup(&desk.arena, buf_view(&out));
  buf_release(&out);
  return text;
}

static const char *squeezed(const char *text)
{
  char *out = arena_str(&desk.arena, text), *to = out;
  for (const char *p = text; *p; p++)
    if (*p != ' ' && *p != '\n')
      *to++ = *p;
  *to = '\0';
  return out;
}

static void says(const char *page, const char *what)
{
  if (!strstr(page, squeezed(what)))
    fail_msg("the paper does not say «%s»: %s", what, page);
}

static const char *text_of(const char *path)
{
  return output(arena_printf(&desk.arena, "pdftotext -raw -enc UTF-8 '%s' -", path));
}

/* ---- every kind ---- */

static void check_sheet(const struct sheet *s)
{
  const char *path = file_of(arena_printf(&desk.arena, "%s-%lld", s->word, (long long)s->id), pdf(s, 1)), *page = text_of(path);
  says(page, s->title.zh);
  says(page, s->number);
  says(page, s->handler);
  says(page, s->code + 15);
  says(page, s->issuer.zh);
  for (size_t b = 0; b < s->n; b++) {
    if (s->blocks[b].kind != SHEET_TABLE)
      says(page, s->blocks[b].text);
    for (size_t r = 0; r < s->blocks[b].n; r++)
      for (int k = 0; k < s->blocks[b].columns; k++)
        if (s->blocks[b].rows[r].cell[k])
          says(page, s->blocks[b].rows[r].cell[k]);
  }
}

static void all_kinds(void)
{
  static const char *const words[] = {"receipt",   "correction", "acceptance",  "grant",   "special",
                                      "extension", "refusal",    "certificate", "service", "revocation"};
  size_t n;
  whole_way(ID);
  tolerantly(SECOND);
  other_ends();
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    check_sheet(sheet_of(ID, words[i]));
  check_sheet(sheet_of(SECOND, "commitment"));
  check_sheet(sheet_of(SECOND, "tolerance"));
  check_sheet(sheet_of(SECOND, "acceptance"));
  check_sheet(sheet_of(THIRD, "not-taken"));
  check_sheet(sheet_of(FOURTH, "withdrawal"));
  desk_noon(&desk, "2026-04-30");
  check_sheet(sheet_of(SECOND, "termination"));
  const struct sheet *list = sheets(ID, &n);
  (void)file_of("all", pdf(list, n));
}

static void every_kind_says_all_of_it_with_rare_characters(void **state)
{
  (void)state;
  open_on(ON_SQLITE);
  all_kinds();
  close_it();
}

/* ---- the same bytes ---- */

/* What another process makes of the store: its fonts, memory and hash tables are its own. */
static const char *elsewhere(const char *url)
{
  return output(arena_printf(&desk.arena, "'%s' --hash '%s'", program, url));
}

static int print_hash(const char *url)
{
  struct db *db;
  struct sheet *list;
  size_t n;
  if (press_open(&press, &desk.error) || store_open(url, &desk.store, &desk.error) ||
      store_connect(desk.store, DB_READ, &db, &desk.error) || sheets_read(db, ID, &city, &desk.arena, &list, &n, &desk.error))
    return 1;
  (void)puts(hex_of(pdf(list, n)));
  db_close(db);
  store_close(desk.store);
  press_close(press);
  arena_release(&desk.arena);
  return 0;
}

static void restored_is_the_same(const char *hash)
{
  static const struct migration *const sets[] = {engine_migrations,  casework_migrations, record_migrations,
                                                 courier_migrations, notice_migrations,   NULL};
  for (int which = ON_SQLITE; which <= (have_postgres() ? ON_POSTGRES : ON_SQLITE); which++) {
    struct fresh_store other;
    struct store *store;
    const char *file = arena_printf(&desk.arena, "%s/backup-%d", desk.fresh.directory, which);
    fresh_store((enum which_store)which, &other);
    assert_int_equal(store_backup(desk.store, sets, file, &desk.error), 0);
    assert_int_equal(store_open(other.url, &store, &desk.error), 0);
    if (store_restore(store, sets, file, &desk.error))
      fail_msg("%s", desk.error.en);
    store_close(store);
    assert_string_equal(elsewhere(other.url), hash);
    fresh_store_remove(&other);
  }
}

static void same_on(enum which_store which)
{
  size_t n;
  open_on(which);
  whole_way(ID);
  const struct sheet *list = sheets(ID, &n);
  const char *hash = hex_of(pdf(list, n)), *alone = hex_of(pdf(&list[0], 1));
  assert_string_equal(hex_of(pdf(list, n)), hash);
  assert_string_equal(hex_of(pdf(&list[0], 1)), alone); /* whatever was set before it */
  desk.catalog.paper_prefix = "改名";                   /* a later catalogue and a later site change nothing of what was served */
  desk.world.paper_site = "https://other.example";
  desk_restart(&desk, -1, NULL);
  list = sheets(ID, &n);
  assert_string_equal(hex_of(pdf(list, n)), hash);
  assert_string_equal(elsewhere(desk.fresh.url), hash);
  if (which == ON_SQLITE)
    restored_is_the_same(hash);
  close_it();
}

static void made_again_it_is_the_same_bytes(void **state)
{
  (void)state;
  on_each_store(same_on);
}

/* ---- the code ---- */

static int by_code(const char *code, struct sheet **ret)
{
  int64_t of = 0;
  if (sheet_by_code(desk.db, span_of(code), &city, &desk.arena, ret, &of, &desk.error))
    return -1;
  assert_int_equal(of, ID);
  return 0;
}

static const char *lowered(const char *code)
{
  char *out = arena_str(&desk.arena, code);
  for (char *p = out; *p; p++)
    *p = *p == '-' ? ' ' : *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p == '0' ? 'o' : *p;
  return out;
}

static void codes_on(enum which_store which)
{
  struct sheet *found;
  size_t n;
  open_on(which);
  whole_way(ID);
  struct sheet *list = sheets(ID, &n);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(strlen(list[i].code), 29);
    assert_int_equal(by_code(list[i].code, &found), 0);
    assert_string_equal(found->number, list[i].number);
    assert_int_equal(by_code(lowered(list[i].code), &found), 0);
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(list[i].code, list[k].code);
  }
  for (size_t k = 0; k < 29; k++) { /* no wrong digit anywhere is taken for right */
    char *code = arena_str(&desk.arena, list[2].code);
    if (code[k] == '-')
      continue;
    code[k] = code[k] == '7' ? '8' : '7';
    assert_int_equal(by_code(code, &found), -1);
    assert_string_equal(desk.error.name, "no-such-paper");
  }
  static const char *const nonsense[] = {"",
                                         "7",
                                         "UUUU-UUUU-UUUU-UUUU-UUUU-UUUU",
                                         "0000-0000-0000-0000-0000-0000",
                                         "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ",
                                         "0000-0000-0000-0000-0000-0000-0"};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
    assert_int_equal(by_code(nonsense[i], &found), -1);
    assert_string_equal(desk.error.name, "no-such-paper");
  }
  close_it();
}

static void a_paper_is_known_by_its_code_and_by_no_other(void **state)
{
  (void)state;
  on_each_store(codes_on);
}

/* Two cases alike in all but a letter of the name, or in nothing but their place in the ledger, have other codes. */
static void the_code_holds_everything_that_is_said(void **state)
{
  (void)state;
  open_on(ON_SQLITE);
  whole_way(ID);
  unsigned char pseudonym[16];
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  struct event *events;
  struct sheet *one, *two;
  size_t n, count;
  assert_int_equal(engine_pseudonym(desk.db, ID, pseudonym, &desk.error), 0);
  assert_int_equal(engine_history(desk.db, kinds, ID, &desk.arena, &events, &n, &desk.error), 0);
  assert_int_equal(sheets_of(events, n, pseudonym, &city, &desk.arena, &one, &count, &desk.error), 0);
  pseudonym[15] ^= 1;
  assert_int_equal(sheets_of(events, n, pseudonym, &city, &desk.arena, &two, &count, &desk.error), 0);
  assert_string_not_equal(one[0].code, two[0].code);
  pseudonym[15] ^= 1;
  json_object_set_new(json_object_get(events[0].data, "applicant"), "name", json_string(RARE "。"));
  assert_int_equal(sheets_of(events, n, pseudonym, &city, &desk.arena, &two, &count, &desk.error), 0);
  for (size_t i = 0; i < count; i++)
    assert_string_not_equal(one[i].code, two[i].code);
  history_free(events, n);
  close_it();
}

/* ---- the look ---- */

static void the_qr_code_leads_to_the_check(void **state)
{
  (void)state;
  open_on(ON_SQLITE);
  whole_way(ID);
  const struct sheet *s = sheet_of(ID, "acceptance");
  const char *path = file_of("qr", pdf(s, 1)), *base = arena_printf(&desk.arena, "%s/qr", desk.fresh.directory);
  (void)output(arena_printf(&desk.arena, "pdftoppm -r 150 -png '%s' '%s'", path, base));
  const char *read = output(arena_printf(&desk.arena, "zbarimg -q --raw '%s'-*.png || true", base));
  assert_string_equal(read, press_link(&desk.arena, SITE, s));
  close_it();
}

static int pages_of(const char *path)
{
  const char *text = output(arena_printf(&desk.arena, "pdfinfo '%s' | sed -n 's/^Pages: *//p'", path));
  return atoi(text);
}

static void forty_missing_things_go_over_pages_that_are_numbered(void **state)
{
  (void)state;
  open_on(ON_SQLITE);
  json_t *missing = json_array();
  static const char *const materials[] = {"floor-plan", "lease-contract", "food-safety-rules", "signboard-picture"};
  for (int i = 0; i < 40; i++)
    (void)json_array_append_new(missing,
                                json_pack("{s:s,s:s}", "material", materials[i % 4], "standard",
                                          arena_printf(&desk.arena, "第%d处：应由法定代表人签字并加盖公章，注明日期", i + 1)));
  OK(ID, applicant, "draft", draft_of("李明"));
  desk_fill(&desk, ID, applicant);
  OK(ID, applicant, "submit", NULL);
  OK(ID, clerk, "ask-correction", json_pack("{s:o}", "missing", missing));
  const struct sheet *s = sheet_of(ID, "correction");
  const char *path = file_of("forty", pdf(s, 1)), *page = text_of(path);
  int pages = pages_of(path);
  assert_in_range(pages, 3, 6);
  for (int i = 1; i <= 40; i++)
    says(page, arena_printf(&desk.arena, "第%d处：应由", i));
  for (int i = 1; i <= pages; i++)
    says(page, arena_printf(&desk.arena, "第 %d 页，共 %d 页", i, pages));
  close_it();
}

static void the_longest_reasons_and_names_lose_nothing(void **state)
{
  (void)state;
  char name[301] = "", reasons[3901] = "";
  open_on(ON_SQLITE);
  for (int i = 0; i < 100; i++)
    memcpy(name + 3 * (size_t)i, i % 2 ? "镇" : "海", 4);
  for (int i = 0; i < 1300; i++)
    memcpy(reasons + 3 * (size_t)i, i % 50 ? "理" : "由", 4);
  OK(ID, applicant, "draft", draft_of(name));
  desk_fill(&desk, ID, applicant);
  OK(ID, applicant, "submit", NULL);
  OK(ID, clerk, "refuse", json_pack("{s:s,s:s,s:s}", "why", "not-required", "reasons", reasons, "right_body", ""));
  const struct sheet *s = sheet_of(ID, "not-taken");
  const char *path = file_of("long", pdf(s, 1)), *page = text_of(path);
  says(page, name);
  size_t seen = 0;
  for (const char *p = page; (p = strstr(p, "由理")); p++)
    seen++;
  assert_true(seen >= 25);
  assert_in_range(pages_of(path), 2, 4);
  close_it();
}

static void a_paper_of_a_newer_program_is_not_guessed_at(void **state)
{
  (void)state;
  struct sheet *list;
  size_t n;
  open_on(ON_SQLITE);
  desk.world.paper_layout = "2.00000000";
  OK(ID, applicant, "draft", draft_of("李明"));
  desk_fill(&desk, ID, applicant);
  OK(ID, applicant, "submit", NULL);
  assert_int_equal(sheets_read(desk.db, ID, &city, &desk.arena, &list, &n, &desk.error), -1);
  assert_string_equal(desk.error.name, "paper-layout");
  close_it();
}

int main(int argc, char **argv)
{
  program = argv[0];
  if (argc == 3 && strcmp(argv[1], "--hash") == 0)
    return print_hash(argv[2]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_says_all_of_it_with_rare_characters),
      cmocka_unit_test(made_again_it_is_the_same_bytes),
      cmocka_unit_test(a_paper_is_known_by_its_code_and_by_no_other),
      cmocka_unit_test(the_code_holds_everything_that_is_said),
      cmocka_unit_test(the_qr_code_leads_to_the_check),
      cmocka_unit_test(forty_missing_things_go_over_pages_that_are_numbered),
      cmocka_unit_test(the_longest_reasons_and_names_lose_nothing),
      cmocka_unit_test(a_paper_of_a_newer_program_is_not_guessed_at),
  };
  return cmocka_run_group_tests(tests, open_press, close_press);
}
