#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum error_code code, const char *name, const char *zh, const char *en, ...)
{
  if (!error)
    return -1;
  error->code = code;
  error->name = name;
  error->where[0] = '\0';
  va_list ap, again;
  va_start(ap, en);
  va_copy(again, ap);
  (void)vsnprintf(error->zh, sizeof error->zh, zh, ap);
  (void)vsnprintf(error->en, sizeof error->en, en, again);
  va_end(again);
  va_end(ap);
  return -1;
}

int error_at(struct error *error, const char *fmt, ...)
{
  if (!error)
    return -1;
  va_list ap;
  va_start(ap, fmt);
  (void)vsnprintf(error->where, sizeof error->where, fmt, ap);
  va_end(ap);
  return -1;
}

int error_http(enum error_code code)
{
  switch (code) {
#define X(name, http)                                                                                                              \
  case ERROR_##name:                                                                                                               \
    return http;
    ERROR_CODES(X)
#undef X
  }
  return 500;
}
