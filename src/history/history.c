#include "history/history.h"

#include <stdint.h>
#include <string.h>

#include "history/history_rows.h"

static int wrong(struct error *error, const char *what)
{
  return error_set(error, ERROR_BAD_INPUT, "history-command", "历史命令的数据不对：%s",
                   "the data of a history command is wrong: %s", what);
}

static json_t *kept(const struct command *command)
{
  return json_incref(command->data);
}

/* ---- a trace ---- */

struct trace_state {
  bool open;
};

static int trace_decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct trace_state *trace = state;
  if (!json_is_array(json_object_get(command->data, "attributes")))
    return wrong(error, "attributes");
  if (strcmp(command->type, "open") == 0) {
    if (trace->open)
      return error_set(error, ERROR_CONFLICT, "exists", "这条轨迹已经导入", "this trace is there already");
    if (!json_is_integer(json_object_get(command->data, "log")) || !json_is_integer(json_object_get(command->data, "position")) ||
        !json_is_string(json_object_get(command->data, "name")))
      return wrong(error, "log, position, name");
    decision_emit(d, "opened", "", kept(command));
    return 0;
  }
  if (strcmp(command->type, "step") == 0) {
    if (!trace->open)
      return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条轨迹", "there is no such trace");
    if (!json_is_string(json_object_get(command->data, "activity")))
      return wrong(error, "activity");
    decision_emit(d, "step", "", kept(command));
    return 0;
  }
  return wrong(error, command->type);
}

static int trace_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct trace_state *trace = state;
  (void)arena;
  if (strcmp(event->type, "opened") == 0)
    trace->open = true;
  else if (strcmp(event->type, "step") != 0)
    return -1;
  return 0;
}

static void trace_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  (void)state;
  for (size_t i = 0; i < n; i++)
    if (strcmp(events[i].type, "opened") == 0)
      history_put_trace(rows, events[i].id, json_int(events[i].data, "log"), json_int(events[i].data, "position"),
                        json_str(events[i].data, "name"));
}

const struct kind history_kind = {
    .name = "history",
    .state_size = sizeof(struct trace_state),
    .decide = trace_decide,
    .evolve = trace_evolve,
    .project = trace_project,
};

/* ---- a log ---- */

struct log_state {
  bool open, finished;
};

static int log_decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct log_state *log = state;
  if (strcmp(command->type, "open") == 0) {
    if (log->open) /* the same log again is known by its key, and never comes here */
      return error_set(error, ERROR_CONFLICT, "history-differs", "已有同名而内容不同的日志「%s」：请用 --name 另取一个名字导入",
                       "another log named «%s» is there with other content: import this one under another --name",
                       json_str(command->data, "name"));
    if (!json_is_object(json_object_get(command->data, "header")) || !json_is_string(json_object_get(command->data, "name")))
      return wrong(error, "header, name");
    decision_emit(d, "opened", "", kept(command));
    return 0;
  }
  if (strcmp(command->type, "finish") == 0) {
    if (!log->open)
      return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个日志", "there is no such log");
    if (!log->finished)
      decision_emit(d, "finished", "", NULL);
    return 0;
  }
  return wrong(error, command->type);
}

static int log_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct log_state *log = state;
  (void)arena;
  if (strcmp(event->type, "opened") == 0)
    log->open = true;
  else if (strcmp(event->type, "finished") == 0)
    log->finished = true;
  else
    return -1;
  return 0;
}

static void log_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  (void)state;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(events[i].type, "opened") == 0)
      history_put_log(rows, events[i].id, events[i].seq, json_str(events[i].data, "name"));
    else
      history_put_finished(rows, events[i].id);
  }
}

const struct kind history_log_kind = {
    .name = "history-log",
    .state_size = sizeof(struct log_state),
    .decide = log_decide,
    .evolve = log_evolve,
    .project = log_project,
};
