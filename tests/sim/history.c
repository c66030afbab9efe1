#include "city.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)256 << 20) /* reserved, not used */
#define STEPS_MAX 200000

static struct {
  int n;
  size_t used;
  size_t at[STEPS_MAX];
} * list;
static char *text;

void history_open(void)
{
  list = shared_memory(sizeof *list);
  text = shared_memory(TEXT_MAX);
}

void history_clear(void)
{
  list->n = 0;
  list->used = 0;
}

int history_count(void)
{
  return list->n;
}

const char *history_line(int step)
{
  return text + list->at[step];
}

void history_add(const char *line)
{
  size_t n = strlen(line) + 1;
  if (list->n == STEPS_MAX || list->used + n > TEXT_MAX)
    abort();
  memcpy(text + list->used, line, n);
  list->at[list->n] = list->used;
  list->used += n;
  list->n++; /* last: a life that dies before has written nothing down */
}

json_t *history_step(int step)
{
  json_t *value = json_loads(history_line(step), 0, NULL);
  if (!value)
    abort();
  return value;
}

/* The first line is the head: {"city": 1, "seed": …, "now": …}. */
int history_read(const char *path)
{
  FILE *in = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  ssize_t n;
  bool head = true, good = in != NULL;
  while (good && (n = getline(&line, &cap, in)) > 0) {
    if (line[n - 1] == '\n')
      line[n - 1] = '\0';
    json_t *value = json_loads(line, 0, NULL);
    good = json_is_object(value) && (!head || json_int(value, "city") == 1);
    if (good && head) {
      city->seed = (uint64_t)json_int(value, "seed");
      city->now = json_int(value, "now");
    } else if (good) {
      history_add(line);
    }
    head = false;
    json_decref(value);
  }
  free(line);
  if (in)
    (void)fclose(in);
  return good && !head ? 0 : -1;
}

int history_write(const char *path, const char *head)
{
  FILE *out = fopen(path, "w");
  if (!out)
    return -1;
  bool bad = fprintf(out, "%s\n", head) < 0;
  for (int i = 0; i < list->n; i++)
    bad |= fprintf(out, "%s\n", history_line(i)) < 0;
  return fclose(out) != 0 || bad ? -1 : 0;
}
