#include "cli/outside.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

/* One line; what is missing is made where it has to be there. */
static int secret(struct arena *arena, const char *dir, const char *name, bool make, const char **ret, struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s", dir, name);
  struct span text;
  *ret = NULL;
  if (file_read(path, arena, &text, error))
    return -1;
  if (!span_trim(text).n && make) {
    unsigned char bytes[32];
    char hex[2 * sizeof bytes + 1];
    random_bytes(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, hex);
    if (mkdir(dir, 0700) && errno != EEXIST)
      return error_set(error, ERROR_INTERNAL, "key-dir", "无法建立密钥目录 %s", "The keys' directory %s cannot be made", dir);
    text = span_of(arena_str(arena, hex));
    if (file_write(path, text, error))
      return -1;
    if (chmod(path, 0600))
      return error_set(error, ERROR_INTERNAL, "key-dir", "无法设定 %s 的权限", "The mode of %s cannot be set", path);
  }
  *ret = text.p && span_trim(text).n ? arena_dup(arena, span_trim(text)) : NULL;
  return 0;
}

int outside_open(struct arena *arena, const struct outside_options *o, struct outside *ret, struct error *error)
{
  struct outside outside = {0};
  const char *hook = NULL, *user = NULL;
  if ((o->notices && secret(arena, o->key_dir, "notices.secret", true, &hook, error)) ||
      (o->courier && secret(arena, o->key_dir, "courier.secret", true, &outside.courier_secret, error)) ||
      (o->mail && secret(arena, o->key_dir, "mail.user", false, &user, error)))
    return -1;
  const char *ca = arena_printf(arena, "%s/mail.ca", o->key_dir);
  const struct notices_options notices = {.store = o->store,
                                          .mail_url = o->mail,
                                          .mail_from = o->mail_from,
                                          .mail_user = user,
                                          .mail_ca = access(ca, F_OK) == 0 ? ca : NULL,
                                          .hook_url = o->notices,
                                          .hook_secret = hook,
                                          .site = o->site};
  const struct courier_options courier = {o->store, o->courier, outside.courier_secret, o->site};
  if (notices_open(&notices, &outside.sender, error))
    return -1;
  courier_open(&courier, &outside.courier);
  size_t own = 0;
  while (o->own[own].topic)
    own++;
  struct outlet *outlets = arena_array(arena, NOTICE_OUTLETS + COURIER_OUTLETS + own + 1, sizeof *outlets);
  size_t n = notices_outlets(outside.sender, outlets);
  n += courier_outlets(outside.courier, outlets + n);
  memcpy(outlets + n, o->own, own * sizeof *outlets);
  outside.outlets = outlets;
  *ret = outside;
  return 0;
}

void outside_serve(struct outside *outside, struct engine *engine)
{
  notices_serve(outside->sender, engine);
  courier_serve(outside->courier, engine);
}

void outside_close(struct outside *outside)
{
  notices_close(outside->sender);
  courier_close(outside->courier);
}
