#include "history/xes_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BYTES_DEFAULT (INT64_C(16) << 30)
#define RATIO_DEFAULT 250
#define RATIO_FROM (INT64_C(1) << 20) /* a short text may shrink to nearly nothing */
#define GZIP_WINDOW (16 + MAX_WBITS)  /* zlib: gzip only */

static ssize_t read_fd(void *context, void *out, size_t n)
{
  const int *fd = context;
  for (;;) {
    ssize_t got = read(*fd, out, n);
    if (got >= 0 || errno != EINTR)
      return got;
  }
}

struct xes_source xes_from_fd(int *fd)
{
  return (struct xes_source){fd, read_fd};
}

void xes_input_init(struct xes_input *input, struct xes_source source, const char *name, const struct xes_limits *limits)
{
  memset(input, 0, sizeof *input);
  input->source = source;
  input->name = name;
  input->bytes_max = limits && limits->bytes > 0 ? limits->bytes : BYTES_DEFAULT;
  input->ratio_max = limits && limits->ratio > 0 ? limits->ratio : RATIO_DEFAULT;
}

void xes_input_release(struct xes_input *input)
{
  if (input->packed)
    (void)inflateEnd(&input->z);
  input->packed = false;
}

static int at_byte(const struct xes_input *input, struct error *error)
{
  return error_at(error, "%s:@%lld", input->name, (long long)(input->in - (int64_t)(input->have - input->used)));
}

/* Refills the chunk when it is used up; at the end of the source it stays empty. */
static int refill(struct xes_input *input, struct error *error)
{
  if (input->used < input->have || input->ended)
    return 0;
  ssize_t got = input->source.read(input->source.context, input->chunk, sizeof input->chunk);
  if (got < 0) {
    (void)error_set(error, ERROR_INTERNAL, "xes-unreadable", "读不出日志文件：%s", "the log cannot be read: %s", strerror(errno));
    return at_byte(input, error);
  }
  input->used = 0;
  input->have = (size_t)got;
  input->in += got;
  input->ended = got == 0;
  return 0;
}

/* Two bytes tell gzip from XML; a source may give them one at a time. */
static int begin(struct xes_input *input, struct error *error)
{
  input->started = true;
  while (input->have < 2 && !input->ended) {
    ssize_t got = input->source.read(input->source.context, input->chunk + input->have, sizeof input->chunk - input->have);
    if (got < 0) {
      (void)error_set(error, ERROR_INTERNAL, "xes-unreadable", "读不出日志文件：%s", "the log cannot be read: %s", strerror(errno));
      return at_byte(input, error);
    }
    input->have += (size_t)got;
    input->in += got;
    input->ended = got == 0;
  }
  if (input->have < 2 || input->chunk[0] != 0x1f || input->chunk[1] != 0x8b)
    return 0;
  if (inflateInit2(&input->z, GZIP_WINDOW) != Z_OK)
    return error_set(error, ERROR_INTERNAL, "xes-unreadable", "解压缩无法启动", "decompression cannot start");
  input->packed = true;
  input->in_member = true;
  return 0;
}

static int plain(struct xes_input *input, void *out, size_t n, size_t *ret_n, struct error *error)
{
  if (refill(input, error))
    return -1;
  size_t take = input->have - input->used;
  if (take > n)
    take = n;
  if (take)
    memcpy(out, input->chunk + input->used, take);
  input->used += take;
  *ret_n = take;
  return 0;
}

static int damaged(struct xes_input *input, struct error *error)
{
  (void)error_set(error, ERROR_BAD_INPUT, "gzip-damaged", "gzip 压缩数据已损坏：%s", "the gzip data is damaged: %s",
                  input->z.msg ? input->z.msg : "bad data");
  return at_byte(input, error);
}

static int cut_short(struct xes_input *input, struct error *error)
{
  (void)error_set(error, ERROR_BAD_INPUT, "gzip-truncated", "gzip 压缩数据不完整：文件在结尾之前中断",
                  "the gzip data is incomplete: the file stops before its end");
  return at_byte(input, error);
}

/* Some of one member's bytes; 0 of them when the member has ended or more input is needed. */
static int inflate_some(struct xes_input *input, void *out, size_t n, size_t *ret_n, struct error *error)
{
  input->z.next_in = input->chunk + input->used;
  input->z.avail_in = (uInt)(input->have - input->used);
  input->z.next_out = out;
  input->z.avail_out = (uInt)n;
  int rc = inflate(&input->z, Z_NO_FLUSH);
  input->used = input->have - input->z.avail_in;
  *ret_n = n - input->z.avail_out;
  if (rc == Z_STREAM_END) {
    input->in_member = false;
    return 0;
  }
  if (rc != Z_OK && rc != Z_BUF_ERROR)
    return damaged(input, error);
  return 0;
}

/* gzip allows members one after another (RFC 1952 §2.2): the text is all of theirs. */
static int unpacked(struct xes_input *input, void *out, size_t n, size_t *ret_n, struct error *error)
{
  size_t got = 0;
  while (got == 0) {
    if (refill(input, error))
      return -1;
    bool dry = input->used == input->have;
    if (!input->in_member) {
      if (dry)
        break;
      if (inflateReset(&input->z) != Z_OK)
        return damaged(input, error);
      input->in_member = true;
    }
    if (inflate_some(input, out, n, &got, error))
      return -1;
    if (got == 0 && dry && input->in_member)
      return cut_short(input, error);
  }
  *ret_n = got;
  return 0;
}

static int check_limits(struct xes_input *input, struct error *error)
{
  if (input->out > input->bytes_max) {
    (void)error_set(error, ERROR_TOO_LARGE, "xes-large", "日志超过 %lld 字节的上限：确需导入时用 --limit-bytes 提高",
                    "the log is over the limit of %lld bytes: raise it with --limit-bytes if the log is to be trusted",
                    (long long)input->bytes_max);
    return at_byte(input, error);
  }
  if (input->packed && input->out > RATIO_FROM && input->out / input->ratio_max > input->in) {
    (void)error_set(error, ERROR_TOO_LARGE, "gzip-bomb", "压缩比超过 %lld 倍，疑似压缩炸弹：请先自行解压再导入",
                    "it unpacks to over %lld times its size, like a decompression bomb: unpack it yourself first",
                    (long long)input->ratio_max);
    return at_byte(input, error);
  }
  return 0;
}

int xes_input_read(struct xes_input *input, void *out, size_t n, size_t *ret_n, struct error *error)
{
  if (!input->started && begin(input, error))
    return -1;
  size_t got = 0;
  if (input->packed ? unpacked(input, out, n, &got, error) : plain(input, out, n, &got, error))
    return -1;
  input->out += (int64_t)got;
  if (check_limits(input, error))
    return -1;
  *ret_n = got;
  return 0;
}
