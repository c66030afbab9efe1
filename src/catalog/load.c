#include "catalog/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

#define FILES_MAX 20000

/* The files of a catalogue: one a dictionary, or a folder with one file an entry. */
struct section {
  const char *file; /* «agencies.yaml», «items» */
  const char *id;   /* the key that bears the id */
  enum index_kind index;
  bool folder;
  const struct shape *shape;
  size_t list_offset, count_offset; /* in struct catalog */
};

#define IN(list, count) offsetof(struct catalog, list), offsetof(struct catalog, count)

/* In the order of reading: what is referred to comes first. */
static const struct section sections[] = {
    {"agencies.yaml", "agency", INDEX_AGENCY, false, &agency_shape, IN(agencies, agency_count)},
    {"fields.yaml", "field", INDEX_FIELD, false, &field_shape, IN(fields, field_count)},
    {"certificates.yaml", "certificate", INDEX_CERTIFICATE, false, &certificate_shape, IN(certificates, certificate_count)},
    {"materials.yaml", "material", INDEX_MATERIAL, false, &material_shape, IN(materials, material_count)},
    {"items", "item", INDEX_ITEM, true, &item_shape, IN(items, item_count)},
    {"things", "thing", INDEX_THING, true, &thing_shape, IN(things, thing_count)},
    {"zones.yaml", "zone", INDEX_ZONE, false, &zone_shape, IN(zones, zone_count)},
    {"halls.yaml", "hall", INDEX_HALL, false, &hall_shape, IN(halls, hall_count)},
};
#define SECTIONS (sizeof sections / sizeof *sections)

static const char *const single_files[] = {"city.yaml", "districts.yaml", "calendar.yaml"};
#define SINGLES (sizeof single_files / sizeof *single_files)

struct file {
  const char *name; /* relative to the catalogue */
  struct span content;
  struct node *root; /* NULL: not readable */
};

/* The files that a second thread reads: its trees, and what it found wrong. */
struct loader;
struct share {
  struct loader *loader;
  size_t from;
  struct arena trees, words;
  struct findings findings;
};

struct loader {
  struct reader reader;
  const char *dir;
  int dir_fd;
  const struct catalog_file *given; /* instead of the folder: sorted by name; NULL */
  size_t given_n;
  struct arena scratch; /* contents and trees, gone when the catalogue is made */
  struct file *files;
  size_t n, cap;
  struct share share;
};

/* ---- files ---- */

static void unreadable(struct loader *l, const char *name, const char *why)
{
  report_add(&l->reader.report, (struct place){name, 1, 1}, "unreadable-file",
             (struct words){"检查文件与权限", "check the file and its permissions"}, "读不了文件：%s",
             "the file cannot be read: %s", why);
}

static void too_large(struct loader *l, const char *name)
{
  report_add(&l->reader.report, (struct place){name, 1, 1}, "too-large",
             (struct words){"把内容分成多个文件", "split it into several files"}, "文件超过 %d 字节",
             "the file has more than %d bytes", TREE_FILE_MAX);
}

static ssize_t read_all(int fd, char *out, size_t n)
{
  size_t got = 0;
  while (got < n) {
    ssize_t r = read(fd, out + got, n - got);
    if (r < 0 && errno == EINTR)
      continue;
    if (r < 0)
      return -1;
    if (r == 0)
      break;
    got += (size_t)r;
  }
  return (ssize_t)got;
}

static void read_content(struct loader *l, struct file *file, int fd)
{
  struct stat st;
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    unreadable(l, file->name, "not a regular file");
    return;
  }
  if (st.st_size > TREE_FILE_MAX) {
    too_large(l, file->name);
    return;
  }
  char *p = arena_alloc(&l->scratch, (size_t)st.st_size + 1);
  ssize_t n = read_all(fd, p, (size_t)st.st_size);
  if (n < 0)
    unreadable(l, file->name, strerror(errno));
  else
    file->content = (struct span){p, (size_t)n};
}

static void missing(struct loader *l, const char *name)
{
  report_add(&l->reader.report, (struct place){name, 1, 1}, "missing-file", (struct words){"补上这个文件", "add the file"},
             "目录缺少文件「%s」", "the catalogue has no file '%s'", name);
}

/* The first given file whose name is not before this one. */
static size_t given_from(const struct loader *l, const char *name)
{
  size_t low = 0, high = l->given_n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(l->given[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void take_given(struct loader *l, struct file *file)
{
  size_t i = given_from(l, file->name);
  if (i == l->given_n || strcmp(l->given[i].name, file->name) != 0)
    missing(l, file->name);
  else if (l->given[i].content.n > TREE_FILE_MAX)
    too_large(l, file->name);
  else
    file->content = l->given[i].content.n ? l->given[i].content : SPAN("");
}

static void add_file(struct loader *l, const char *name)
{
  l->files = arena_grow(&l->scratch, l->files, l->n, &l->cap, sizeof *l->files);
  struct file *file = &l->files[l->n++];
  *file = (struct file){.name = arena_str(l->reader.arena, name)};
  if (l->given) {
    take_given(l, file);
    return;
  }
  int fd = openat(l->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT)
      missing(l, file->name);
    else
      unreadable(l, file->name, strerror(errno));
    return;
  }
  read_content(l, file, fd);
  (void)close(fd);
}

static bool ends_with(const char *s, const char *tail)
{
  size_t n = strlen(s), m = strlen(tail);
  return n > m && strcmp(s + n - m, tail) == 0;
}

static int by_text(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool looks_like_yaml(const char *name)
{
  return name[0] != '.' && (ends_with(name, ".yaml") || ends_with(name, ".yml"));
}

static int list_given(struct loader *l, const char *folder, const char ***ret, size_t *ret_n)
{
  size_t head = strcmp(folder, ".") == 0 ? 0 : strlen(folder) + 1;
  const char **names = arena_array(&l->scratch, l->given_n + 1, sizeof *names);
  for (size_t i = 0; i < l->given_n; i++) {
    const char *name = l->given[i].name;
    bool inside = !head || (strncmp(name, folder, head - 1) == 0 && name[head - 1] == '/');
    if (inside && !strchr(name + head, '/') && looks_like_yaml(name + head))
      names[(*ret_n)++] = name + head;
  }
  *ret = names;
  return *ret_n || !head ? 0 : -1;
}

/* The names in a folder that look like YAML, sorted; -1 where it cannot be read. */
static int list_folder(struct loader *l, const char *folder, const char ***ret, size_t *ret_n)
{
  if (l->given)
    return list_given(l, folder, ret, ret_n);
  int fd = openat(l->dir_fd, folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (!dir) {
    if (fd >= 0)
      (void)close(fd);
    return -1;
  }
  const char **names = NULL;
  size_t n = 0, cap = 0;
  for (const struct dirent *entry = readdir(dir); entry && n < FILES_MAX; entry = readdir(dir)) {
    if (!looks_like_yaml(entry->d_name))
      continue;
    names = arena_grow(&l->scratch, (void *)names, n, &cap, sizeof *names);
    names[n++] = arena_str(&l->scratch, entry->d_name);
  }
  (void)closedir(dir);
  if (n)
    qsort((void *)names, n, sizeof *names, by_text);
  *ret = names;
  *ret_n = n;
  return 0;
}

/* May be there: what cannot be promised, and the applicants kept. */
#define NEGATIVE "negative.yaml"
#define PERSONS "persons"

static bool is_there(const struct loader *l, const char *name)
{
  if (!l->given)
    return faccessat(l->dir_fd, name, F_OK, 0) == 0;
  size_t i = given_from(l, name), n = strlen(name);
  return i < l->given_n && strncmp(l->given[i].name, name, n) == 0 && (!l->given[i].name[n] || l->given[i].name[n] == '/');
}

static bool is_top_file(const char *name)
{
  if (strcmp(name, NEGATIVE) == 0)
    return true;
  for (size_t i = 0; i < SINGLES; i++) {
    if (strcmp(name, single_files[i]) == 0)
      return true;
  }
  for (size_t i = 0; i < SECTIONS; i++) {
    if (strcmp(name, sections[i].file) == 0)
      return true;
  }
  return false;
}

static void stray_file(struct loader *l, const char *name)
{
  report_add(&l->reader.report, (struct place){arena_str(l->reader.arena, name), 1, 1}, "unknown-file",
             (struct words){"改名（结尾为 .yaml）或移走", "rename it (ending in .yaml) or take it away"}, "目录不认识文件「%s」",
             "the catalogue knows no file '%s'", name);
}

static void add_folder(struct loader *l, const char *folder)
{
  const char **names = NULL;
  size_t n = 0;
  if (list_folder(l, folder, &names, &n) < 0) {
    report_add(&l->reader.report, (struct place){folder, 1, 1}, "missing-file", (struct words){"补上这个文件夹", "add the folder"},
               "目录缺少文件夹「%s」", "the catalogue has no folder '%s'", folder);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const char *name = arena_printf(&l->scratch, "%s/%s", folder, names[i]);
    if (ends_with(name, ".yaml"))
      add_file(l, name);
    else
      stray_file(l, name);
  }
}

static void add_files(struct loader *l)
{
  const char **names = NULL;
  size_t n = 0;
  (void)list_folder(l, ".", &names, &n);
  for (size_t i = 0; i < n; i++) {
    if (!is_top_file(names[i]))
      stray_file(l, names[i]);
  }
  for (size_t i = 0; i < SINGLES; i++)
    add_file(l, single_files[i]);
  for (size_t i = 0; i < SECTIONS; i++) {
    if (sections[i].folder)
      add_folder(l, sections[i].file);
    else
      add_file(l, sections[i].file);
  }
  if (is_there(l, NEGATIVE))
    add_file(l, NEGATIVE);
}

/* Kept cases are no part of the catalogue: they come after its version is made. */
static void add_persons(struct loader *l)
{
  if (is_there(l, PERSONS))
    add_folder(l, PERSONS);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* Over name, NUL, length, NUL and content of every file in the order of names: any change of any file changes it. */
static void set_version(struct loader *l, struct catalog *catalog)
{
  struct file *sorted = arena_array(&l->scratch, l->n, sizeof *sorted);
  if (l->n)
    memcpy(sorted, l->files, l->n * sizeof *sorted);
  qsort(sorted, l->n, sizeof *sorted, by_name);
  struct span *parts = arena_array(&l->scratch, 2 * l->n, sizeof *parts);
  for (size_t i = 0; i < l->n; i++) {
    const char *head = arena_printf(&l->scratch, "%s%c%zu", sorted[i].name, '\0', sorted[i].content.n);
    size_t n = strlen(sorted[i].name) + 1;
    parts[2 * i] = (struct span){head, n + strlen(head + n) + 1};
    parts[2 * i + 1] = sorted[i].content;
  }
  struct digest digest = sha256_parts(parts, 2 * l->n);
  for (size_t i = 0; i < DIGEST_BYTES; i++)
    (void)snprintf(catalog->version.hex + 2 * i, 3, "%02x", digest.b[i]);
}

static struct node *root_of(struct loader *l, const char *name)
{
  for (size_t i = 0; i < l->n; i++) {
    if (strcmp(l->files[i].name, name) == 0)
      return l->files[i].root;
  }
  return NULL;
}

/* ---- sections ---- */

static bool belongs(const struct section *s, const char *name)
{
  size_t n = strlen(s->file);
  return strncmp(name, s->file, n) == 0 && (s->folder ? name[n] == '/' : name[n] == '\0');
}

/* The nodes of a section's entries: the elements of its list, or the roots of its folder's files. */
static struct node **entries_of(struct loader *l, const struct section *s, size_t *ret_n)
{
  *ret_n = 0;
  if (!s->folder) {
    struct node *root = root_of(l, s->file);
    if (!root)
      return NULL;
    if (root->kind == NODE_LIST) {
      *ret_n = root->count;
      return root->list;
    }
    reader_add(&l->reader, root, "wrong-type", ((struct words){"每项以「- 」开头", "start each entry with '- '"}),
               "「%s」应当是一个列表", "'%s' is a list", s->file);
    return NULL;
  }
  struct node **roots = arena_array(&l->scratch, l->n, sizeof(struct node *));
  for (size_t i = 0; i < l->n; i++) {
    if (belongs(s, l->files[i].name) && l->files[i].root)
      roots[(*ret_n)++] = l->files[i].root;
  }
  return roots;
}

/* «items/x.yaml» holds the item x: whoever looks for it finds it. */
static void check_file_name(struct loader *l, const struct section *s, const struct node *id)
{
  const char *want = arena_printf(&l->scratch, "%s/%.*s.yaml", s->file, (int)id->text.n, id->text.p);
  if (strcmp(want, id->place.file) != 0)
    reader_add(&l->reader, id, "file-name", ((struct words){"让文件名与编号一致", "give the file the name of its id"}),
               "编号「%.*s」与文件名不一致", "the id '%.*s' is not the file's name", (int)id->text.n, id->text.p);
}

/* First pass: ids alone, so that entries can refer to any other. */
static void register_ids(struct loader *l, const struct section *s, struct node **nodes, size_t n, char *list)
{
  struct id_index *index = &l->reader.loaded->indexes[s->index];
  id_index_init(index, l->reader.arena, n);
  for (size_t i = 0; i < n; i++) {
    const struct node *id = node_get(nodes[i], s->id);
    if (!id || id->kind != NODE_SCALAR || id->text.n == 0)
      continue; /* the second pass says so */
    void *entry = list + i * s->shape->size;
    const char *text = arena_dup(l->reader.arena, id->text);
    memcpy(entry, &text, sizeof text);
    if (!id_index_add(index, entry)) {
      struct words what = index_words[s->index];
      report_put(&l->reader.report, id->place, "duplicate-id",
                 (struct words){"改一个编号或删去重复", "change one id or remove one of the two"},
                 (struct words){arena_printf(l->reader.report.arena, "%s「%s」已经有了", what.zh, text),
                                arena_printf(l->reader.report.arena, "there is another %s '%s'", what.en, text)});
    }
    if (s->folder)
      check_file_name(l, s, id);
  }
}

static void set_blind(struct loader *l, const struct section *s)
{
  for (size_t i = 0; i < l->n; i++) {
    const struct node *root = l->files[i].root;
    if (belongs(s, l->files[i].name) && (!root || root->kind != (s->folder ? NODE_MAP : NODE_LIST)))
      l->reader.blind[s->index] = true;
  }
}

static void read_section(struct loader *l, const struct section *s)
{
  set_blind(l, s);
  size_t n = 0;
  struct node **nodes = entries_of(l, s, &n);
  char *list = arena_array(l->reader.arena, n, s->shape->size);
  register_ids(l, s, nodes, n, list);
  for (size_t i = 0; i < n; i++)
    read_shape(&l->reader, s->shape, nodes[i], list + i * s->shape->size);
  char *catalog = (char *)&l->reader.loaded->catalog;
  memcpy(catalog + s->list_offset, &list, sizeof list);
  memcpy(catalog + s->count_offset, &n, sizeof n);
}

/* ---- the three single files ---- */

static void read_city(struct loader *l, struct catalog *catalog)
{
  struct city_file city = {0};
  const struct node *root = root_of(l, "city.yaml");
  if (root)
    read_shape(&l->reader, &city_shape, root, &city);
  catalog->city = city.name.zh;
  catalog->city_name = city.name;
  catalog->region = city.region;
  catalog->paper_prefix = city.paper_prefix;
}

static void read_districts(struct loader *l, struct catalog *catalog)
{
  struct districts_file file = {0};
  const struct node *root = root_of(l, "districts.yaml");
  if (root)
    read_shape(&l->reader, &districts_shape, root, &file);
  size_t n = 0;
  for (size_t i = 0; i < file.n; i++)
    n += 1 + file.groups[i].street_count;
  catalog->districts = arena_array(l->reader.arena, n, sizeof *catalog->districts);
  for (size_t i = 0; i < file.n; i++) {
    catalog->districts[catalog->district_count++] = file.groups[i].district;
    for (size_t j = 0; j < file.groups[i].street_count; j++)
      catalog->districts[catalog->district_count++] = file.groups[i].streets[j];
  }
}

static void read_calendar(struct loader *l, struct catalog *catalog)
{
  const struct node *root = root_of(l, "calendar.yaml");
  if (root)
    read_shape(&l->reader, &calendar_shape, root, &catalog->calendar);
}

static void read_exceptions(struct loader *l, struct catalog *catalog)
{
  const struct node *root = root_of(l, NEGATIVE);
  if (root)
    catalog->exceptions = read_list(&l->reader, &exception_shape, root, &catalog->exception_count);
}

static void read_persons(struct loader *l, struct catalog *catalog)
{
  catalog->persons = arena_array(l->reader.arena, l->n, sizeof *catalog->persons);
  for (size_t i = 0; i < l->n; i++)
    if (strncmp(l->files[i].name, PERSONS "/", sizeof PERSONS) == 0 && l->files[i].root)
      read_shape(&l->reader, &person_shape, l->files[i].root, &catalog->persons[catalog->person_count++]);
}

/* ---- trees ---- */

/* Files are read into trees independently: those of a nation by two threads. */
#define FILES_ALONE 400

/* What is wrong in a file is said in the order of files, by the loader's own thread: here it is only left unread. */
static void *read_share(void *argument)
{
  struct share *share = argument;
  struct loader *l = share->loader;
  struct report report = {&share->words, &share->findings};
  for (size_t i = share->from; i < l->n; i++) {
    size_t before = share->findings.n;
    struct node *root = l->files[i].content.p ? tree_read(&share->trees, l->files[i].name, l->files[i].content, &report) : NULL;
    l->files[i].root = share->findings.n == before ? root : NULL;
  }
  return NULL;
}

static void read_trees(struct loader *l)
{
  pthread_t thread;
  struct share *share = &l->share;
  *share = (struct share){.loader = l, .from = l->n < FILES_ALONE ? l->n : l->n / 2};
  bool shared = share->from < l->n && pthread_create(&thread, NULL, read_share, share) == 0;
  for (size_t i = 0; i < l->n; i++) {
    if (shared && i == share->from)
      (void)pthread_join(thread, NULL);
    if (l->files[i].content.p && !l->files[i].root)
      l->files[i].root = tree_read(&l->scratch, l->files[i].name, l->files[i].content, &l->reader.report);
  }
}

static void read_everything(struct loader *l)
{
  struct catalog *catalog = &l->reader.loaded->catalog;
  add_files(l);
  set_version(l, catalog);
  add_persons(l);
  read_trees(l);
  read_city(l, catalog);
  read_districts(l, catalog);
  read_calendar(l, catalog);
  for (size_t i = 0; i < SECTIONS; i++)
    read_section(l, &sections[i]);
  read_exceptions(l, catalog);
  read_persons(l, catalog);
  check_catalog(&l->reader);
}

static int open_catalog(const char *dir, int *ret_fd, struct error *error)
{
  int fd = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (fd < 0)
    return error_set(error, ERROR_BAD_INPUT, "unusable-catalog", "打不开目录「%s」：%s", "the catalogue '%s' cannot be opened: %s",
                     dir, strerror(errno));
  if (faccessat(fd, "city.yaml", F_OK, 0) < 0 && faccessat(fd, "items", F_OK, 0) < 0) {
    (void)close(fd);
    return error_set(error, ERROR_BAD_INPUT, "unusable-catalog", "「%s」不是事项目录：没有 city.yaml，也没有 items",
                     "'%s' is no catalogue: it has neither city.yaml nor items", dir);
  }
  *ret_fd = fd;
  return 0;
}

/* l has where the files come from; what it names the catalogue is its dir. */
static int load(struct loader *l, struct catalog **ret, struct arena *arena, struct findings *findings, struct error *error)
{
  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (!loaded)
    abort();
  search_init(&loaded->search);
  l->reader = (struct reader){loaded, &loaded->catalog.arena, {arena, findings}};
  size_t before = findings->n;
  loaded->catalog.dir = arena_str(l->reader.arena, l->dir);
  read_everything(l);
  arena_release(&l->scratch);
  arena_release(&l->share.trees);
  arena_release(&l->share.words);
  if (findings->n > before) {
    size_t n = findings->n - before;
    findings_sort(findings, before);
    catalog_free(&loaded->catalog);
    return error_set(error, ERROR_BAD_INPUT, "catalog-findings", "事项目录「%s」有 %zu 处错误",
                     "the catalogue '%s' has %zu findings", l->dir, n);
  }
  *ret = &loaded->catalog;
  return 0;
}

int catalog_load(const char *dir, struct catalog **ret, struct arena *arena, struct findings *findings, struct error *error)
{
  struct loader l = {.dir = dir, .dir_fd = -1};
  if (open_catalog(dir, &l.dir_fd, error) < 0)
    return -1;
  int bad = load(&l, ret, arena, findings, error);
  (void)close(l.dir_fd);
  return bad;
}

int catalog_load_files(const char *name, const struct catalog_file *files, size_t n, struct catalog **ret, struct arena *arena,
                       struct findings *findings, struct error *error)
{
  static const struct catalog_file none;
  struct loader l = {.dir = name, .dir_fd = -1, .given = n ? files : &none, .given_n = n};
  return load(&l, ret, arena, findings, error);
}

int catalog_read_files(const char *dir, struct arena *arena, struct catalog_file **ret, size_t *ret_n, struct error *error)
{
  struct loader l = {.dir = dir, .dir_fd = -1};
  struct findings findings = {0};
  if (open_catalog(dir, &l.dir_fd, error) < 0)
    return -1;
  l.reader = (struct reader){NULL, arena, {arena, &findings}};
  add_files(&l);
  add_persons(&l);
  (void)close(l.dir_fd);
  qsort(l.files, l.n, sizeof *l.files, by_name);
  *ret = arena_array(arena, l.n + 1, sizeof **ret);
  *ret_n = l.n;
  for (size_t i = 0; i < l.n; i++)
    (*ret)[i] = (struct catalog_file){l.files[i].name, arena_span(arena, l.files[i].content)};
  arena_release(&l.scratch);
  return findings.n ? error_set(error, ERROR_BAD_INPUT, "unusable-catalog", "%s：%s%.0s", "%s: %.0s%s", findings.list[0].place.file,
                                findings.list[0].wrong.zh, findings.list[0].wrong.en)
                    : 0;
}
