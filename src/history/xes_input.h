/*
 * xes_input.h: the bytes of a log, unpacked when they are gzip, under the limits of xes.h. Private to this room.
 */
#ifndef ONEVISIT_HISTORY_XES_INPUT_H
#define ONEVISIT_HISTORY_XES_INPUT_H

#include <zlib.h>

#include "history/xes.h"

#define XES_CHUNK ((size_t)64 * 1024)

struct xes_input {
  struct xes_source source;
  const char *name;
  int64_t bytes_max, ratio_max;
  int64_t in, out; /* bytes taken from the source and given on */
  unsigned char chunk[XES_CHUNK];
  size_t have, used; /* in chunk */
  bool started, packed, in_member, ended;
  z_stream z;
};

void xes_input_init(struct xes_input *input, struct xes_source source, const char *name, const struct xes_limits *limits);
void xes_input_release(struct xes_input *input);

/* Up to n bytes of XML; *ret_n is 0 at the end and only there. */
int xes_input_read(struct xes_input *input, void *out, size_t n, size_t *ret_n, struct error *error);

#endif
