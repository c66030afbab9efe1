/*
 * Which device asks. For other rooms' pages, too, so apart from our own: what a kiosk shows is the program's table.
 */
#include "base/digest.h"
#include "base/text.h"
#include "kiosk/kiosk_pages.h"

const char *kiosk_digest(struct arena *arena, struct span token)
{
  char hex[2 * DIGEST_BYTES + 1];
  struct digest digest = sha256(token);
  hex_encode(digest.b, sizeof digest.b, hex);
  return arena_str(arena, hex);
}

int kiosk_here(struct request *rq, struct kiosk *ret, struct error *error)
{
  struct span token = rq_cookie(rq, DEVICE_COOKIE);
  *ret = (struct kiosk){0};
  return token.n ? kiosk_by_token(rq->db, kiosk_digest(rq->arena, token), rq->arena, ret, error) : 0;
}
