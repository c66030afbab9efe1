#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "witness/witness.h"

static int bad_size(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-request", "请求第一行应为“old 大小”，大小为十进制数，无前导零",
                   "The request must begin with the line «old SIZE», the size in decimal without leading zeros");
}

static int bad_proof(struct error *error, size_t line)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-request", "请求第 %zu 行不是 32 字节哈希的标准 base64",
                   "Line %zu of the request is not the standard base64 of a 32-byte hash", line);
}

static bool read_size(struct span s, int64_t *ret)
{
  bool plain = s.n && s.p[0] != '-' && (s.p[0] != '0' || s.n == 1);
  return plain && span_int(s, ret);
}

static bool read_hash(struct arena *arena, struct span line, struct digest *ret)
{
  struct span bytes;
  if (!base64_decode(arena, line, &bytes) || bytes.n != DIGEST_BYTES)
    return false;
  memcpy(ret->b, bytes.p, DIGEST_BYTES);
  return true;
}

/* A line is what ends in LF: the rest of a body that has none is no line. */
static bool next_line(struct span *rest, struct span *ret)
{
  return rest->n && memchr(rest->p, '\n', rest->n) && span_cut(rest, '\n', ret);
}

int witness_request_parse(struct arena *arena, struct span body, struct witness_request *ret, struct error *error)
{
  struct span line;
  if (!next_line(&body, &line) || !span_starts(line, "old "))
    return bad_size(error);
  *ret = (struct witness_request){0};
  if (!read_size((struct span){line.p + 4, line.n - 4}, &ret->old_size))
    return bad_size(error);
  for (;;) {
    if (!next_line(&body, &line))
      return error_set(error, ERROR_BAD_INPUT, "bad-request", "证明之后应有一个空行和检查点",
                       "An empty line and a checkpoint must follow the proof");
    if (line.n == 0)
      break;
    if (ret->proof_n == WITNESS_PROOF_MAX)
      return error_set(error, ERROR_BAD_INPUT, "bad-request", "证明超过 %d 行", "The proof has more than %d lines",
                       WITNESS_PROOF_MAX);
    if (!read_hash(arena, line, &ret->proof[ret->proof_n++]))
      return bad_proof(error, ret->proof_n + 1);
  }
  if (body.n == 0)
    return error_set(error, ERROR_BAD_INPUT, "bad-request", "请求没有检查点", "The request has no checkpoint");
  ret->note = body;
  return 0;
}

struct span witness_request_text(struct arena *arena, const struct witness_request *request)
{
  struct buf out;
  buf_init(&out, (size_t)1 << 20);
  buf_printf(&out, "old %lld\n", (long long)request->old_size);
  for (size_t i = 0; i < request->proof_n; i++)
    buf_printf(&out, "%s\n", base64_encode(arena, request->proof[i].b, DIGEST_BYTES));
  buf_char(&out, '\n');
  buf_span(&out, request->note);
  struct span text = arena_span(arena, buf_view(&out));
  buf_release(&out);
  return text;
}
