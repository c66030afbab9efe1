/*
 * vectors.h: test data of other projects, from ../shared/vectors beside the clone; never committed here.
 */
#ifndef ONEVISIT_TESTS_VECTORS_H
#define ONEVISIT_TESTS_VECTORS_H

#include "base/arena.h"

/* The archive unpacked into a fresh directory, or NULL, having said so, where there are no vectors. */
char *vectors_unpack(struct arena *arena, const char *archive);
/* Removes the directory and all in it. */
void vectors_remove(const char *dir);
/* A file of ../shared/vectors, or an empty span, having said so, where there is none. */
struct span vectors_file(struct arena *arena, const char *name);

/* Any whole file; the test fails where it cannot be read. */
struct span read_whole(struct arena *arena, const char *path);

/* Calls visit for every regular file below dir whose name ends so, in an order that is always the same. */
typedef void file_visitor(void *context, const char *path);
size_t visit_files(const char *dir, const char *ending, file_visitor *visit, void *context);

#endif
