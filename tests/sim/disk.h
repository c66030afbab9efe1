/*
 * disk.h: a simulated disk under the real SQLite, for processes that die.
 *
 * A VFS passes everything on to files in a directory (of a memory file system, for speed) and keeps beside it what a real disk
 * would still hold after a power cut: every write, truncation and deletion waits in memory shared with the parent until
 * its file is synced. The process under test runs in a child; where a fault makes it die, the parent calls disk_recover(), which
 * puts into the directory what survived, and starts the next life on it.
 *
 * Only the main database and its WAL are simulated. Changes are counted over all of a life's threads: a history in which one thread
 * writes dies at the same place each time.
 */
#ifndef ONEVISIT_TESTS_DISK_H
#define ONEVISIT_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_DIED 99 /* exit code of a life that a fault ended */

/*      name    word      what happens at the change number «at» (READ: the read, MEMORY: the allocation) */
#define DISK_FAULTS(X)                                                                                                             \
  X(NONE, "none")     /* nothing any more */                                                                                       \
  X(POWER, "power")   /* the power goes: what was not synced is lost, kept or torn, as the seed says */                            \
  X(KILL, "kill")     /* kill -9: the process goes, what it wrote stays */                                                         \
  X(SYNC, "sync")     /* the next sync fails, and what waited for it may be lost */                                                \
  X(WRITE, "write")   /* the next write fails with EIO, half done */                                                               \
  X(READ, "read")     /* a read of another thread than the first fails with EIO */                                                 \
  X(FULL, "full")     /* the disk is full for the next writes, the first half done */                                              \
  X(MEMORY, "memory") /* an allocation of another thread than the first fails */

enum disk_fault {
#define X(name, word) DISK_##name,
  DISK_FAULTS(X)
#undef X
      DISK_FAULT_COUNT
};
const char *disk_fault_word(enum disk_fault fault);

/* Everything shared between the parent and its children; one in a process. */
void disk_open(void);
void disk_format(const char *directory); /* forgets what was; the directory must be empty */
void disk_begin(void);                   /* in a child, before SQLite is used: makes the simulated disk the default VFS */
void disk_arm(enum disk_fault fault, int64_t at, uint64_t seed);
enum disk_fault disk_struck(void);            /* the fault that has happened in this life; NONE */
int64_t disk_changes(void);                   /* of this life so far */
void disk_recover(bool power, uint64_t seed); /* in the parent, after the child died; power: what was not synced is at stake */

/* Zeroed, seen by all children, reserved but not used before it is written to. */
void *shared_memory(size_t n);
uint64_t dice(uint64_t *seed); /* splitmix64 */

/* For malloc() and its like: whether this allocation fails. */
bool disk_allocation_fails(void);

#endif
