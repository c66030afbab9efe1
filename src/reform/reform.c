#include "reform/reform.h"

#include <string.h>

#define ONLINE (CHANNEL_ONLINE | CHANNEL_MOBILE)

struct list {
  struct arena *arena;
  struct reform *all;
  size_t n, cap;
};

static void add(struct list *list, struct reform reform)
{
  list->all = arena_grow(list->arena, list->all, list->n, &list->cap, sizeof *list->all);
  list->all[list->n++] = reform;
}

/* Papers that somebody makes or holds; an application form is not asked less by dropping it. */
static bool can_be_dropped(const struct item_material *ask)
{
  return ask->from == FROM_APPLICANT && strcmp(ask->material->kind, "form") != 0 &&
         !(ask->material->holder && ask->material->shared == SHARED_UNCONDITIONAL);
}

/* An examination needs the person; a pick-up is the matter of REFORM_DELIVER. */
static bool can_be_online(const struct presence *presence)
{
  return presence->why != WHY_EXAMINATION && presence->why != WHY_PICK_UP;
}

static bool picked_up(const struct item *item)
{
  bool pick_up = item->delivery == DELIVERY_WINDOW;
  for (size_t p = 0; p < item->presence_count; p++)
    pick_up |= item->presence[p].why == WHY_PICK_UP;
  return pick_up;
}

static void list_item(struct list *list, const struct item *item, size_t at)
{
  for (size_t m = 0; m < item->material_count; m++)
    if (can_be_dropped(&item->materials[m]))
      add(list, (struct reform){.kind = REFORM_DROP, .item = at, .part = m});
  for (size_t p = 0; p < item->presence_count; p++)
    if (can_be_online(&item->presence[p]))
      add(list, (struct reform){.kind = REFORM_PRESENCE, .item = at, .part = p});
  if (!(item->channels & ONLINE))
    add(list, (struct reform){.kind = REFORM_ONLINE, .item = at});
  if (picked_up(item))
    add(list, (struct reform){.kind = REFORM_DELIVER, .item = at});
  for (size_t k = 0; k < item->need_count; k++)
    add(list, (struct reform){.kind = REFORM_UNTIE, .item = at, .part = k});
}

size_t reform_list(struct arena *arena, const struct catalog *catalog, struct reform **ret)
{
  struct list list = {.arena = arena};
  for (size_t m = 0; m < catalog->material_count; m++)
    if (catalog->materials[m].holder && catalog->materials[m].shared != SHARED_UNCONDITIONAL)
      add(&list, (struct reform){.kind = REFORM_SHARE, .material = m});
  for (size_t i = 0; i < catalog->item_count; i++)
    list_item(&list, &catalog->items[i], i);
  *ret = list.all;
  return list.n;
}

/* A copy of n elements without the one at `part`. */
static void *without(struct arena *arena, const void *list, size_t n, size_t size, size_t part)
{
  char *copy = arena_array(arena, n, size);
  memcpy(copy, list, part * size);
  memcpy(copy + part * size, (const char *)list + (part + 1) * size, (n - part - 1) * size);
  return copy;
}

static void drop_pick_ups(struct arena *arena, struct item *item)
{
  for (size_t p = item->presence_count; p-- > 0;)
    if (item->presence[p].why == WHY_PICK_UP)
      item->presence = without(arena, item->presence, item->presence_count--, sizeof *item->presence, p);
}

static void change_item(struct arena *arena, struct item *item, const struct reform *reform)
{
  switch (reform->kind) {
  case REFORM_SHARE:
    return;
  case REFORM_DROP:
    item->materials = without(arena, item->materials, item->material_count--, sizeof *item->materials, reform->part);
    return;
  case REFORM_PRESENCE:
    item->presence = without(arena, item->presence, item->presence_count--, sizeof *item->presence, reform->part);
    return;
  case REFORM_ONLINE:
    item->channels |= ONLINE;
    return;
  case REFORM_DELIVER:
    item->delivery |= DELIVERY_E_CERTIFICATE | DELIVERY_COURIER;
    drop_pick_ups(arena, item);
    return;
  case REFORM_UNTIE:
    item->needs = without(arena, item->needs, item->need_count--, sizeof *item->needs, reform->part);
    return;
  }
}

struct reform_undo reform_apply(struct arena *arena, struct catalog *catalog, const struct reform *reform)
{
  struct reform_undo undo = {0};
  if (reform->kind == REFORM_SHARE) {
    undo.material = &catalog->materials[reform->material];
    undo.material_before = *undo.material;
    undo.material->shared = SHARED_UNCONDITIONAL;
    return undo;
  }
  undo.item = &catalog->items[reform->item];
  undo.item_before = *undo.item;
  change_item(arena, undo.item, reform);
  return undo;
}

void reform_take_back(const struct reform_undo *undo)
{
  if (undo->material)
    *undo->material = undo->material_before;
  if (undo->item)
    *undo->item = undo->item_before;
}

const struct basis *reform_basis(const struct catalog *catalog, const struct reform *reform)
{
  const struct item *item = &catalog->items[reform->item];
  switch (reform->kind) {
  case REFORM_SHARE:
    return NULL;
  case REFORM_DROP:
    return item->materials[reform->part].basis;
  case REFORM_PRESENCE:
    return item->presence[reform->part].basis;
  case REFORM_DELIVER:
    for (size_t p = 0; p < item->presence_count; p++)
      if (item->presence[p].why == WHY_PICK_UP)
        return item->presence[p].basis;
    return NULL;
  case REFORM_ONLINE:
  case REFORM_UNTIE:
    return item->basis_count ? &item->basis[0] : NULL;
  }
  return NULL;
}

static struct words presence_reform(struct arena *arena, const struct item *item, enum presence_why why)
{
  switch (why) {
  case WHY_ORIGINAL:
    return (struct words){arena_printf(arena, "「%s」认可复印件或电子证照，不再核验原件", item->name.zh),
                          arena_printf(arena, "%s: accept a copy or the e-certificate instead of the original", item->name.en)};
  case WHY_SIGNATURE:
    return (struct words){arena_printf(arena, "「%s」认可电子签名，不再当面签字", item->name.zh),
                          arena_printf(arena, "%s: accept an electronic signature", item->name.en)};
  case WHY_IDENTITY:
  case WHY_EXAMINATION:
  case WHY_PICK_UP:
    break;
  }
  return (struct words){arena_printf(arena, "「%s」在线核验身份，不再到场核验", item->name.zh),
                        arena_printf(arena, "%s: verify who it is online", item->name.en)};
}

struct words reform_words(struct arena *arena, const struct catalog *catalog, const struct reform *reform)
{
  const struct item *item = &catalog->items[reform->item];
  const struct material *material = &catalog->materials[reform->material];
  switch (reform->kind) {
  case REFORM_SHARE:
    return (struct words){arena_printf(arena, "%s 无条件共享「%s」", material->holder->name.zh, material->name.zh),
                          arena_printf(arena, "%s shares “%s” unconditionally", material->holder->name.en, material->name.en)};
  case REFORM_DROP:
    material = item->materials[reform->part].material;
    return (struct words){arena_printf(arena, "「%s」不再要求提交「%s」", item->name.zh, material->name.zh),
                          arena_printf(arena, "%s: do without “%s”", item->name.en, material->name.en)};
  case REFORM_PRESENCE:
    return presence_reform(arena, item, item->presence[reform->part].why);
  case REFORM_ONLINE:
    return (struct words){arena_printf(arena, "「%s」开通网上申请", item->name.zh),
                          arena_printf(arena, "%s: let people apply online", item->name.en)};
  case REFORM_DELIVER:
    return (struct words){arena_printf(arena, "「%s」的结果改发电子证照或快递送达", item->name.zh),
                          arena_printf(arena, "%s: send the result, or issue it electronically", item->name.en)};
  case REFORM_UNTIE:
    return (struct words){
        arena_printf(arena, "「%s」不再等待「%s」办结", item->name.zh, item->needs[reform->part]->name.zh),
        arena_printf(arena, "%s: decide without waiting for “%s”", item->name.en, item->needs[reform->part]->name.en)};
  }
  return (struct words){"", ""};
}
