/*
 * Throws bytes at the readers of what comes in a request: query strings, urlencoded forms and multipart bodies. The first
 * byte chooses the reader, the second how the body is cut into packets. A body read whole and the same body read in
 * pieces must give the same.
 * Built with clang and -Dfuzz=true: build/tests/fuzz/fuzz_form -max_total_time=60 -max_len=65536
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "web/internal.h"

static const struct route route = {METHOD_POST, "/", ROLE_PUBLIC, NULL, ROUTE_UPLOADS};
static struct web web = {.upload_dir = (char *)(uintptr_t) "/dev/shm"};

static void begin(struct exchange *x)
{
  *x = (struct exchange){.web = &web, .fd = -1, .rq.route = &route};
  x->rq.exchange = x;
  x->rq.arena = &x->arena;
  buf_init(&x->rq.out, PAGE_MAX);
}

static void end(struct exchange *x)
{
  for (size_t i = 0; i < x->rq.uploads_n; i++)
    close(x->rq.uploads[i].fd);
  buf_release(&x->multipart.held);
  buf_release(&x->multipart.value);
  buf_release(&x->rq.out);
  arena_release(&x->arena);
}

static int must_explain(int rc, const struct error *error)
{
  if (rc && (!error->name || !error->zh[0] || !error->en[0]))
    abort();
  return rc;
}

/* What is taken is plain text and within the limits. */
static void check_fields(const struct exchange *x)
{
  if (x->rq.fields_n > FIELDS_MAX || x->rq.uploads_n > UPLOADS_MAX)
    abort();
  for (size_t i = 0; i < x->rq.fields_n; i++)
    if (!text_plain(x->rq.fields[i].name) || !text_plain(x->rq.fields[i].value))
      abort();
  for (size_t i = 0; i < x->rq.uploads_n; i++)
    if (strchr(x->rq.uploads[i].filename, '/') || strlen(x->rq.uploads[i].filename) > 200)
      abort();
}

static int read_multipart(struct exchange *x, struct span body, size_t piece)
{
  struct error error = {0};
  int rc = multipart_begin(x, SPAN("multipart/form-data; boundary=\"ab\""), &error);
  while (!rc && body.n) {
    size_t n = body.n < piece ? body.n : piece;
    rc = multipart_feed(x, body.p, n, &error);
    body.p += n;
    body.n -= n;
  }
  rc = rc ? rc : multipart_finish(x, &error);
  check_fields(x);
  if (!rc)
    (void)must_explain(uploads_check(x, &error), &error);
  return must_explain(rc, &error);
}

static void same(const struct exchange *a, const struct exchange *b)
{
  if (a->rq.fields_n != b->rq.fields_n || a->rq.uploads_n != b->rq.uploads_n)
    abort();
  for (size_t i = 0; i < a->rq.fields_n; i++)
    if (!span_eq(a->rq.fields[i].name, b->rq.fields[i].name) || !span_eq(a->rq.fields[i].value, b->rq.fields[i].value))
      abort();
  for (size_t i = 0; i < a->rq.uploads_n; i++)
    if (a->rq.uploads[i].size != b->rq.uploads[i].size || strcmp(a->rq.uploads[i].filename, b->rq.uploads[i].filename) != 0)
      abort();
}

static void fuzz_multipart(struct span body, size_t piece)
{
  struct exchange whole, pieces;
  begin(&whole);
  begin(&pieces);
  int a = read_multipart(&whole, body, body.n ? body.n : 1), b = read_multipart(&pieces, body, piece);
  if (a != b)
    abort();
  if (!a)
    same(&whole, &pieces);
  end(&whole);
  end(&pieces);
}

static void fuzz_form(struct span body, bool target)
{
  struct exchange x;
  struct error error = {0};
  begin(&x);
  if (target) {
    x.target = arena_dup(&x.arena, body);
    (void)must_explain(request_target(&x, &error), &error);
  } else {
    (void)must_explain(request_form(&x, body, &error), &error);
  }
  check_fields(&x);
  end(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  if (n < 2)
    return 0;
  struct span body = {(const char *)data + 2, n - 2};
  if (data[0] % 4 == 0)
    fuzz_form(body, true);
  else if (data[0] % 4 == 1)
    fuzz_form(body, false);
  else
    fuzz_multipart(body, (size_t)data[1] + 1);
  return 0;
}
