/*
 * witnessing.h: what `onevisit witness` and `onevisit mirror` share: what they say in their log.
 */
#ifndef ONEVISIT_CLI_WITNESSING_H
#define ONEVISIT_CLI_WITNESSING_H

struct witness;
struct witness_answer;

#define WITNESSING_LOGS_MAX 1000
#define WITNESSING_WORKERS 16 /* requests answered at once; each waits for the disk */

/* «listening», with the key to be put into policies, and what is held of each log. */
void witnessing_hello(struct witness *witness, const char *listen, int port);
/* A line for each request: the log's history of who asked for what. 422 is an error: proof of a log's misbehaviour, or its try. */
void witnessing_answered(void *context, const struct witness_answer *answer);

#endif
