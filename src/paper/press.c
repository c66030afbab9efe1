#include "paper/press.h"

#include <cairo-ft.h>
#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include <hb.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <pthread.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Song type stands for the 仿宋 of GB/T 9704: Debian has no free simplified one. Hanazono has the rare characters. */
static const char *const font_files[][3] = {
    {"/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", "/usr/share/fonts/noto-cjk/NotoSerifCJK-Regular.ttc",
     "fonts-noto-cjk"},
    {"/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc", "/usr/share/fonts/noto-cjk/NotoSerifCJK-Bold.ttc", "fonts-noto-cjk"},
    {"/usr/share/fonts/truetype/hanazono/HanaMinA.ttf", "/usr/share/fonts/hanazono/HanaMinA.ttf", "fonts-hanazono"},
    {"/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", "/usr/share/fonts/hanazono/HanaMinB.ttf", "fonts-hanazono"},
};
enum { FONTS = sizeof font_files / sizeof *font_files, FONT_HEAD = 65536 };
#define FAMILY "Noto Serif CJK SC, HanaMinA, HanaMinB"

#define MM (72 / 25.4)
#define PAGE_W (210 * MM)
#define PAGE_H (297 * MM)
#define LEFT (28 * MM)
#define WIDTH (156 * MM)
#define TOP (22 * MM)
#define BOTTOM (PAGE_H - 24 * MM)
#define TEXT_SIZE 13.0
#define CELL_SIZE 11.0
#define SMALL_SIZE 9.0
#define CELL_PAD 3.6
#define CELL_LEADING (CELL_SIZE * 1.45)

struct press {
  const char *files[FONTS];
  char layout[32];
  pthread_mutex_t lock;
  FcConfig *config;
  PangoFontMap *map;
};

/* ---- fonts ---- */

static int add_head(const char *path, struct buf *heads, struct error *error)
{
  char bytes[FONT_HEAD];
  FILE *file = fopen(path, "rb");
  size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  if (file)
    (void)fclose(file);
  if (!n || size <= 0)
    return error_set(error, ERROR_BUSY, "paper-fonts", "字体文件 %s 无法读取", "The font file %s cannot be read", path);
  buf_int(heads, size);
  buf_bytes(heads, bytes, n); /* the table directory is in it, with a checksum of every table */
  return 0;
}

static int fingerprint(struct press *press, struct error *error)
{
  struct buf heads;
  int major, minor, patch;
  char hex[2 * DIGEST_BYTES + 1];
  FT_Library ft;
  buf_init(&heads, (size_t)FONTS * (FONT_HEAD + 64) + 1024);
  int bad = 0;
  for (size_t i = 0; i < FONTS && !bad; i++)
    bad = add_head(press->files[i], &heads, error);
  if (FT_Init_FreeType(&ft) == 0) {
    FT_Library_Version(ft, &major, &minor, &patch);
    FT_Done_FreeType(ft);
    buf_printf(&heads, "%d.%d.%d", major, minor, patch);
  }
  buf_printf(&heads, " %s %s %s", cairo_version_string(), pango_version_string(), hb_version_string());
  struct digest digest = sha256(buf_view(&heads));
  hex_encode(digest.b, DIGEST_BYTES, hex);
  (void)snprintf(press->layout, sizeof press->layout, "%d.%.8s", SHEET_LAYOUT, hex);
  buf_release(&heads);
  return bad;
}

int press_open(struct press **ret, struct error *error)
{
  struct press *press = calloc(1, sizeof *press);
  if (!press)
    abort();
  pthread_mutex_init(&press->lock, NULL);
  for (size_t i = 0; i < FONTS; i++) {
    for (int k = 0; k < 2 && !press->files[i]; k++)
      if (access(font_files[i][k], R_OK) == 0)
        press->files[i] = font_files[i][k];
    if (!press->files[i]) {
      press_close(press);
      return error_set(error, ERROR_BUSY, "paper-fonts", "缺少文书所用字体，请安装软件包 %s",
                       "A font of the papers is missing: install %s", font_files[i][2]);
    }
  }
  if (fingerprint(press, error)) {
    press_close(press);
    return -1;
  }
  *ret = press;
  return 0;
}

void press_close(struct press *press)
{
  if (!press)
    return;
  if (press->map)
    g_object_unref(press->map);
  if (press->config)
    FcConfigDestroy(press->config);
  pthread_mutex_destroy(&press->lock);
  free(press);
}

const char *press_layout(const struct press *press)
{
  return press->layout;
}

/* Our own files and nothing of the machine's: no rule, no cache, no other face. */
static int load_fonts(struct press *press, struct error *error)
{
  if (press->map)
    return 0;
  press->config = FcConfigCreate();
  for (size_t i = 0; i < FONTS; i++)
    if (!FcConfigAppFontAddFile(press->config, (const FcChar8 *)press->files[i]))
      return error_set(error, ERROR_BUSY, "paper-fonts", "字体文件 %s 无法读取", "The font file %s cannot be read",
                       press->files[i]);
  press->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
  pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(press->map), press->config);
  pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(press->map), 72);
  return 0;
}

/* ---- a page ---- */

struct setter {
  cairo_t *cr;
  PangoContext *pango;
  const struct sheet *s;
  const char *site;
  double y;
  int page, pages; /* pages 0: counting them */
};

enum weight { NORMAL, BOLD };
enum align { AT_LEFT, CENTRED, AT_RIGHT };

static PangoLayout *new_layout(const struct setter *t, const char *text, double size, enum weight weight, double width)
{
  PangoLayout *layout = pango_layout_new(t->pango);
  PangoFontDescription *font = pango_font_description_new();
  pango_font_description_set_family_static(font, FAMILY);
  pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
  pango_font_description_set_weight(font, weight == BOLD ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  if (width > 0)
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
  pango_layout_set_text(layout, text, -1);
  return layout;
}

static void red(const struct setter *t)
{
  cairo_set_source_rgb(t->cr, 0.8, 0.07, 0.07);
}

static void black(const struct setter *t)
{
  cairo_set_source_rgb(t->cr, 0, 0, 0);
}

static void grey(const struct setter *t)
{
  cairo_set_source_rgb(t->cr, 0.35, 0.35, 0.35);
}

static double width_of(PangoLayout *layout)
{
  int w, h;
  pango_layout_get_size(layout, &w, &h);
  return (double)w / PANGO_SCALE;
}

/* One line at a height, not wrapped. */
static void put_line(const struct setter *t, const char *text, double size, enum weight weight, enum align align, double x,
                     double w, double y)
{
  PangoLayout *layout = new_layout(t, text, size, weight, 0);
  double wide = width_of(layout);
  double at = align == AT_LEFT ? x : align == CENTRED ? x + (w - wide) / 2 : x + w - wide;
  cairo_move_to(t->cr, at, y);
  pango_cairo_show_layout_line(t->cr, pango_layout_get_line_readonly(layout, 0));
  g_object_unref(layout);
}

static void rule(const struct setter *t, double x, double y, double w, double thick)
{
  cairo_set_line_width(t->cr, thick);
  cairo_move_to(t->cr, x, y);
  cairo_line_to(t->cr, x + w, y);
  cairo_stroke(t->cr);
}

static void watermark(const struct setter *t)
{
  cairo_save(t->cr);
  cairo_set_source_rgba(t->cr, 0.8, 0.07, 0.07, 0.12);
  cairo_translate(t->cr, PAGE_W / 2, PAGE_H / 2);
  cairo_rotate(t->cr, -0.7);
  put_line(t, "样本 SAMPLE", 84, BOLD, CENTRED, -PAGE_W / 2, PAGE_W, 30);
  cairo_restore(t->cr);
}

static void page_foot(const struct setter *t)
{
  char text[64];
  double y = PAGE_H - 18 * MM;
  if (t->s->sample)
    watermark(t);
  black(t);
  (void)snprintf(text, sizeof text, "— %d —", t->page);
  put_line(t, text, 11, NORMAL, CENTRED, LEFT, WIDTH, y);
  grey(t);
  put_line(t, t->s->number, SMALL_SIZE, NORMAL, AT_LEFT, LEFT, WIDTH, y);
  (void)snprintf(text, sizeof text, "第 %d 页，共 %d 页", t->page, t->pages);
  put_line(t, text, SMALL_SIZE, NORMAL, AT_RIGHT, LEFT, WIDTH, y);
  black(t);
}

static void next_page(struct setter *t)
{
  page_foot(t);
  cairo_show_page(t->cr);
  t->page++;
  t->y = TOP;
}

static void need(struct setter *t, double height)
{
  if (t->y + height > BOTTOM)
    next_page(t);
}

/* ---- running text and rows of cells: both are cells whose lines go on over as many pages as they take ---- */

struct cell {
  PangoLayout *layout;
  PangoLayoutIter *iter;
  bool more; /* lines are left */
  double x, w;
};

static struct cell cell_of(const struct setter *t, const char *text, double size, enum weight weight, double x, double w)
{
  struct cell cell = {.layout = new_layout(t, text, size, weight, w), .x = x, .w = w, .more = true};
  cell.iter = pango_layout_get_iter(cell.layout);
  return cell;
}

static void cell_free(struct cell *cell)
{
  pango_layout_iter_free(cell->iter);
  g_object_unref(cell->layout);
}

/* As many lines as fit above the foot; returns the height they took. */
static double cell_lines(const struct setter *t, struct cell *cell, double y, double size, double leading)
{
  double used = 0;
  while (cell->more && y + used + leading <= BOTTOM) {
    PangoRectangle logical;
    pango_layout_iter_get_line_extents(cell->iter, NULL, &logical);
    cairo_move_to(t->cr, cell->x + (double)logical.x / PANGO_SCALE, y + used + leading / 2 + size * 0.37);
    pango_cairo_show_layout_line(t->cr, pango_layout_iter_get_line_readonly(cell->iter));
    used += leading;
    cell->more = pango_layout_iter_next_line(cell->iter);
  }
  return used;
}

static void set_paragraph(struct setter *t, const char *text, double size, double leading, enum weight weight, bool indent)
{
  if (!*text)
    return;
  struct cell cell = cell_of(t, text, size, weight, LEFT, WIDTH);
  if (indent) {
    pango_layout_set_indent(cell.layout, (int)(2 * size * PANGO_SCALE));
    pango_layout_iter_free(cell.iter);
    cell.iter = pango_layout_get_iter(cell.layout);
  }
  while (cell.more) {
    need(t, leading);
    t->y += cell_lines(t, &cell, t->y, size, leading);
  }
  cell_free(&cell);
}

static void row_frame(const struct setter *t, const struct cell *cells, int n, double height)
{
  cairo_set_line_width(t->cr, 0.5);
  for (int i = 0; i < n; i++)
    cairo_rectangle(t->cr, cells[i].x - CELL_PAD, t->y, cells[i].w + 2 * CELL_PAD, height);
  cairo_stroke(t->cr);
}

struct cells {
  struct cell list[SHEET_COLUMNS];
  int n, lines; /* lines: of the tallest */
};

static void open_row(const struct setter *t, const struct sheet_block *block, const struct sheet_row *row, bool bold,
                     struct cells *ret)
{
  double x = LEFT;
  *ret = (struct cells){.n = block->columns};
  for (int i = 0; i < ret->n; i++) {
    double w = WIDTH * block->weight[i] / 100;
    ret->list[i] = cell_of(t, row->cell[i] ? row->cell[i] : "", CELL_SIZE, bold ? BOLD : NORMAL, x + CELL_PAD, w - 2 * CELL_PAD);
    int lines = pango_layout_get_line_count(ret->list[i].layout);
    ret->lines = lines > ret->lines ? lines : ret->lines;
    x += w;
  }
}

/* A row of up to twelve lines is not torn over two pages. */
static bool row_fits(const struct setter *t, const struct cells *cells)
{
  int lines = cells->lines <= 12 ? cells->lines : 2;
  return t->y + lines * CELL_LEADING + 2 * CELL_PAD <= BOTTOM;
}

static void set_row(struct setter *t, struct cells *cells)
{
  for (bool more = true; more;) {
    double height = 0;
    need(t, CELL_LEADING + 2 * CELL_PAD);
    more = false;
    for (int i = 0; i < cells->n; i++) {
      double used = cell_lines(t, &cells->list[i], t->y + CELL_PAD, CELL_SIZE, CELL_LEADING);
      height = used > height ? used : height;
      more |= cells->list[i].more;
    }
    height += 2 * CELL_PAD;
    row_frame(t, cells->list, cells->n, height);
    t->y += height;
  }
  for (int i = 0; i < cells->n; i++)
    cell_free(&cells->list[i]);
}

/* On each page the names of the columns come first. */
static void set_table(struct setter *t, const struct sheet_block *block)
{
  struct cells row;
  need(t, 4 * CELL_LEADING);
  t->y += 4;
  for (size_t r = 0; r < block->n; r++) {
    open_row(t, block, &block->rows[r], block->head && r == 0, &row);
    if (!row_fits(t, &row)) {
      next_page(t);
      if (block->head && r) {
        struct cells head;
        open_row(t, block, &block->rows[0], true, &head);
        set_row(t, &head);
      }
    }
    set_row(t, &row);
  }
  t->y += 8;
}

/* ---- head and end ---- */

static void set_head(struct setter *t)
{
  const struct sheet *s = t->s;
  const char *issuer = s->issuer.zh;
  t->y = TOP;
  if (!*s->personal) {
    PangoLayout *layout = new_layout(t, issuer, 30, BOLD, 0);
    double wide = width_of(layout), size = wide > WIDTH ? 30 * WIDTH / wide : 30;
    g_object_unref(layout);
    red(t);
    put_line(t, issuer, size, BOLD, CENTRED, LEFT, WIDTH, t->y + 24);
    black(t);
    put_line(t, s->number, 12.5, NORMAL, CENTRED, LEFT, WIDTH, t->y + 56);
    red(t);
    rule(t, LEFT, t->y + 68, WIDTH, 1.8);
    black(t);
    t->y += 84;
  } else {
    put_line(t, s->number, 11, NORMAL, AT_RIGHT, LEFT, WIDTH, t->y + 8);
    t->y += 26;
  }
  PangoLayout *layout = new_layout(t, s->title.zh, 21, BOLD, WIDTH);
  pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
  struct cell title = {.layout = layout, .iter = pango_layout_get_iter(layout), .more = true, .x = LEFT, .w = WIDTH};
  t->y += cell_lines(t, &title, t->y, 21, 31) + 8;
  cell_free(&title);
  if (*s->addressee) {
    GString *text = g_string_new(s->addressee);
    g_string_append(text, "：");
    set_paragraph(t, text->str, TEXT_SIZE, TEXT_SIZE * 1.7, NORMAL, false);
    g_string_free(text, TRUE);
  }
}

char *press_link(struct arena *arena, const char *site, const struct sheet *sheet)
{
  return arena_printf(arena, "%s/paper?code=%s", site, sheet->code);
}

static void put_qr(const struct setter *t, const char *text, double x, double y, double side)
{
  QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
  if (!code)
    return;
  double unit = side / code->width;
  for (int r = 0; r < code->width; r++)
    for (int c = 0, n; c < code->width; c += n) {
      bool dark = code->data[r * code->width + c] & 1;
      for (n = 1; c + n < code->width && (code->data[r * code->width + c + n] & 1) == (dark ? 1 : 0); n++)
        ;
      if (dark)
        cairo_rectangle(t->cr, x + c * unit, y + r * unit, n * unit, unit);
    }
  cairo_fill(t->cr);
  QRcode_free(code);
}

static void put_check(const struct setter *t, double y)
{
  const char *site = *t->s->site ? t->s->site : t->site;
  struct arena arena = {0};
  double x = LEFT;
  if (*site) {
    put_qr(t, press_link(&arena, site, t->s), LEFT, y, 24 * MM);
    x += 27 * MM;
  }
  grey(t);
  put_line(t, "扫码或登录网站核验本文书真伪", SMALL_SIZE, NORMAL, AT_LEFT, x, 0, y + 10);
  if (*site)
    put_line(t, arena_printf(&arena, "%s/paper", site), SMALL_SIZE, NORMAL, AT_LEFT, x, 0, y + 24);
  put_line(t, "验证码", SMALL_SIZE, NORMAL, AT_LEFT, x, 0, y + 38);
  black(t);
  put_line(t, arena_printf(&arena, "%.14s", t->s->code), 10.5, BOLD, AT_LEFT, x, 0, y + 52);
  put_line(t, t->s->code + 15, 10.5, BOLD, AT_LEFT, x, 0, y + 66);
  arena_release(&arena);
}

/* Where the seal goes, over the issuer's name and the date: no emblem. */
static void put_seal(const struct setter *t, double x, double y)
{
  static const double dashes[] = {3, 2.5};
  const double r = 20 * MM;
  cairo_save(t->cr);
  cairo_set_source_rgba(t->cr, 0.8, 0.07, 0.07, 0.75);
  cairo_set_dash(t->cr, dashes, 2, 0);
  cairo_set_line_width(t->cr, 1);
  cairo_new_path(t->cr);
  cairo_arc(t->cr, x, y, r, 0, 2 * 3.14159265358979);
  cairo_stroke(t->cr);
  cairo_set_dash(t->cr, NULL, 0, 0);
  put_line(t, "（印章）", 10, NORMAL, CENTRED, x - r, 2 * r, y - 26);
  cairo_restore(t->cr);
}

static const char *date_of(moment at, char out[48])
{
  int year, month, mday;
  day_parts(day_of(at), &year, &month, &mday);
  (void)snprintf(out, 48, "%d年%d月%d日", year, month, mday);
  return out;
}

/* Check code, seal and date stay together on one page. */
static void set_end(struct setter *t)
{
  const struct sheet *s = t->s;
  char date[48];
  need(t, 43 * MM);
  double y = t->y + 6, right = LEFT + WIDTH, seal = right - 30 * MM;
  put_check(t, y);
  if (*s->personal) {
    put_line(t, "承诺人（签名或盖章）：", TEXT_SIZE, NORMAL, AT_LEFT, right - 72 * MM, 0, y + 24);
    PangoLayout *name = new_layout(t, s->personal, TEXT_SIZE, NORMAL, 72 * MM);
    cairo_move_to(t->cr, right - 72 * MM, y + 34);
    pango_cairo_show_layout(t->cr, name);
    g_object_unref(name);
  } else {
    put_seal(t, seal, y + 20 * MM);
    put_line(t, s->issuer.zh, TEXT_SIZE, NORMAL, CENTRED, seal - 40 * MM, 80 * MM, y + 20 * MM);
  }
  put_line(t, date_of(s->at, date), TEXT_SIZE, NORMAL, *s->personal ? AT_LEFT : CENTRED,
           *s->personal ? right - 72 * MM : seal - 40 * MM, *s->personal ? 0 : 80 * MM,
           *s->personal ? y + 36 * MM : y + 20 * MM + 22);
  t->y = y + 41 * MM;
}

static void set_lines(struct setter *t)
{
  const struct sheet *s = t->s;
  if (*s->handler) {
    GString *text = g_string_new("经办人：");
    g_string_append_printf(text, "%s        咨询电话：12345", s->handler);
    set_paragraph(t, text->str, CELL_SIZE, CELL_SIZE * 1.8, NORMAL, false);
    g_string_free(text, TRUE);
  }
  if (s->signed_for) {
    need(t, 34);
    t->y += 6;
    rule(t, LEFT, t->y, WIDTH, 0.4);
    set_paragraph(t, "收件人（签名或盖章）：                                签收时间：      年    月    日", CELL_SIZE,
                  CELL_SIZE * 2.4, NORMAL, false);
  }
  grey(t);
  if (!*s->personal && !s->sample)
    set_paragraph(t, "本文书一式两份：一份送达申请人，一份存档。", SMALL_SIZE, SMALL_SIZE * 1.7, NORMAL, false);
  GString *english = g_string_new(s->title.en);
  g_string_append_printf(english, " — %s For information; the Chinese text prevails.", s->english);
  set_paragraph(t, english->str, SMALL_SIZE, SMALL_SIZE * 1.6, NORMAL, false);
  g_string_free(english, TRUE);
  black(t);
}

static int set_sheet(struct setter *t, const struct sheet *s, int pages)
{
  t->s = s;
  t->page = 1;
  t->pages = pages;
  black(t);
  set_head(t);
  for (size_t i = 0; i < s->n; i++) {
    const struct sheet_block *block = &s->blocks[i];
    if (block->kind == SHEET_TABLE)
      set_table(t, block);
    else if (block->kind == SHEET_HEAD) {
      need(t, 5 * TEXT_SIZE);
      set_paragraph(t, block->text, TEXT_SIZE, TEXT_SIZE * 1.8, BOLD, true);
    } else
      set_paragraph(t, block->text, TEXT_SIZE, TEXT_SIZE * 1.7, NORMAL, true);
  }
  set_end(t);
  set_lines(t);
  page_foot(t);
  cairo_show_page(t->cr);
  return t->page;
}

/* ---- the document ---- */

static cairo_status_t take(void *closure, const unsigned char *data, unsigned length)
{
  struct buf *out = closure;
  if (out)
    buf_bytes(out, data, length);
  return out && out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void describe(cairo_surface_t *surface, const struct press *press, const struct sheet *sheets, size_t n)
{
  char date[MOMENT_TEXT];
  struct arena arena = {0};
  const struct sheet *last = &sheets[n - 1];
  moment_format(last->at / SECOND_MS * SECOND_MS, date);
  /* cairo takes no fractions of a second */
  const char *when = arena_printf(&arena, "%.19s+08:00", date);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                 arena_printf(&arena, "%s %s", n > 1 ? "办件文书" : last->title.zh, n > 1 ? "" : last->number));
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, last->issuer.zh);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, press->layout);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "onevisit");
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, when);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, when);
  arena_release(&arena);
}

static PangoContext *new_context(struct press *press)
{
  PangoContext *context = pango_font_map_create_context(press->map);
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(context, options);
  pango_cairo_context_set_resolution(context, 72);
  pango_context_set_language(context, pango_language_from_string("zh-cn"));
  pango_context_set_round_glyph_positions(context, FALSE);
  cairo_font_options_destroy(options);
  return context;
}

/* Draws all; with pages NULL only to count, into ret_pages. */
static cairo_status_t draw(struct press *press, const struct sheet *sheets, size_t n, const char *site, const int *pages,
                           int *ret_pages, struct buf *out)
{
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take, out, PAGE_W, PAGE_H);
  describe(surface, press, sheets, n);
  struct setter t = {.cr = cairo_create(surface), .pango = new_context(press), .site = site};
  for (size_t i = 0; i < n; i++) {
    int count = set_sheet(&t, &sheets[i], pages ? pages[i] : 0);
    if (ret_pages)
      ret_pages[i] = count;
  }
  g_object_unref(t.pango);
  cairo_destroy(t.cr);
  cairo_surface_finish(surface);
  cairo_status_t status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  return status;
}

int press_set(struct press *press, const struct sheet *sheets, size_t n, const char *site, struct buf *ret, struct error *error)
{
  int *pages = calloc(n ? n : 1, sizeof *pages);
  if (!pages)
    abort();
  pthread_mutex_lock(&press->lock);
  int bad = load_fonts(press, error);
  if (!bad) {
    (void)draw(press, sheets, n, site, NULL, pages, NULL);
    if (draw(press, sheets, n, site, pages, NULL, ret) != CAIRO_STATUS_SUCCESS || ret->full)
      bad = error_set(error, ERROR_TOO_LARGE, "paper-too-large", "文书过大，无法制成文件", "The papers are too large for one file");
  }
  pthread_mutex_unlock(&press->lock);
  free(pages);
  return bad;
}
