/* The n-th allocation fails: malloc and its like, where the C library's own are to be had and no sanitizer has taken their place.
 */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static void *none(void)
{
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t n)
{
  return disk_allocation_fails() ? none() : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
  return disk_allocation_fails() ? none() : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
  return disk_allocation_fails() ? none() : __libc_realloc(p, n);
}
#endif
