#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/json.h"
#include "base/moment.h"

void log_line(const char *level, const char *message, ...)
{
  struct buf buf;
  buf_init(&buf, 16384);
  struct json_writer w = json_to(&buf);
  char at[MOMENT_TEXT];
  moment_format(moment_now(), at);
  json_begin_object(&w, NULL);
  json_put_str(&w, "time", at);
  json_put_str(&w, "level", level);
  json_put_str(&w, "message", message);
  va_list ap;
  va_start(ap, message);
  for (const char *key; (key = va_arg(ap, const char *));)
    json_put_str(&w, key, va_arg(ap, const char *));
  va_end(ap);
  json_end(&w);
  buf_char(&buf, '\n');
  ssize_t written = buf.full ? 0 : write(STDERR_FILENO, buf.p, buf.n);
  (void)written; /* where stderr is gone, nowhere is left to say so */
  buf_release(&buf);
}

void log_error(const char *message, const struct error *error)
{
  log_line("error", message, "name", error->name, "en", error->en, "zh", error->zh, "where", error->where, NULL);
}
