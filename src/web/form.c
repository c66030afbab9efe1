#include "web/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

/*
 * multipart/form-data (RFC 7578) as browsers write it, read strictly and as it comes: fields into memory, files into
 * nameless files. The post processor of libmicrohttpd 0.9.75 is not used: CVE-2023-27371 is in it.
 */

#define PART_HEADERS_MAX 8192

static int bad_form(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-form", "表单内容格式有误，请返回重新提交",
                   "The form did not arrive whole: go back and send it again");
}

/* The value of a parameter of a header: name="…" or name=token; NULL pointer where there is none. */
static struct span header_parameter(struct span header, const char *name)
{
  if (!header.n)
    return (struct span){NULL, 0};
  const char *p = header.p, *end = header.p + header.n;
  size_t n = strlen(name);
  while (p < end && *p != ';')
    p++;
  while (p < end) {
    while (p < end && (*p == ';' || *p == ' ' || *p == '\t'))
      p++;
    const char *key = p;
    while (p < end && *p != '=' && *p != ';')
      p++;
    size_t key_n = (size_t)(p - key);
    const char *value = p, *value_end = p;
    if (p < end && *p == '=') {
      p++;
      bool quoted = p < end && *p == '"';
      value = quoted ? ++p : p;
      while (p < end && (quoted ? *p != '"' : *p != ';'))
        p++;
      if (quoted && p == end)
        break;
      value_end = p;
      p += quoted;
    }
    if (key_n == n && !strncasecmp(key, name, n))
      return (struct span){value, (size_t)(value_end - value)};
  }
  return (struct span){NULL, 0};
}

int multipart_begin(struct exchange *x, struct span content_type, struct error *error)
{
  struct multipart *m = &x->multipart;
  struct span boundary = header_parameter(content_type, "boundary");
  if (!boundary.n || boundary.n > 70)
    return bad_form(error);
  for (size_t i = 0; i < boundary.n; i++)
    if ((unsigned char)boundary.p[i] < 0x20 || (unsigned char)boundary.p[i] > 0x7e)
      return bad_form(error);
  m->delimiter_n = (size_t)snprintf(m->delimiter, sizeof m->delimiter, "\r\n--%.*s", (int)boundary.n, boundary.p);
  buf_init(&m->held, FORM_MAX);
  buf_init(&m->value, FORM_MAX);
  /* The first delimiter has no line end before it: as if there had been one. */
  buf_str(&m->held, "\r\n");
  m->state = MULTIPART_START;
  return 0;
}

static int nameless_file(const char *dir, struct error *error)
{
  int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    char path[512];
    int n = snprintf(path, sizeof path, "%s/onevisit-XXXXXX", dir);
    fd = n > 0 && (size_t)n < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd >= 0)
      (void)unlink(path);
  }
  if (fd < 0)
    return error_set(error, ERROR_BUSY, "upload-store", "暂时无法保存上传的文件（%s），请稍后再试",
                     "Uploaded files cannot be kept just now (%s): try again later", strerror(errno));
  return fd;
}

/* The last part of a path; a browser writes «"» as %22 (WHATWG HTML, multipart/form-data encoding). */
static const char *clean_filename(struct arena *arena, struct span raw)
{
  for (size_t i = raw.n; i > 0; i--)
    if (raw.p[i - 1] == '/' || raw.p[i - 1] == '\\') {
      raw = (struct span){raw.p + i, raw.n - i};
      break;
    }
  char *out = arena_alloc(arena, raw.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < raw.n; i++) {
    if (raw.n - i >= 3 && !strncmp(raw.p + i, "%22", 3)) {
      out[n++] = '\'';
      i += 2;
    } else {
      out[n++] = raw.p[i];
    }
  }
  return out;
}

static int begin_file(struct exchange *x, struct span filename, struct span type, struct error *error)
{
  struct multipart *m = &x->multipart;
  struct request *rq = &x->rq;
  if (!(rq->route->flags & ROUTE_UPLOADS))
    return error_set(error, ERROR_BAD_INPUT, "no-files-here", "此处不能上传文件", "No files can be sent here");
  if (!text_plain(filename) || filename.n > 1024)
    return bad_form(error);
  m->skip = !filename.n;
  m->upload = NULL;
  if (m->skip)
    return 0;
  if (rq->uploads_n >= UPLOADS_MAX)
    return error_set(error, ERROR_TOO_LARGE, "too-many-files", "一次最多上传 %d 个文件", "At most %d files can be sent at once",
                     UPLOADS_MAX);
  int fd = nameless_file(x->web->upload_dir, error);
  if (fd < 0)
    return -1;
  if (!rq->uploads) {
    rq->uploads = arena_array(&x->arena, UPLOADS_MAX, sizeof *rq->uploads);
    x->declared = arena_array(&x->arena, UPLOADS_MAX, sizeof *x->declared);
  }
  m->upload = (struct upload *)(uintptr_t)&rq->uploads[rq->uploads_n];
  x->declared[rq->uploads_n++] = arena_dup(&x->arena, type);
  const char *name = clean_filename(&x->arena, filename);
  struct span head = text_head(span_of(name), 200);
  if (head.n < strlen(name)) { /* keep the ending */
    const char *dot = strrchr(name, '.');
    name = arena_printf(&x->arena, "%.*s%.8s", (int)text_head(span_of(name), 190).n, name, dot ? dot : "");
  }
  *m->upload = (struct upload){.field = m->name, .filename = name, .fd = fd};
  return 0;
}

/* The headers of one part, without the empty line. */
static int begin_part(struct exchange *x, struct span headers, struct error *error)
{
  struct multipart *m = &x->multipart;
  struct span line, disposition = {NULL, 0}, type = {NULL, 0};
  while (span_cut(&headers, '\n', &line)) {
    line = span_trim(line);
    struct span name = cut(&line, ':');
    if (name.n == 19 && !strncasecmp(name.p, "Content-Disposition", 19) && !disposition.p)
      disposition = span_trim(line);
    else if (name.n == 12 && !strncasecmp(name.p, "Content-Type", 12) && !type.p)
      type = span_trim(line);
  }
  struct span field = header_parameter(disposition, "name");
  if (disposition.n < 9 || strncasecmp(disposition.p, "form-data", 9) != 0 || !field.p || field.n > 200 || !text_plain(field))
    return bad_form(error);
  if (x->rq.fields_n >= FIELDS_MAX)
    return error_set(error, ERROR_TOO_LARGE, "too-many-fields", "表单项超过 %d 个", "The form has more than %d fields", FIELDS_MAX);
  m->name = arena_span(&x->arena, field);
  m->upload = NULL;
  m->skip = false;
  buf_clear(&m->value);
  struct span filename = header_parameter(disposition, "filename");
  if (!filename.p)
    return 0;
  return begin_file(x, filename, span_trim(cut(&type, ';')), error);
}

static int write_file(struct upload *upload, const char *p, size_t n, struct error *error)
{
  while (n) {
    ssize_t done = write(upload->fd, p, n);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return error_set(error, ERROR_BUSY, "upload-store", "暂时无法保存上传的文件（%s），请稍后再试",
                       "Uploaded files cannot be kept just now (%s): try again later", strerror(errno));
    p += done;
    n -= (size_t)done;
    upload->size += done;
  }
  return 0;
}

static int too_large_file(const struct upload *upload, struct error *error)
{
  return error_set(error, ERROR_TOO_LARGE, "file-too-large", "文件「%s」超过 20 MB", "The file “%s” is larger than 20 MB",
                   upload->filename);
}

static int take_data(struct exchange *x, const char *p, size_t n, struct error *error)
{
  struct multipart *m = &x->multipart;
  if (m->upload) {
    m->file_bytes += (int64_t)n;
    if (m->upload->size + (int64_t)n > FILE_MAX_BYTES)
      return too_large_file(m->upload, error);
    if (m->file_bytes > UPLOADS_MAX_BYTES)
      return error_set(error, ERROR_TOO_LARGE, "files-too-large", "一次上传的文件合计超过 50 MB",
                       "The files sent at once are larger than 50 MB");
    return write_file(m->upload, p, n, error);
  }
  m->field_bytes += (int64_t)n;
  if (m->field_bytes > (int64_t)FORM_MAX)
    return error_set(error, ERROR_TOO_LARGE, "form-too-large", "表单内容超过 1 MB", "The form is larger than 1 MB");
  if (m->skip && n)
    return bad_form(error);
  buf_bytes(&m->value, p, n);
  return 0;
}

static int end_part(struct exchange *x, struct error *error)
{
  struct multipart *m = &x->multipart;
  if (m->upload || m->skip)
    return 0;
  struct span value = arena_span(&x->arena, buf_view(&m->value));
  if (!text_plain(value))
    return error_set(error, ERROR_BAD_INPUT, "bad-encoding", "请求中的文字编码有误（应为 UTF-8，且不含控制字符）",
                     "The request's text is not well encoded (UTF-8 without control characters is taken)");
  request_add(x, m->name, value);
  return 0;
}

/* One step on the bytes p[0..n): how many it took, 0 for «more is needed», or -1. */
static ssize_t step(struct exchange *x, const char *p, size_t n, struct error *error)
{
  struct multipart *m = &x->multipart;
  const char *hit;
  switch (m->state) {
  case MULTIPART_START:
    if (n < m->delimiter_n)
      return 0;
    if (memcmp(p, m->delimiter, m->delimiter_n) != 0)
      return bad_form(error);
    m->state = MULTIPART_AFTER;
    return (ssize_t)m->delimiter_n;
  case MULTIPART_AFTER:
    if (n < 2)
      return 0;
    if (memcmp(p, "\r\n", 2) != 0 && memcmp(p, "--", 2) != 0)
      return bad_form(error);
    m->state = p[0] == '-' ? MULTIPART_END : MULTIPART_HEADERS;
    return 2;
  case MULTIPART_HEADERS:
    hit = memmem(p, n, "\r\n\r\n", 4);
    if (!hit)
      return n > PART_HEADERS_MAX ? bad_form(error) : 0;
    if (begin_part(x, (struct span){p, (size_t)(hit - p)}, error))
      return -1;
    m->state = MULTIPART_DATA;
    return hit - p + 4;
  case MULTIPART_DATA:
    hit = memmem(p, n, m->delimiter, m->delimiter_n);
    if (hit) {
      if (take_data(x, p, (size_t)(hit - p), error) || end_part(x, error))
        return -1;
      m->state = MULTIPART_AFTER;
      return hit - p + (ssize_t)m->delimiter_n;
    }
    if (n < m->delimiter_n)
      return 0;
    if (take_data(x, p, n - m->delimiter_n + 1, error))
      return -1;
    return (ssize_t)(n - m->delimiter_n + 1);
  case MULTIPART_END:
    return (ssize_t)n;
  }
  return bad_form(error);
}

int multipart_feed(struct exchange *x, const char *p, size_t n, struct error *error)
{
  struct multipart *m = &x->multipart;
  buf_bytes(&m->held, p, n);
  if (m->held.full)
    return bad_form(error);
  size_t at = 0;
  while (at < m->held.n) {
    ssize_t took = step(x, m->held.p + at, m->held.n - at, error);
    if (took < 0)
      return -1;
    if (took == 0)
      break;
    at += (size_t)took;
  }
  memmove(m->held.p, m->held.p + at, m->held.n - at);
  m->held.n -= at;
  return 0;
}

int multipart_finish(struct exchange *x, struct error *error)
{
  return x->multipart.state == MULTIPART_END ? 0 : bad_form(error);
}

/* ---- what a file really is ---- */

static bool has(struct span content, const char *text)
{
  return memmem(content.p, content.n, text, strlen(text)) != NULL;
}

static bool begins(struct span content, const char *bytes, size_t n)
{
  return content.n >= n && !memcmp(content.p, bytes, n);
}

static bool is_pdf(struct span c)
{
  return begins(c, "%PDF-", 5);
}
static bool is_jpeg(struct span c)
{
  return begins(c, "\xff\xd8\xff", 3);
}
static bool is_png(struct span c)
{
  return begins(c, "\x89PNG\r\n\x1a\n", 8);
}
static bool is_webp(struct span c)
{
  return c.n > 12 && begins(c, "RIFF", 4) && !memcmp(c.p + 8, "WEBP", 4);
}
static bool is_heic(struct span c)
{
  static const char *const brands[] = {"heic", "heix", "hevc", "heim", "mif1", "msf1"};
  if (c.n < 16 || memcmp(c.p + 4, "ftyp", 4) != 0)
    return false;
  for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
    if (!memcmp(c.p + 8, brands[i], 4))
      return true;
  return false;
}
static bool is_text(struct span c)
{
  return text_plain(c);
}
static bool is_zip_with(struct span c, const char *entry)
{
  return begins(c, "PK\x03\x04", 4) && has(c, entry);
}
static bool is_docx(struct span c)
{
  return is_zip_with(c, "word/");
}
static bool is_xlsx(struct span c)
{
  return is_zip_with(c, "xl/");
}
static bool is_ofd(struct span c)
{
  return is_zip_with(c, "OFD.xml");
}

static const struct file_type {
  const char *endings[4];
  const char *types[4]; /* the first is what we call it */
  bool (*is)(struct span content);
} file_types[] = {
    {{".pdf"}, {"application/pdf", "application/x-pdf"}, is_pdf},
    {{".jpg", ".jpeg"}, {"image/jpeg", "image/jpg", "image/pjpeg"}, is_jpeg},
    {{".png"}, {"image/png"}, is_png},
    {{".webp"}, {"image/webp"}, is_webp},
    {{".heic", ".heif"}, {"image/heic", "image/heif"}, is_heic},
    {{".txt", ".tlog-proof"}, {"text/plain"}, is_text},
    {{".docx"}, {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, is_docx},
    {{".xlsx"}, {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, is_xlsx},
    {{".ofd"}, {"application/ofd", "application/x-ofd"}, is_ofd},
};

static bool ends_in(const char *name, const char *ending)
{
  size_t n = strlen(name), m = strlen(ending);
  return n > m && !strcasecmp(name + n - m, ending);
}

static bool listed(const char *const *list, size_t max, struct span s)
{
  for (size_t i = 0; i < max && list[i]; i++)
    if (s.n == strlen(list[i]) && !strncasecmp(list[i], s.p, s.n))
      return true;
  return false;
}

const char *sniff(const char *filename, struct span declared, struct span content)
{
  /* A browser that does not know an ending says application/octet-stream, or nothing: no claim is no lie. */
  bool silent = !declared.n || span_is(declared, "application/octet-stream");
  for (size_t i = 0; i < sizeof file_types / sizeof *file_types; i++) {
    const struct file_type *t = &file_types[i];
    bool named = false;
    for (size_t k = 0; k < 4 && t->endings[k]; k++)
      named = named || ends_in(filename, t->endings[k]);
    if (named)
      return (silent || listed(t->types, 4, declared)) && t->is(content) ? t->types[0] : NULL;
  }
  return NULL;
}

static int check_upload(struct exchange *x, size_t i, struct error *error)
{
  struct upload *u = (struct upload *)(uintptr_t)&x->rq.uploads[i];
  if (!u->size)
    return error_set(error, ERROR_BAD_TYPE, "empty-file", "文件「%s」是空的", "The file “%s” is empty", u->filename);
  void *p = mmap(NULL, (size_t)u->size, PROT_READ, MAP_PRIVATE, u->fd, 0);
  if (p == MAP_FAILED)
    return error_set(error, ERROR_BUSY, "upload-store", "暂时无法读取上传的文件（%s），请稍后再试",
                     "Uploaded files cannot be read just now (%s): try again later", strerror(errno));
  struct span content = {p, (size_t)u->size};
  u->type = sniff(u->filename, span_of(x->declared[i]), content);
  if (u->type)
    u->digest = sha256(content);
  munmap(p, (size_t)u->size);
  (void)lseek(u->fd, 0, SEEK_SET);
  if (u->type)
    return 0;
  (void)error_set(error, ERROR_BAD_TYPE, "file-type",
                  "文件「%s」的内容与名称或声明的类型不符，或不是可接受的类型（PDF、JPEG、PNG、WebP、HEIC、文本、docx、xlsx、ofd）",
                  "The content of the file “%s” does not fit its name or declared type, or is of a type that is not taken (PDF, "
                  "JPEG, PNG, WebP, HEIC, text, docx, xlsx, ofd)",
                  u->filename);
  return error_at(error, "%.*s", (int)u->field.n, u->field.p);
}

int uploads_check(struct exchange *x, struct error *error)
{
  for (size_t i = 0; i < x->rq.uploads_n; i++)
    if (check_upload(x, i, error))
      return -1;
  return 0;
}
