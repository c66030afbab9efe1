/*
 * log.h: one line of JSON an event on stderr, written by the edge (serve, jobs), never by library code.
 *
 *   log_line("info", "listening", "address", "127.0.0.1:8080", NULL);
 */
#ifndef ONEVISIT_BASE_LOG_H
#define ONEVISIT_BASE_LOG_H

#include "base/error.h"

/* Pairs of key and value follow, ended by NULL. No personal data. Thread-safe. */
void log_line(const char *level, const char *message, ...) __attribute__((sentinel));
void log_error(const char *message, const struct error *error);

#endif
