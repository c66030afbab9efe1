#include "ledger/checkpoint.h"

#include <string.h>

#include "base/text.h"

struct span checkpoint_text(struct arena *arena, const struct checkpoint *c)
{
  const char *root = base64_encode(arena, c->root.b, DIGEST_BYTES);
  return span_of(arena_printf(arena, "%.*s\n%lld\n%s\n", (int)c->origin.n, c->origin.p, (long long)c->size, root));
}

bool checkpoint_parse(struct arena *arena, struct span text, struct checkpoint *ret)
{
  struct span origin, size, root, bytes;
  int64_t n;
  if (!text.n || text.p[text.n - 1] != '\n' || !span_cut(&text, '\n', &origin) || !span_cut(&text, '\n', &size) ||
      !span_cut(&text, '\n', &root) || text.n)
    return false;
  if (origin.n == 0 || !span_natural(size, &n) || !base64_decode(arena, root, &bytes) || bytes.n != DIGEST_BYTES)
    return false;
  *ret = (struct checkpoint){.origin = origin, .size = n};
  memcpy(ret->root.b, bytes.p, DIGEST_BYTES);
  return true;
}
