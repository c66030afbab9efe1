#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 8
#define SECTOR 512
#define PAYLOAD_MAX ((size_t)512 << 20) /* reserved, not used */
#define PENDING_MAX 400000

enum change { CHANGE_WRITE, CHANGE_TRUNCATE };

struct pending {
  int file;
  enum change what;
  bool synced;
  int64_t at;
  size_t n; /* bytes written; TRUNCATE: unused, at is the new length */
  size_t payload;
};

/* Shared: the parent reads it when the child is dead. */
struct shared {
  char directory[400];
  char names[FILES_MAX][64];
  int file_count;
  size_t pending_count, waiting; /* waiting: not synced */
  size_t payload_used;
  _Atomic int64_t changes, reads, allocations;
  _Atomic int armed; /* enum disk_fault */
  _Atomic int64_t strikes_at;
  uint64_t seed;
  _Atomic int struck;
  int full_left;
  struct pending pending[PENDING_MAX];
};

static struct shared *shared;
static unsigned char *payload;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *real_vfs;
static _Thread_local bool first_thread;

const char *disk_fault_word(enum disk_fault fault)
{
  static const char *const words[] = {
#define X(name, word) word,
      DISK_FAULTS(X)
#undef X
  };
  return words[fault];
}

static void give_up(const char *what)
{
  (void)fprintf(stderr, "disk: %s: %s\n", what, strerror(errno));
  _exit(3);
}

void *shared_memory(size_t n)
{
  void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    give_up("mmap");
  return p;
}

void disk_open(void)
{
  shared = shared_memory(sizeof *shared);
  payload = shared_memory(PAYLOAD_MAX);
}

void disk_format(const char *directory)
{
  char path[600];
  shared->file_count = 0;
  shared->pending_count = shared->waiting = shared->payload_used = 0;
  (void)snprintf(shared->directory, sizeof shared->directory, "%s", directory);
  (void)snprintf(path, sizeof path, "%s/platter", directory);
  if (mkdir(path, 0700) != 0)
    give_up(path);
  disk_arm(DISK_NONE, 0, 0);
}

void disk_arm(enum disk_fault fault, int64_t at, uint64_t seed)
{
  atomic_store(&shared->armed, DISK_NONE);
  atomic_store(&shared->changes, 0);
  atomic_store(&shared->reads, 0);
  atomic_store(&shared->allocations, 0);
  atomic_store(&shared->strikes_at, at);
  atomic_store(&shared->struck, DISK_NONE);
  shared->seed = seed;
  shared->full_left = 1 + (int)(seed % 40);
  atomic_store(&shared->armed, (int)fault);
}

enum disk_fault disk_struck(void)
{
  return (enum disk_fault)atomic_load(&shared->struck);
}

int64_t disk_changes(void)
{
  return atomic_load(&shared->changes);
}

bool disk_allocation_fails(void)
{
  if (!shared || first_thread || atomic_load(&shared->armed) != DISK_MEMORY)
    return false;
  if (atomic_fetch_add(&shared->allocations, 1) + 1 != atomic_load(&shared->strikes_at))
    return false;
  atomic_store(&shared->struck, DISK_MEMORY);
  return true;
}

uint64_t dice(uint64_t *seed)
{
  uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* ---- the platter: what is durable ---- */

static int open_in(const char *folder, int file)
{
  char path[600];
  (void)snprintf(path, sizeof path, "%s%s/%s", shared->directory, folder, shared->names[file]);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    give_up(path);
  return fd;
}

static void put(int fd, const struct pending *p, size_t from, size_t n)
{
  if (p->what == CHANGE_TRUNCATE ? ftruncate(fd, p->at) != 0
                                 : pwrite(fd, payload + p->payload + from, n, p->at + (int64_t)from) != (ssize_t)n)
    give_up("the platter");
}

/* The lock is held. */
static void note(int file, enum change what, int64_t at, const void *bytes, size_t n)
{
  if (shared->pending_count == PENDING_MAX || shared->payload_used + n > PAYLOAD_MAX)
    give_up("too much is waiting");
  shared->pending[shared->pending_count++] = (struct pending){file, what, false, at, n, shared->payload_used};
  if (n)
    memcpy(payload + shared->payload_used, bytes, n);
  shared->payload_used += n;
  shared->waiting++;
}

static void make_durable(int file)
{
  int fd = open_in("/platter", file);
  for (size_t i = 0; i < shared->pending_count; i++) {
    struct pending *p = &shared->pending[i];
    if (p->file != file || p->synced)
      continue;
    put(fd, p, 0, p->n);
    p->synced = true;
    shared->waiting--;
  }
  (void)close(fd);
  if (shared->waiting == 0)
    shared->pending_count = shared->payload_used = 0;
}

/* After a sync that failed the kernel takes the pages for written: no later sync makes them durable. */
static void forget(int file)
{
  for (size_t i = 0; i < shared->pending_count; i++) {
    struct pending *p = &shared->pending[i];
    shared->waiting -= p->file == file && !p->synced;
    p->synced = p->synced || p->file == file;
  }
}

/* How the power went: which of the changes that waited are on the platter. */
enum loss { LOSS_ALL, LOSS_NONE, LOSS_END, LOSS_TORN, LOSS_KINDS };

static void survive(const struct pending *p, int fd, enum loss loss, bool before_cut, bool at_cut, uint64_t *seed)
{
  bool whole = loss == LOSS_NONE || (loss == LOSS_END && before_cut);
  if (whole) {
    put(fd, p, 0, p->n);
    return;
  }
  if (loss == LOSS_ALL || (loss == LOSS_END && !at_cut))
    return;
  if (p->what == CHANGE_TRUNCATE) {
    if (dice(seed) % 2)
      put(fd, p, 0, 0);
    return;
  }
  for (size_t from = 0; from < p->n;) { /* each sector for itself */
    size_t n = SECTOR - (size_t)(p->at + (int64_t)from) % SECTOR;
    n = n < p->n - from ? n : p->n - from;
    if (dice(seed) % 2)
      put(fd, p, from, n);
    from += n;
  }
}

static void lose(uint64_t seed)
{
  enum loss loss = (enum loss)(dice(&seed) % LOSS_KINDS);
  size_t cut = shared->waiting ? dice(&seed) % shared->waiting : 0, seen = 0;
  for (size_t i = 0; i < shared->pending_count; i++) {
    const struct pending *p = &shared->pending[i];
    if (p->synced)
      continue;
    int fd = open_in("/platter", p->file);
    survive(p, fd, loss, seen < cut, seen == cut, &seed);
    (void)close(fd);
    seen++;
  }
}

static void copy(int from, int to)
{
  static char bytes[1 << 16];
  ssize_t n;
  int64_t at = 0;
  if (ftruncate(to, 0) != 0)
    give_up("ftruncate");
  while ((n = pread(from, bytes, sizeof bytes, at)) > 0) {
    if (pwrite(to, bytes, (size_t)n, at) != n)
      give_up("pwrite");
    at += n;
  }
}

static bool ends_with(const char *s, const char *end)
{
  size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* A process that is killed leaves everything in the kernel, which writes it all some time. */
void disk_recover(bool power, uint64_t seed)
{
  char path[600];
  if (power)
    lose(seed);
  for (int i = 0; i < shared->file_count; i++) {
    int platter = open_in("/platter", i), now = open_in("", i);
    copy(power ? platter : now, power ? now : platter);
    struct stat st;
    bool gone = fstat(now, &st) == 0 && st.st_size == 0 && ends_with(shared->names[i], "-wal");
    (void)close(platter);
    (void)close(now);
    if (gone) {
      (void)snprintf(path, sizeof path, "%s/%s", shared->directory, shared->names[i]);
      (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/%s-shm", shared->directory, shared->names[i]);
    (void)unlink(path);
  }
  shared->pending_count = shared->waiting = shared->payload_used = 0;
  disk_arm(DISK_NONE, 0, 0);
}

/* ---- the faults ---- */

/* A change is about to happen; the lock is held. The number of the one that strikes is the same for the same history. */
static bool strikes(enum disk_fault fault)
{
  return atomic_load(&shared->armed) == (int)fault && atomic_load(&shared->changes) >= atomic_load(&shared->strikes_at);
}

static void strike(enum disk_fault fault)
{
  atomic_store(&shared->struck, (int)fault);
  if (fault == DISK_POWER || fault == DISK_KILL)
    _exit(DISK_DIED);
  atomic_store(&shared->armed, DISK_NONE); /* once */
}

/* Death comes before the change, or after it has been noted: a write may be there in part. */
static void count(void)
{
  atomic_fetch_add(&shared->changes, 1);
}

static void maybe_die(void)
{
  if (strikes(DISK_POWER))
    strike(DISK_POWER);
  if (strikes(DISK_KILL))
    strike(DISK_KILL);
}

/* ---- the VFS ---- */

struct sim_file {
  sqlite3_file base;
  int file;           /* index */
  sqlite3_file *real; /* behind this struct */
};

static struct sim_file *sim(sqlite3_file *file)
{
  return (struct sim_file *)file;
}

static sqlite3_file *below(sqlite3_file *file)
{
  return sim(file)->real;
}

static int sim_close(sqlite3_file *f)
{
  return below(f)->pMethods ? below(f)->pMethods->xClose(below(f)) : SQLITE_OK;
}

static int sim_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
  if (!first_thread && atomic_load(&shared->armed) == DISK_READ &&
      atomic_fetch_add(&shared->reads, 1) + 1 == atomic_load(&shared->strikes_at)) {
    strike(DISK_READ);
    return SQLITE_IOERR_READ;
  }
  return below(f)->pMethods->xRead(below(f), out, n, at);
}

static int fail_half(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at, int code)
{
  int half = n / 2 / SECTOR * SECTOR;
  if (half && below(f)->pMethods->xWrite(below(f), bytes, half, at) == SQLITE_OK)
    note(sim(f)->file, CHANGE_WRITE, at, bytes, (size_t)half);
  return code;
}

static int write_locked(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
  count();
  if (strikes(DISK_WRITE)) {
    strike(DISK_WRITE);
    return fail_half(f, bytes, n, at, SQLITE_IOERR_WRITE);
  }
  if (strikes(DISK_FULL)) {
    if (--shared->full_left == 0)
      strike(DISK_FULL);
    atomic_store(&shared->struck, DISK_FULL);
    return fail_half(f, bytes, n, at, SQLITE_FULL);
  }
  int rc = below(f)->pMethods->xWrite(below(f), bytes, n, at);
  if (rc == SQLITE_OK)
    note(sim(f)->file, CHANGE_WRITE, at, bytes, (size_t)n);
  maybe_die();
  return rc;
}

static int sim_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
  pthread_mutex_lock(&lock);
  int rc = write_locked(f, bytes, n, at);
  pthread_mutex_unlock(&lock);
  return rc;
}

static int sim_truncate(sqlite3_file *f, sqlite3_int64 n)
{
  pthread_mutex_lock(&lock);
  count();
  int rc = below(f)->pMethods->xTruncate(below(f), n);
  if (rc == SQLITE_OK)
    note(sim(f)->file, CHANGE_TRUNCATE, n, NULL, 0);
  maybe_die();
  pthread_mutex_unlock(&lock);
  return rc;
}

/* Death comes before it is done. After one that failed the kernel has forgotten what it owed: nothing of it is durable later. */
static int sim_sync(sqlite3_file *f, int flags)
{
  (void)flags;
  int rc = SQLITE_OK;
  pthread_mutex_lock(&lock);
  count();
  maybe_die();
  if (strikes(DISK_SYNC)) {
    forget(sim(f)->file);
    strike(DISK_SYNC);
    rc = SQLITE_IOERR_FSYNC;
  } else {
    make_durable(sim(f)->file);
  }
  pthread_mutex_unlock(&lock);
  return rc;
}

static int sim_size(sqlite3_file *f, sqlite3_int64 *ret)
{
  return below(f)->pMethods->xFileSize(below(f), ret);
}

static int sim_lock(sqlite3_file *f, int level)
{
  return below(f)->pMethods->xLock(below(f), level);
}

static int sim_unlock(sqlite3_file *f, int level)
{
  return below(f)->pMethods->xUnlock(below(f), level);
}

static int sim_check_reserved(sqlite3_file *f, int *ret)
{
  return below(f)->pMethods->xCheckReservedLock(below(f), ret);
}

/* The size hint would let the file below grow unseen. */
static int sim_control(sqlite3_file *f, int op, void *argument)
{
  if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
    return SQLITE_NOTFOUND;
  return below(f)->pMethods->xFileControl(below(f), op, argument);
}

static int sim_sector(sqlite3_file *f)
{
  return below(f)->pMethods->xSectorSize(below(f));
}

/* As the unix VFS says it of an ordinary disk. */
static int sim_characteristics(sqlite3_file *f)
{
  (void)f;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int sim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
  return below(f)->pMethods->xShmMap(below(f), page, size, extend, ret);
}

static int sim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
  return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}

static void sim_shm_barrier(sqlite3_file *f)
{
  below(f)->pMethods->xShmBarrier(below(f));
}

static int sim_shm_unmap(sqlite3_file *f, int delete)
{
  return below(f)->pMethods->xShmUnmap(below(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = sim_close,
    .xRead = sim_read,
    .xWrite = sim_write,
    .xTruncate = sim_truncate,
    .xSync = sim_sync,
    .xFileSize = sim_size,
    .xLock = sim_lock,
    .xUnlock = sim_unlock,
    .xCheckReservedLock = sim_check_reserved,
    .xFileControl = sim_control,
    .xSectorSize = sim_sector,
    .xDeviceCharacteristics = sim_characteristics,
    .xShmMap = sim_shm_map,
    .xShmLock = sim_shm_lock,
    .xShmBarrier = sim_shm_barrier,
    .xShmUnmap = sim_shm_unmap,
};

static int file_index(const char *path)
{
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  for (int i = 0; i < shared->file_count; i++)
    if (strcmp(shared->names[i], name) == 0)
      return i;
  if (shared->file_count == FILES_MAX)
    give_up("too many files");
  (void)snprintf(shared->names[shared->file_count], sizeof shared->names[0], "%s", name);
  return shared->file_count++;
}

/* Stores beside the simulated directory, as a comparison's, are left alone. */
static bool is_ours(const char *path)
{
  size_t n = strlen(shared->directory);
  return path && strncmp(path, shared->directory, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

static int sim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *ret_flags)
{
  (void)vfs;
  struct sim_file *file = sim(f);
  f->pMethods = NULL;
  file->real = (sqlite3_file *)(file + 1);
  if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) || !is_ours(path)) {
    return real_vfs->xOpen(real_vfs, path, f, flags, ret_flags);
  }
  int rc = real_vfs->xOpen(real_vfs, path, file->real, flags, ret_flags);
  if (rc != SQLITE_OK)
    return rc;
  pthread_mutex_lock(&lock);
  file->file = file_index(path);
  pthread_mutex_unlock(&lock);
  f->pMethods = &methods;
  return SQLITE_OK;
}

/* A deletion may be undone by a power cut, as SQLite asks for no sync of the directory where it does not matter. */
static int sim_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
  (void)vfs;
  pthread_mutex_lock(&lock);
  int rc = real_vfs->xDelete(real_vfs, path, sync);
  if (rc == SQLITE_OK && is_ours(path) && !ends_with(path, "-shm")) {
    int file = file_index(path);
    count();
    note(file, CHANGE_TRUNCATE, 0, NULL, 0);
    maybe_die();
    if (sync)
      make_durable(file);
  }
  pthread_mutex_unlock(&lock);
  return rc;
}

void disk_begin(void)
{
  static sqlite3_vfs vfs;
  first_thread = true;
  real_vfs = sqlite3_vfs_find(NULL);
  vfs = *real_vfs;
  vfs.zName = "sim";
  vfs.pNext = NULL;
  vfs.szOsFile = (int)sizeof(struct sim_file) + real_vfs->szOsFile;
  vfs.xOpen = sim_open;
  vfs.xDelete = sim_delete;
  if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
    give_up("the VFS");
}
