#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/text.h"

static void spans_cut_and_count(void **state)
{
  (void)state;
  struct span rest = SPAN("a,,b"), head;
  assert_true(span_cut(&rest, ',', &head) && span_is(head, "a"));
  assert_true(span_cut(&rest, ',', &head) && span_is(head, ""));
  assert_true(span_cut(&rest, ',', &head) && span_is(head, "b"));
  assert_false(span_cut(&rest, ',', &head));
  int64_t v;
  assert_true(span_int(SPAN("-9223372036854775808"), &v) && v == INT64_MIN);
  assert_true(span_int(SPAN("9223372036854775807"), &v) && v == INT64_MAX);
  assert_false(span_int(SPAN("9223372036854775808"), &v));
  assert_false(span_int(SPAN(""), &v));
  assert_false(span_int(SPAN("-"), &v));
  assert_false(span_int(SPAN("1x"), &v));
  assert_true(span_is(span_trim(SPAN(" \t x \n")), "x"));
}

static void arenas_keep_what_they_gave(void **state)
{
  (void)state;
  struct arena a = {0};
  char *s[1000];
  for (int i = 0; i < 1000; i++)
    s[i] = arena_printf(&a, "%d", i * i);
  char *big = arena_alloc(&a, 1 << 20);
  assert_int_equal(big[(1 << 20) - 1], 0);
  for (int i = 0; i < 1000; i++) {
    char want[16];
    (void)snprintf(want, sizeof want, "%d", i * i);
    assert_string_equal(s[i], want);
  }
  arena_reset(&a);
  assert_int_equal(a.used, 0);
  assert_string_equal(arena_str(&a, NULL), "");
  arena_release(&a);
}

static void buffers_stop_at_their_maximum(void **state)
{
  (void)state;
  struct buf b;
  buf_init(&b, 10);
  buf_str(&b, "12345");
  buf_printf(&b, "%d", 67890);
  assert_false(b.full);
  buf_char(&b, 'x');
  assert_true(b.full);
  assert_string_equal(b.p, "1234567890");
  buf_release(&b);
}

static void days_follow_the_calendar(void **state)
{
  (void)state;
  assert_int_equal(day_make(1970, 1, 1), 0);
  assert_int_equal(day_make(2026, 2, 29), DAY_NONE);
  assert_int_equal(day_make(2024, 2, 29) + 1, day_make(2024, 3, 1));
  assert_int_equal(day_weekday(day_make(2026, 11, 23)), 1);
  for (day d = day_make(1600, 1, 1); d < day_make(2100, 1, 1); d += 13) {
    int y, m, md;
    day_parts(d, &y, &m, &md);
    assert_int_equal(day_make(y, m, md), d);
  }
  /* the day in China begins at 16:00 UTC of the day before */
  moment at;
  assert_true(moment_parse(SPAN("2026-11-23T16:00:00Z"), &at, NULL));
  assert_int_equal(day_of(at), day_make(2026, 11, 24));
  assert_int_equal(day_of(at - 1), day_make(2026, 11, 23));
  assert_int_equal(day_start(day_of(at)), at);
}

static void moments_are_written_and_read(void **state)
{
  (void)state;
  moment at;
  int offset;
  char text[MOMENT_TEXT];
  assert_true(moment_parse(SPAN("2010-10-02T09:20:39.266+02:00"), &at, &offset));
  assert_int_equal(at, INT64_C(1286004039266));
  assert_int_equal(offset, 120);
  moment_format_offset(at, offset, text);
  assert_string_equal(text, "2010-10-02T09:20:39.266+02:00");
  moment_format(at, text);
  assert_string_equal(text, "2010-10-02T15:20:39.266+08:00");
  assert_true(moment_parse(SPAN("1969-12-31T23:59:59.5Z"), &at, NULL) && at == -500);
  const char *bad[] = {"",
                       "2010-10-02",
                       "2010-13-02T09:20:39Z",
                       "2010-10-02T24:20:39Z",
                       "2010-10-02T09:20:39",
                       "2010-10-02T09:20:39.Z",
                       "2010-10-02T09:20:39+2:00",
                       "2010-10-02T09:20:39Zx"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(moment_parse(span_of(bad[i]), &at, NULL));
}

static void utf8_is_strict(void **state)
{
  (void)state;
  assert_true(text_utf8(SPAN("宁波 \xf0\xa0\xae\xb7"))); /* U+20BB7, a rare character of names */
  const char *bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xb8", "\x80", "\xf8\x88\x80\x80\x80"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(text_utf8(span_of(bad[i])));
  /* the fast ways see what follows them, wherever it stands */
  const char *const stuffing = "abcdefgh宁波市行政服务中心";
  for (size_t n = 0; n <= strlen(stuffing); n++) {
    char text[80];
    memcpy(text, stuffing, n);
    memcpy(text + n, "\xed\xa0\x80", 3);
    bool whole = text_utf8((struct span){stuffing, n});
    assert_true(whole == (n <= 8 || (n - 8) % 3 == 0));
    assert_false(text_utf8((struct span){text, n + 3}));
  }
  assert_false(text_plain(SPAN("a\x01")));
  assert_true(text_plain(SPAN("a\tb\n")));
  assert_int_equal(text_length(SPAN("宁a波")), 3);
  assert_int_equal(text_head(SPAN("宁波"), 5).n, 3);
}

static void encodings_go_round(void **state)
{
  (void)state;
  struct arena a = {0};
  unsigned char bytes[64];
  for (size_t n = 0; n <= sizeof bytes; n++) {
    random_bytes(bytes, sizeof bytes);
    struct span back;
    assert_true(base64_decode(&a, span_of(base64_encode(&a, bytes, n)), &back));
    assert_true(span_eq(back, (struct span){(char *)bytes, n}));
    char hex[129];
    unsigned char again[64];
    hex_encode(bytes, n, hex);
    assert_true(hex_decode(span_of(hex), again, n) && memcmp(bytes, again, n) == 0);
  }
  struct span out;
  const char *bad[] = {"A", "AA==AA==", "AB==", "AAB=", "A A=", "====", "AA=A"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base64_decode(&a, span_of(bad[i]), &out));
  arena_release(&a);
}

static void digests_match_the_standard(void **state)
{
  (void)state;
  char hex[65];
  struct digest d = sha256(SPAN("abc"));
  hex_encode(d.b, 32, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  struct span parts[] = {SPAN("a"), SPAN(""), SPAN("bc")};
  struct digest again = sha256_parts(parts, 3);
  assert_true(digest_eq(&d, &again));
  d = hmac_sha256(SPAN("Jefe"), SPAN("what do ya want for nothing?")); /* RFC 4231, case 2 */
  hex_encode(d.b, 32, hex);
  assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void json_is_written_as_it_is_read(void **state)
{
  (void)state;
  struct buf b;
  buf_init(&b, 1000);
  struct json_writer w = json_to(&b);
  json_begin_object(&w, NULL);
  json_put_str(&w, "a", "引\"号\\\n\x01");
  json_begin_array(&w, "list");
  json_put_int(&w, NULL, INT64_MIN);
  json_put_num(&w, NULL, 0.1);
  json_put_bool(&w, NULL, true);
  json_end(&w);
  json_put_null(&w, "none");
  json_end(&w);
  assert_string_equal(b.p, "{\"a\":\"引\\\"号\\\\\\n\\u0001\",\"list\":[-9223372036854775808,0.1,true],\"none\":null}");
  json_t *v;
  struct error e = {0};
  assert_int_equal(json_read(buf_view(&b), "x", &v, &e), 0);
  assert_string_equal(json_str(v, "a"), "引\"号\\\n\x01");
  json_decref(v);
  assert_int_equal(json_read(SPAN("{\"a\":1,\"a\":2}"), "x", &v, &e), -1);
  assert_string_equal(e.name, "bad-json");
  buf_release(&b);
}

/* ---- json_text() writes what jansson writes: texts of earlier versions must keep their digests ---- */

static uint64_t draw(uint64_t *seed) /* xorshift64 */
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  return *seed ^= *seed << 17;
}

static size_t random_text(uint64_t *seed, char out[64])
{
  static const char *const parts[] = {"a",    "宁波市", "\xf0\xa0\xae\xb7", "\"",       "\\",    "/",
                                      "\x7f", "é",      "\b\f\n\r\t",       "\x01\x1f", " !#[]", "plain text"};
  size_t n = 0;
  for (uint64_t i = draw(seed) % 6; i > 0; i--) {
    const char *part = parts[draw(seed) % (sizeof parts / sizeof *parts)];
    memcpy(out + n, part, strlen(part));
    n += strlen(part);
  }
  out[n] = '\0';
  return n;
}

static json_t *random_value(uint64_t *seed, unsigned depth)
{
  char text[64], name[64];
  size_t length = random_text(seed, text);
  uint64_t kind = draw(seed) % (depth ? 9 : 7);
  json_t *list = kind == 7 ? json_array() : json_object();
  for (uint64_t i = draw(seed) % 5; kind >= 7 && i > 0; i--) {
    size_t name_n = random_text(seed, name);
    json_t *one = random_value(seed, depth - 1);
    assert_int_equal(kind == 7 ? json_array_append_new(list, one) : json_object_setn_new(list, name, name_n, one), 0);
  }
  if (kind >= 7)
    return list;
  json_decref(list);
  return kind == 0   ? json_null()
         : kind == 1 ? json_boolean(draw(seed) & 1)
         : kind == 2 ? json_integer((json_int_t)(draw(seed) >> draw(seed) % 64))
         : kind == 3 ? json_integer(-(json_int_t)(draw(seed) >> 1) - 1)
         : kind == 4 ? json_real((double)draw(seed) / 977.0)
         : kind == 5 ? json_stringn("a\0b", draw(seed) % 4)
                     : json_stringn(text, length);
}

static void assert_jansson_agrees(struct arena *arena, const json_t *value)
{
  char *wanted = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  assert_string_equal(json_text(arena, value).p, wanted);
  free(wanted);
  arena_reset(arena);
}

static void json_texts_are_those_of_jansson(void **state)
{
  (void)state;
  struct arena arena = {0};
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 20000; i++) {
    json_t *value = random_value(&seed, 4);
    assert_jansson_agrees(&arena, value);
    json_decref(value);
  }
  json_t *deep = json_integer(INT64_MIN);
  for (int i = 0; i < 3 * JSON_DEPTH_MAX; i++)
    deep = i % 2 ? json_pack("[o,s]", deep, "尾") : json_pack("{s:o}", "\"层", deep);
  assert_jansson_agrees(&arena, deep);
  json_decref(deep);
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spans_cut_and_count),
      cmocka_unit_test(arenas_keep_what_they_gave),
      cmocka_unit_test(buffers_stop_at_their_maximum),
      cmocka_unit_test(days_follow_the_calendar),
      cmocka_unit_test(moments_are_written_and_read),
      cmocka_unit_test(utf8_is_strict),
      cmocka_unit_test(encodings_go_round),
      cmocka_unit_test(digests_match_the_standard),
      cmocka_unit_test(json_is_written_as_it_is_read),
      cmocka_unit_test(json_texts_are_those_of_jansson),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
