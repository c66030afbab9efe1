/* Notes, cosignatures, SM2, policies and receipts, against vectors of others and everything that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/vectors.h"
#include "base/buf.h"
#include "base/text.h"
#include "ledger/cosign.h"
#include "ledger/proof.h"

#define OK(call)                                                                                                                   \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, error.en, error.where);                                                                       \
  } while (0)

static struct verifier *verifier_of(const char *vkey)
{
  struct verifier *v;
  struct error error = {0};
  OK(verifier_open(span_of(vkey), &v, &error));
  assert_string_equal(verifier_vkey(v), vkey);
  return v;
}

static struct signer *signer_of(const char *name, enum note_algorithm algorithm, unsigned char first)
{
  unsigned char secret[NOTE_SECRET_BYTES] = {first};
  struct signer *s;
  struct error error = {0};
  OK(signer_from_secret(span_of(name), algorithm, secret, &s, &error));
  return s;
}

/* ---- Go's sumdb/note ---- */

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_PRIVATE "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER_LINE "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_LINE "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static void the_go_librarys_notes_open_and_come_out_alike(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct note note;
  struct span text;
  struct signer *signer;
  struct verifier *peter = verifier_of(PETER), *enoch = verifier_of(ENOCH);
  OK(signer_parse(SPAN(PETER_PRIVATE "\n"), &signer, &error));
  assert_string_equal(signer_vkey(signer), PETER);
  assert_true(span_is(note_sign(&arena, SPAN(TEXT), signer), TEXT "\n" PETER_LINE));
  OK(note_open(&arena, SPAN(TEXT "\n" PETER_LINE ENOCH_LINE), peter, &text, &error));
  assert_true(span_is(text, TEXT));
  OK(note_parse(&arena, SPAN(TEXT "\n" PETER_LINE ENOCH_LINE), &note, &error));
  assert_int_equal(note.n, 2);
  assert_int_equal(note_signed_by(&note, peter, NULL, &error), 1);
  assert_int_equal(note_signed_by(&note, enoch, NULL, &error), 1);
  assert_true(span_is(note.lines[1].line, ENOCH_LINE));
  /* the first of a key's lines counts, the others are dropped */
  OK(note_parse(&arena, SPAN(TEXT "\n" PETER_LINE PETER_LINE ENOCH_LINE), &note, &error));
  assert_int_equal(note.n, 2);
  signer_free(signer);
  verifier_free(peter);
  verifier_free(enoch);
  arena_release(&arena);
}

static void notes_that_are_none_are_refused(void **state)
{
  (void)state;
  struct span wrong[] = {
      SPAN(""),
      SPAN("\n"),
      SPAN(TEXT),
      SPAN(TEXT "\n"),
      SPAN(TEXT PETER_LINE),
      SPAN(TEXT "\n" PETER_LINE "\n"),
      SPAN("\x01" TEXT "\n" PETER_LINE),
      SPAN("\t" TEXT "\n" PETER_LINE),
      SPAN("a\r\n" TEXT "\n" PETER_LINE),
      SPAN("\xff" TEXT "\n" PETER_LINE),
      SPAN("a\0" TEXT "\n" PETER_LINE),
      SPAN(TEXT "\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"),
      SPAN(TEXT "\n" PETER_LINE "Unexpected line.\n"),
      SPAN(TEXT "\n" PETER_LINE "- EnochRoot rwz+eBzmZa0=\n"),
      SPAN(TEXT "\n—PeterNeumann x08go/ZJkuA=\n"),
      SPAN(TEXT "\n—  x08go/ZJkuA=\n"),
      SPAN(TEXT "\n— a+b x08go/ZJkuA=\n"),
      SPAN(TEXT "\n— a\xe3\x80\x80x x08go/ZJkuA=\n"),
      SPAN(TEXT "\n— PeterNeumann\n"),
      SPAN(TEXT "\n— PeterNeumann x08gow==\n"),
      SPAN(TEXT "\n— PeterNeumann x08go/Z\n"),
      SPAN(TEXT "\n— PeterNeumann x08go/ZJkuB=\n"),
      SPAN(TEXT "\n— PeterNeumann x08go/ZJkuA= \n"),
      SPAN(TEXT "\n— PeterNeumann  x08go/ZJkuA=\n"),
      SPAN(TEXT "\n" PETER_LINE "\xe2\x80\x94 x"),
  };
  struct arena arena = {0};
  struct verifier *peter = verifier_of(PETER);
  struct span text;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct error error = {0};
    if (note_open(&arena, wrong[i], peter, &text, &error) == 0)
      fail_msg("note %zu is taken", i);
    assert_string_equal(error.name, "bad-note");
  }
  verifier_free(peter);
  arena_release(&arena);
}

/* The lines by the key that has signed, n more of others before it. */
static struct span note_of_lines(struct arena *arena, int others)
{
  struct buf buf;
  buf_init(&buf, 1 << 20);
  buf_str(&buf, TEXT "\n");
  for (int i = 0; i < others; i++)
    buf_printf(&buf, "— other%d x08go/ZJkuA=\n", i);
  buf_str(&buf, PETER_LINE);
  struct span note = arena_span(arena, buf_view(&buf));
  buf_release(&buf);
  return note;
}

static void sixteen_signatures_and_more_are_taken_but_not_any_number(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct verifier *peter = verifier_of(PETER), *enoch = verifier_of(ENOCH);
  struct span text;
  OK(note_open(&arena, note_of_lines(&arena, 15), peter, &text, &error));
  OK(note_open(&arena, note_of_lines(&arena, NOTE_LINES_MAX - 1), peter, &text, &error));
  assert_int_equal(note_open(&arena, note_of_lines(&arena, NOTE_LINES_MAX), peter, &text, &error), -1);
  assert_string_equal(error.name, "bad-note");
  assert_int_equal(note_open(&arena, note_of_lines(&arena, 3), enoch, &text, &error), -1);
  assert_string_equal(error.name, "unsigned-note");
  /* a failing line of the known key spoils the note, though a right one follows */
  assert_int_equal(note_open(&arena, SPAN(TEXT "\n— PeterNeumann x08go/ZJkuA=\n" PETER_LINE), peter, &text, &error), -1);
  assert_string_equal(error.name, "bad-signature");
  /* the key's name with another id is another key */
  OK(note_open(&arena, SPAN(TEXT "\n— PeterNeumann x08gpPZJkuA=\n" PETER_LINE), peter, &text, &error));
  verifier_free(peter);
  verifier_free(enoch);
  arena_release(&arena);
}

/* Go's TestNewVerifier and TestNewSigner: every part of a key and every key with one byte more is refused. */
static void mangled_keys_are_refused(void **state)
{
  (void)state;
  static const char *const keys[] = {PETER, PETER_PRIVATE};
  struct verifier *v;
  struct signer *s;
  for (int k = 0; k < 2; k++) {
    char key[200];
    size_t n = strlen(keys[k]);
    memcpy(key, keys[k], n + 1);
    for (size_t i = 0; i <= n; i++)
      for (size_t j = i; j <= n; j++)
        if (i != 0 || j != n)
          assert_int_equal(k ? signer_parse((struct span){key + i, j - i}, &s, NULL)
                             : verifier_open((struct span){key + i, j - i}, &v, NULL),
                           -1);
    for (size_t i = 0; i < n; i++) {
      key[i]++;
      assert_int_equal(k ? signer_parse((struct span){key, n}, &s, NULL) : verifier_open((struct span){key, n}, &v, NULL), -1);
      key[i]--;
    }
  }
  assert_int_equal(verifier_open(SPAN("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="), &v, NULL), -1);
  assert_int_equal(verifier_open(SPAN("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &v, NULL), -1);
}

/* ---- cosignature/v1 ---- */

#define SIGSUM "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69"

/* Vector A: log and witness of known seeds. */
static void the_cosignature_of_known_seeds_comes_out_alike(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct note note;
  int64_t at;
  struct span whole = vectors_file(&arena, "cosig_self.txt");
  if (!whole.n)
    skip();
  if (whole.p[whole.n - 1] != '\n')
    whole = span_of(arena_printf(&arena, "%.*s\n", (int)whole.n, whole.p));
  struct signer *log = signer_of(SIGSUM, NOTE_ED25519, 0x11), *witness = signer_of("witness.example/w1", NOTE_COSIGNATURE, 0x22);
  assert_string_equal(signer_vkey(witness), "witness.example/w1+8da96255+BKibOmQOXiAtKp7ed/O01VFGKEoeMCzcBGPnHdCfD+Yj");
  OK(note_parse(&arena, whole, &note, &error));
  assert_int_equal(note_signed_by(&note, signer_public(log), &at, &error), 1);
  assert_int_equal(at, 0);
  assert_int_equal(note_signed_by(&note, signer_public(witness), &at, &error), 1);
  assert_int_equal(at, 1700000000);
  struct span signed_note = note_sign(&arena, note.text, log), line = cosign_line(&arena, note.text, witness, at);
  assert_true(span_is(whole, arena_printf(&arena, "%.*s%.*s", (int)signed_note.n, signed_note.p, (int)line.n, line.p)));
  signer_free(log);
  signer_free(witness);
  arena_release(&arena);
}

/* Vector B: two checkpoints of sunlight's test data, by its witness and its mirror. */
static void another_witnesss_cosignatures_verify(void **state)
{
  (void)state;
  static const struct {
    const char *vkey, *note;
  } known[] = {
      {"witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN",
       "rome2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n\n"
       "— rome2026h1.example.org kVB1JgAAAZtxtEwABAMARzBFAiEAi+mTa2xjL1IdWpH82OeciGsGvwRAP+f1WkfKaSZCfFECIHoNPZ/"
       "Q3y6UNzvKOO9cuLr6V16vPNfhwhle9f6r5H/Z\n"
       "— witness.example.org uKLPIAAAAABpVGeAhm2bOvKc3LaB9PFN1ruG19Y5yqslmcAAbhftnn1Zznmo0LXFZq4LGvqKqLX8jWlwLKasxEGTLIqAVusneCBmBw=="
       "\n"},
      {"mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O",
       "rome2026h1.example.org\n300\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=\n\n"
       "— mirror.example.org P7FI7wAAAABpVGeAjA1S4pJm6MbcXjX7UUImu4azZtrfcVW2uyr/"
       "LXIYlwEJzXC0N0EiZkbqfLdXt/4gVEEuGmxJjAfXKMCISpsJAg==\n"},
  };
  for (size_t i = 0; i < 2; i++) {
    struct arena arena = {0};
    struct error error = {0};
    struct note note;
    int64_t at;
    struct verifier *v = verifier_of(known[i].vkey);
    assert_int_equal(verifier_algorithm(v), NOTE_COSIGNATURE);
    OK(note_parse(&arena, span_of(known[i].note), &note, &error));
    assert_int_equal(note_signed_by(&note, v, &at, &error), 1);
    assert_int_equal(at, 1767139200);
    verifier_free(v);
    arena_release(&arena);
  }
}

#define POINT "city.example/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void a_cosignature_covers_text_time_and_key(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct signer *w = signer_of("w.example", NOTE_COSIGNATURE, 7), *other = signer_of("w.example", NOTE_COSIGNATURE, 8);
  struct span line = cosign_line(&arena, SPAN(POINT), w, 1795000000), found;
  int64_t at;
  OK(cosign_take(&arena, line, SPAN(POINT), signer_public(w), &found, &at, &error));
  assert_true(span_eq(line, found) && at == 1795000000);
  struct span both = span_of(arena_printf(&arena, "%s%s", arena_dup(&arena, cosign_line(&arena, SPAN(POINT), other, 5)), line.p));
  OK(cosign_take(&arena, both, SPAN(POINT), signer_public(w), &found, &at, &error));
  assert_true(span_eq(line, found));
  assert_int_equal(cosign_take(&arena, line, SPAN(POINT "more\n"), signer_public(w), &found, &at, &error), -1);
  assert_string_equal(error.name, "bad-signature");
  assert_int_equal(cosign_take(&arena, line, SPAN(POINT), signer_public(other), &found, &at, &error), -1);
  assert_string_equal(error.name, "unsigned-note");
  assert_int_equal(cosign_take(&arena, span_of(arena_printf(&arena, "%s\n%s", line.p, line.p)), SPAN(POINT), signer_public(w),
                               &found, &at, &error),
                   -1);
  assert_string_equal(error.name, "bad-note");
  assert_int_equal(cosign_take(&arena, SPAN(""), SPAN(POINT), signer_public(w), &found, &at, &error), -1);
  struct span whole = span_of(arena_printf(&arena, POINT "\n%s", line.p));
  for (size_t i = 0; i < whole.n; i++) {
    struct span text, flipped = arena_span(&arena, whole);
    ((char *)(uintptr_t)flipped.p)[i] ^= 0x01;
    if (note_open(&arena, flipped, signer_public(w), &text, &error) == 0)
      fail_msg("a flip of byte %zu was not found", i);
  }
  /* a time over 2^63 is none */
  unsigned char late[COSIGN_BYTES] = {0x80};
  assert_false(cosign_check(signer_public(w), SPAN(POINT), (struct span){(char *)late, sizeof late}, &at));
  signer_free(w);
  signer_free(other);
  arena_release(&arena);
}

/* ---- SM2 ---- */

/* GB/T 32918.5-2017, A.2 */
#define SM2_D "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
#define SM2_XY                                                                                                                     \
  "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9" \
  "AD13"
#define SM2_RS                                                                                                                     \
  "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1" \
  "AA"

static void sm2_signs_and_verifies_as_the_standard_shows(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  unsigned char d[32], rs[64], public[1 + 14 + 65] = {0xff}, own[64];
  struct signer *s;
  assert_true(hex_decode(SPAN(SM2_D), d, 32) && hex_decode(SPAN(SM2_RS), rs, 64));
  memcpy(public + 1, "gov/sm2-sm3/v1", 14);
  assert_true(hex_decode(SPAN(SM2_XY), public + 15, 65));
  OK(signer_from_secret(SPAN("city/sm2"), NOTE_SM2, d, &s, &error));
  const char *typed = strrchr(signer_vkey(s), '+');
  struct span parts[] = {SPAN("city/sm2\n"), {(char *)public, sizeof public}};
  char hex[9];
  hex_encode(sha256_parts(parts, 2).b, 4, hex);
  assert_string_equal(signer_vkey(s), arena_printf(&arena, "city/sm2+%s+%s", hex, base64_encode(&arena, public, sizeof public)));
  assert_non_null(typed);
  struct verifier *v = verifier_of(signer_vkey(s));
  assert_int_equal(verifier_algorithm(v), NOTE_SM2);
  assert_true(verifier_same_key(v, signer_public(s)));
  assert_true(verifier_bare(v, SPAN("message digest"), rs));
  assert_false(verifier_bare(v, SPAN("message digesT"), rs));
  for (size_t i = 0; i < 64; i++) {
    rs[i] ^= 1;
    assert_false(verifier_bare(v, SPAN("message digest"), rs));
    rs[i] ^= 1;
  }
  memset(own, 0, sizeof own);
  assert_false(verifier_bare(v, SPAN("message digest"), own));
  memset(own, 0xff, sizeof own);
  assert_false(verifier_bare(v, SPAN("message digest"), own));
  for (int i = 0; i < 50; i++) { /* r and s with leading zero bytes come among them now and then */
    signer_bare(s, SPAN("message digest"), own);
    assert_true(verifier_bare(v, SPAN("message digest"), own));
  }
  memset(d, 0xff, sizeof d);
  assert_int_equal(signer_from_secret(SPAN("city/sm2"), NOTE_SM2, d, &s, &error), -1);
  memset(d, 0, sizeof d);
  assert_int_equal(signer_from_secret(SPAN("city/sm2"), NOTE_SM2, d, &s, &error), -1);
  signer_free(s);
  verifier_free(v);
  arena_release(&arena);
}

static void points_off_the_curve_are_no_keys(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct verifier *v;
  unsigned char public[80] = {0xff};
  memcpy(public + 1, "gov/sm2-sm3/v1", 14);
  assert_true(hex_decode(SPAN(SM2_XY), public + 15, 65));
  public[79] ^= 1;
  struct span parts[] = {SPAN("x\n"), {(char *)public, sizeof public}};
  char hex[9];
  hex_encode(sha256_parts(parts, 2).b, 4, hex);
  assert_int_equal(
      verifier_open(span_of(arena_printf(&arena, "x+%s+%s", hex, base64_encode(&arena, public, sizeof public))), &v, NULL), -1);
  arena_release(&arena);
}

static void a_note_carries_both_signatures_and_either_opens_it(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct signer *ed = signer_of("city/log", NOTE_ED25519, 1), *sm = signer_of("city/log", NOTE_SM2, 1);
  struct span first = note_sign(&arena, SPAN(POINT), ed), second = note_line(&arena, SPAN(POINT), sm), text;
  struct span note = span_of(arena_printf(&arena, "%s%s", first.p, second.p));
  OK(note_open(&arena, note, signer_public(ed), &text, &error));
  OK(note_open(&arena, note, signer_public(sm), &text, &error));
  ((char *)(uintptr_t)note.p)[note.n - 10] ^= 1;
  OK(note_open(&arena, note, signer_public(ed), &text, &error)); /* who does not know SM2 passes over its line */
  assert_int_equal(note_open(&arena, note, signer_public(sm), &text, &error), -1);
  signer_free(ed);
  signer_free(sm);
  arena_release(&arena);
}

static void keys_of_every_algorithm_are_kept_in_files(void **state)
{
  (void)state;
  static const enum note_algorithm all[] = {NOTE_ED25519, NOTE_COSIGNATURE, NOTE_SM2};
  struct arena arena = {0};
  struct error error = {0};
  char *dir = arena_str(&arena, "/tmp/onevisit-keys-XXXXXX");
  assert_non_null(mkdtemp(dir));
  for (int i = 0; i < 3; i++) {
    struct signer *first, *again;
    const char *file = arena_printf(&arena, "key%d", i);
    OK(signer_open_as(dir, file, "city/x", all[i], true, &first, &error));
    OK(signer_open_as(dir, file, "city/x", all[i], false, &again, &error));
    assert_string_equal(signer_vkey(first), signer_vkey(again));
    assert_int_equal(signer_algorithm(again), all[i]);
    assert_true(verifier_same_key(signer_public(first), signer_public(again)));
    signer_free(first);
    signer_free(again);
    assert_int_equal(signer_open_as(dir, file, "city/x", all[(i + 1) % 3], false, &again, &error), -1);
    assert_string_equal(error.name, "key-algorithm");
    assert_int_equal(signer_open_as(dir, file, "city/y", all[i], false, &again, &error), -1);
    assert_string_equal(error.name, "key-name");
  }
  vectors_remove(dir);
  arena_release(&arena);
}

/* ---- policies ---- */

#define WITNESSES 7

struct city {
  struct arena arena;
  struct error error;
  struct signer *log, *witness[WITNESSES];
};

static void found_city(struct city *c)
{
  *c = (struct city){.log = signer_of("city.example/log", NOTE_ED25519, 1)};
  for (int i = 0; i < WITNESSES; i++)
    c->witness[i] = signer_of(arena_printf(&c->arena, "w%d.example", i), NOTE_COSIGNATURE, (unsigned char)(10 + i));
}

static void leave_city(struct city *c)
{
  signer_free(c->log);
  for (int i = 0; i < WITNESSES; i++)
    signer_free(c->witness[i]);
  arena_release(&c->arena);
}

/* The log, all witnesses W0 … W6, and the lines given. */
static struct span policy_text(struct city *c, const char *lines)
{
  struct buf buf;
  buf_init(&buf, 1 << 20);
  buf_printf(&buf, "# 本市\n\n log\t%s  https://city.example/log \n", signer_vkey(c->log));
  for (int i = 0; i < WITNESSES; i++)
    buf_printf(&buf, "witness W%d %s http://127.0.0.1:%d\n", i, signer_vkey(c->witness[i]), 7000 + i);
  buf_str(&buf, lines);
  struct span text = arena_span(&c->arena, buf_view(&buf));
  buf_release(&buf);
  return text;
}

/* A checkpoint signed by the log and cosigned by the witnesses whose bits are set. */
static struct span cosigned(struct city *c, const struct checkpoint *checkpoint, unsigned witnesses)
{
  struct span text = checkpoint_text(&c->arena, checkpoint), note = note_sign(&c->arena, text, c->log);
  for (int i = 0; i < WITNESSES; i++)
    if (witnesses >> i & 1)
      note = span_of(arena_printf(&c->arena, "%s%s", note.p, cosign_line(&c->arena, text, c->witness[i], 1795000000 + i).p));
  return note;
}

static struct policy_verdict judge(struct city *c, const struct policy *policy, struct span bytes)
{
  struct note note;
  struct policy_verdict v;
  if (note_parse(&c->arena, bytes, &note, &c->error) || policy_judge(policy, &c->arena, &note, &v, &c->error))
    fail_msg("%s", c->error.en);
  return v;
}

/* The quorum by its definition, over all sets of witnesses. */
static void quorums_are_counted_as_the_policy_says(void **state)
{
  (void)state;
  struct city c;
  struct policy *policy;
  struct checkpoint checkpoint = {SPAN("city.example/log"), 3, {.b = {3}}};
  found_city(&c);
  if (policy_parse(policy_text(&c, "group depts 3 W0 W1 W2 W3 W4\ngroup oversight any W5 W6\ngroup both all depts oversight\n"
                                   "quorum both\n"),
                   &policy, &c.error))
    fail_msg("%s (%s)", c.error.en, c.error.where);
  assert_int_equal(policy_log_count(policy), 1);
  assert_int_equal(policy_witness_count(policy), WITNESSES);
  assert_string_equal(policy_log_at(policy, 0)->url, "https://city.example/log");
  assert_string_equal(policy_witness_at(policy, 6)->url, "http://127.0.0.1:7006");
  assert_string_equal(policy_witness_at(policy, 6)->name, "W6");
  for (unsigned set = 0; set < 1U << WITNESSES; set++) {
    int depts = __builtin_popcount(set & 31), oversight = __builtin_popcount(set >> 5);
    struct policy_verdict v = judge(&c, policy, cosigned(&c, &checkpoint, set));
    size_t missing = (size_t)(depts < 3 ? 3 - depts : 0) + (oversight ? 0 : 1);
    assert_true(v.log_signed);
    assert_int_equal(v.quorum, missing == 0);
    assert_int_equal(v.missing, missing);
    assert_int_equal(v.cosigned, depts + oversight);
    for (int i = 0; i < WITNESSES; i++)
      assert_int_equal(v.times[i], set >> i & 1 ? 1795000000 + i : 0);
  }
  policy_free(policy);
  leave_city(&c);
}

static void a_note_of_another_log_or_of_a_forger_is_not_trusted(void **state)
{
  (void)state;
  struct city c;
  struct policy *policy;
  struct note note;
  struct checkpoint checkpoint = {SPAN("other.example/log"), 3, {.b = {3}}};
  found_city(&c);
  assert_int_equal(policy_parse(policy_text(&c, "quorum none\n"), &policy, &c.error), 0);
  assert_false(judge(&c, policy, cosigned(&c, &checkpoint, 0)).log_signed); /* the key's name is not the origin */
  checkpoint.origin = SPAN("city.example/log");
  struct span good = cosigned(&c, &checkpoint, 1);
  assert_int_equal(note_parse(&c.arena, good, &note, &c.error), 0);
  assert_int_equal(policy_satisfied(policy, &c.arena, &note, &c.error), 0);
  struct span bad = arena_span(&c.arena, good);
  ((char *)(uintptr_t)bad.p)[bad.n - 30] ^= 1; /* in the witness's signature */
  if (note_parse(&c.arena, bad, &note, &c.error) == 0)
    assert_int_equal(policy_satisfied(policy, &c.arena, &note, &c.error), -1);
  assert_int_equal(note_parse(&c.arena, note_sign(&c.arena, SPAN("city.example/log\nx\n"), c.log), &note, &c.error), 0);
  assert_int_equal(policy_satisfied(policy, &c.arena, &note, &c.error), -1);
  assert_string_equal(c.error.name, "bad-note");
  policy_free(policy);
  leave_city(&c);
}

static void policies_that_are_wrong_are_refused_with_their_line(void **state)
{
  (void)state;
  static const struct {
    const char *lines, *where;
  } wrong[] = {
      {"", ""},
      {"quorum W9\n", "11"},
      {"quorum W0\nquorum W0\n", "12"},
      {"quorum\n", "11"},
      {"quorum W0 W1\n", "11"},
      {"quorum W0", ""},
      {"group g 0 W0 W1\nquorum g\n", "11"},
      {"group g 3 W0 W1\nquorum g\n", "11"},
      {"group g 02 W0 W1\nquorum g\n", "11"},
      {"group g -1 W0 W1\nquorum g\n", "11"},
      {"group g some W0 W1\nquorum g\n", "11"},
      {"group g any\nquorum g\n", "11"},
      {"group g any W0 W0\nquorum g\n", "11"},
      {"group g any g\nquorum g\n", "11"},
      {"group g any h\ngroup h any W0\nquorum g\n", "11"},
      {"group g any none\nquorum g\n", "11"},
      {"group none any W0\nquorum none\n", "11"},
      {"group W0 any W1\nquorum W0\n", "11"},
      {"group g any W0\ngroup g any W1\nquorum g\n", "12"},
      {"group g any W0\ngroup h any W0\nquorum h\n", "12"},
      {"banana\nquorum W0\n", "11"},
      {"quorum W0\r\n", "11"},
      {"witness W0 " PETER "\nquorum none\n", "11"},
      {"witness P " PETER "\nquorum none\n", "11"}, /* a log's key */
      {"witness P\nquorum none\n", "11"},
      {"witness P not+a+key\nquorum none\n", "11"},
      {"log\nquorum none\n", "11"},
      {"log " PETER " url more\nquorum none\n", "11"},
      {"log witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN\nquorum none\n", "11"},
      {"log " PETER "\nlog " PETER "\nquorum none\n", "12"},
  };
  struct city c;
  struct policy *policy;
  found_city(&c);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (policy_parse(policy_text(&c, wrong[i].lines), &policy, &c.error) == 0)
      fail_msg("«%s» is taken", wrong[i].lines);
    assert_string_equal(c.error.name, "bad-policy");
    assert_string_equal(c.error.where, wrong[i].where);
    assert_true(c.error.zh[0] && c.error.en[0]);
  }
  /* the same key under another name is still the same key */
  struct signer *again = signer_of("other.example", NOTE_COSIGNATURE, 10);
  assert_int_equal(
      policy_parse(policy_text(&c, arena_printf(&c.arena, "witness X %s\nquorum X\n", signer_vkey(again))), &policy, &c.error), -1);
  signer_free(again);
  /* and these are right: a single witness, no log at all */
  assert_int_equal(policy_parse(policy_text(&c, "quorum W3"), &policy, &c.error), -1); /* no line feed at the end */
  assert_int_equal(policy_parse(policy_text(&c, "quorum W3\n"), &policy, &c.error), 0);
  policy_free(policy);
  assert_int_equal(policy_parse(SPAN("quorum none\n"), &policy, &c.error), 0);
  policy_free(policy);
  assert_int_equal(policy_load("/nowhere/policy", &policy, &c.error), -1);
  assert_string_equal(c.error.name, "no-policy");
  leave_city(&c);
}

/* ---- receipts ---- */

#define LEAVES 11

/* The receipt of leaf i («leaf i»), cosigned by a set of witnesses. */
static struct span receipt_of(struct city *c, int64_t i, unsigned witnesses)
{
  struct digest leaves[LEAVES];
  struct merkle_tree tree;
  struct tlog_proof proof = {.index = i};
  struct checkpoint checkpoint = {.origin = SPAN("city.example/log"), .size = LEAVES};
  for (int n = 0; n < LEAVES; n++)
    leaves[n] = merkle_leaf(span_of(arena_printf(&c->arena, "leaf %d", n)));
  merkle_tree_build(&c->arena, MERKLE_SHA256, leaves, LEAVES, &tree);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  assert_int_equal(merkle_root_at(&reader, LEAVES, &checkpoint.root, NULL), 0);
  assert_int_equal(merkle_inclusion(&reader, i, LEAVES, &proof.inclusion, NULL), 0);
  proof.note = cosigned(c, &checkpoint, witnesses);
  return tlog_proof_text(&c->arena, &proof);
}

static int verify(struct city *c, struct span receipt, const char *entry, const struct policy *policy,
                  struct tlog_proof_verdict *ret)
{
  struct tlog_proof proof;
  return tlog_proof_parse(&c->arena, receipt, &proof, &c->error) ||
                 tlog_proof_verify(&c->arena, &proof, MERKLE_SHA256, span_of(entry), policy, ret, &c->error)
             ? -1
             : 0;
}

static void receipts_verify_without_any_server(void **state)
{
  (void)state;
  struct city c;
  struct policy *policy;
  struct tlog_proof_verdict v;
  found_city(&c);
  assert_int_equal(policy_parse(policy_text(&c, "group g 2 W0 W1 W2\nquorum g\n"), &policy, &c.error), 0);
  for (int64_t i = 0; i < LEAVES; i++) {
    struct span receipt = receipt_of(&c, i, 5);
    assert_int_equal(verify(&c, receipt, arena_printf(&c.arena, "leaf %d", (int)i), policy, &v), 0);
    assert_int_equal(v.checkpoint.size, LEAVES);
    assert_int_equal(v.policy.cosigned, 2);
    assert_int_equal(verify(&c, receipt, "leaf x", policy, &v), -1);
    assert_string_equal(c.error.name, "not-included");
  }
  assert_int_equal(verify(&c, receipt_of(&c, 3, 1), "leaf 3", policy, &v), -1);
  assert_string_equal(c.error.name, "no-quorum");
  assert_int_equal(v.policy.missing, 1);
  struct span receipt = receipt_of(&c, 3, 7);
  for (size_t i = 0; i < receipt.n; i++) {
    struct span flipped = arena_span(&c.arena, receipt);
    ((char *)(uintptr_t)flipped.p)[i] ^= 0x01;
    if (verify(&c, flipped, "leaf 3", policy, &v) == 0 && v.policy.cosigned == 3)
      fail_msg("a flip of byte %zu was not found", i);
  }
  for (size_t n = 0; n < receipt.n; n++)
    if (verify(&c, (struct span){receipt.p, n}, "leaf 3", policy, &v) == 0 && v.policy.cosigned == 3)
      fail_msg("cut after %zu", n);
  policy_free(policy);
  leave_city(&c);
}

/* As in transparency-dev/formats, proof/tlog_proof_test.go. */
static void receipts_are_written_one_way_and_other_ways_are_refused(void **state)
{
  (void)state;
  static const char *const wrong[] = {
      "",
      "wrong-header\nindex 0\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nextra \n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 0\n",
      "c2sp.org/tlog-proof@v1\nindex 0\n\n",
      "c2sp.org/tlog-proof@v1\nindex 0\nindex 1\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\ncheckpoint\n",
      "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\ncheckpoint\r\n",
  };
  struct arena arena = {0};
  struct error error = {0};
  struct tlog_proof proof = {.index = 10, .has_extra = true, .extra = SPAN("extra information"), .note = SPAN("note\n")}, back;
  proof.inclusion = (struct merkle_proof){1, {sha256(SPAN("hash1"))}};
  struct span text = tlog_proof_text(&arena, &proof);
  assert_true(span_is(text, "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n"
                            "rzFuy5Go7nrpkhBwKy1HWPMM3eO/YePY54fXRoH5Cm4=\n\nnote\n"));
  OK(tlog_proof_parse(&arena, text, &back, &error));
  assert_true(span_eq(tlog_proof_text(&arena, &back), text));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (tlog_proof_parse(&arena, span_of(wrong[i]), &back, &error) == 0)
      fail_msg("«%s» is taken", wrong[i]);
    assert_string_equal(error.name, "bad-proof");
  }
  struct buf buf; /* a path longer than any */
  buf_init(&buf, 1 << 20);
  buf_str(&buf, "c2sp.org/tlog-proof@v1\nindex 0\n");
  for (int i = 0; i <= MERKLE_PROOF_MAX; i++)
    buf_str(&buf, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
  buf_str(&buf, "\nnote\n");
  assert_int_equal(tlog_proof_parse(&arena, buf_view(&buf), &back, &error), -1);
  buf_release(&buf);
  arena_release(&arena);
}

static void checkpoints_are_written_one_way(void **state)
{
  (void)state;
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  static const char *const wrong[] = {"",
                                      "a\n1\n",
                                      "a\n1\n" ROOT,
                                      "\n1\n" ROOT "\n",
                                      "a\n01\n" ROOT "\n",
                                      "a\n-0\n" ROOT "\n",
                                      "a\n-1\n" ROOT "\n",
                                      "a\n+1\n" ROOT "\n",
                                      "a\n 1\n" ROOT "\n",
                                      "a\n9223372036854775808\n" ROOT "\n",
                                      "a\n1\nAAAA\n",
                                      "a\n1\n" ROOT "\nextension\n",
                                      "a\n1\n" ROOT "\n\n",
                                      "a\n\n" ROOT "\n"};
  struct arena arena = {0};
  struct checkpoint c;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (checkpoint_parse(&arena, span_of(wrong[i]), &c))
      fail_msg("«%s» is taken", wrong[i]);
  assert_true(checkpoint_parse(&arena, SPAN("a\n0\n" ROOT "\n"), &c));
  assert_true(checkpoint_parse(&arena, SPAN("a b\n9223372036854775807\n" ROOT "\n"), &c));
  assert_true(span_is(checkpoint_text(&arena, &c), "a b\n9223372036854775807\n" ROOT "\n"));
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_go_librarys_notes_open_and_come_out_alike),
      cmocka_unit_test(notes_that_are_none_are_refused),
      cmocka_unit_test(sixteen_signatures_and_more_are_taken_but_not_any_number),
      cmocka_unit_test(mangled_keys_are_refused),
      cmocka_unit_test(the_cosignature_of_known_seeds_comes_out_alike),
      cmocka_unit_test(another_witnesss_cosignatures_verify),
      cmocka_unit_test(a_cosignature_covers_text_time_and_key),
      cmocka_unit_test(sm2_signs_and_verifies_as_the_standard_shows),
      cmocka_unit_test(points_off_the_curve_are_no_keys),
      cmocka_unit_test(a_note_carries_both_signatures_and_either_opens_it),
      cmocka_unit_test(keys_of_every_algorithm_are_kept_in_files),
      cmocka_unit_test(quorums_are_counted_as_the_policy_says),
      cmocka_unit_test(a_note_of_another_log_or_of_a_forger_is_not_trusted),
      cmocka_unit_test(policies_that_are_wrong_are_refused_with_their_line),
      cmocka_unit_test(receipts_verify_without_any_server),
      cmocka_unit_test(receipts_are_written_one_way_and_other_ways_are_refused),
      cmocka_unit_test(checkpoints_are_written_one_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
