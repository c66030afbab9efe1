/*
 * bare_mhd: libmicrohttpd and nothing else: the same bytes as the real server's answers, from memory, by epoll, with as
 * many threads. What the library itself can do on this machine.
 *
 *   bare_mhd --threads 2 /kit=page.html=text/html /api/x=x.json=application/json
 *
 * prints its port and serves until its standard input ends. It answers in the second callback: an answer in the first
 * one closes the connection, which costs five sixths of the speed.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define ANSWERS_MAX 8
#define FILE_MAX ((size_t)16 << 20)

struct answer {
  const char *path;
  struct MHD_Response *response;
};

struct answers {
  struct answer list[ANSWERS_MAX];
  size_t n;
};

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **seen)
{
  (void)method;
  (void)version;
  (void)data;
  static char once;
  const struct answers *answers = context;
  if (*seen != &once) {
    *seen = &once;
    return MHD_YES;
  }
  *size = 0;
  for (size_t i = 0; i < answers->n; i++)
    if (strcmp(answers->list[i].path, url) == 0)
      return MHD_queue_response(connection, MHD_HTTP_OK, answers->list[i].response);
  return MHD_NO;
}

static struct MHD_Response *response_of(const char *path, const char *type)
{
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(FILE_MAX);
  size_t n = file && bytes ? fread(bytes, 1, FILE_MAX, file) : 0;
  if (!n || !feof(file))
    give_up("%s could not be read", path);
  (void)fclose(file);
  struct MHD_Response *response = MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE);
  if (!response || MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES)
    give_up("out of memory");
  return response;
}

/* PATH=FILE=TYPE */
static void add_answer(struct answers *answers, char *argument)
{
  char *path = strsep(&argument, "="), *file = strsep(&argument, "=");
  if (!file || !argument || answers->n == ANSWERS_MAX)
    give_up("an answer is written PATH=FILE=TYPE, and there are at most %d", ANSWERS_MAX);
  answers->list[answers->n++] = (struct answer){path, response_of(file, argument)};
}

int main(int argc, char **argv)
{
  struct answers answers = {0};
  unsigned threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
      threads = (unsigned)strtoul(argv[++i], NULL, 10);
    else
      add_answer(&answers, argv[i]);
  if (!answers.n || !threads)
    give_up("usage: bare_mhd [--threads N] PATH=FILE=TYPE…");
  struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, &answers,
                                               MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
  if (!daemon)
    give_up("libmicrohttpd could not start");
  (void)printf("%d\n", (int)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  (void)fflush(stdout);
  while (getchar() != EOF)
    ;
  MHD_stop_daemon(daemon);
  for (size_t i = 0; i < answers.n; i++)
    MHD_destroy_response(answers.list[i].response);
  return 0;
}
