/*
 * plan_svg.c: the plan as a Gantt chart an official would print.
 *
 * Rows by department, one row a step, working days along the top. The kinds of bar differ by pattern and outline as well
 * as by colour, so a black and white print says the same; all text is dark on light (contrast over 7 : 1). The file has
 * no script and no font of its own.
 */
#include "plan/plan.h"

#include "base/text.h"

#define SVG_MAX ((size_t)8 * 1024 * 1024)
#define WIDTH 1060
#define MARGIN 16
#define CHART_X 300
#define CHART_WIDTH 520
#define DAY_MAX 80 /* pixels: a plan of few days is not stretched further */
#define LABEL_WIDTH (CHART_X - 2 * MARGIN - 12)
#define ROW 22
#define HEAD 28 /* the line of a department */
#define TOP 104 /* title, figures, days */
#define FONT 13
#define LABEL_LINES 4

struct drawing {
  const struct plan *plan;
  bool zh;
  struct buf body;
  double per_day; /* pixels a working day */
  double y;       /* of the next row */
};

/* Presentation attributes, not a style element: the page's policy forbids inline styles. */
static const struct {
  const char *class, *attributes;
} looks[] = {
    {"lead", "fill=\"#1d4f7c\" stroke=\"#12324f\""},
    {"assist", "fill=\"url(#plan-hatch)\" stroke=\"#7a4300\""},
    {"joint", "fill=\"url(#plan-cross)\" stroke=\"#1b5a2b\" stroke-width=\"2.5\""},
    {"excluded", "fill=\"url(#plan-dots)\" stroke=\"#4a4a4a\" stroke-dasharray=\"4 2\""},
    {"head", "fill=\"#e6ebf0\""},
    {"band", "fill=\"#1b5a2b\" fill-opacity=\"0.1\""},
    {"grid", "stroke=\"#9aa5b1\" fill=\"none\""},
    {"fine", "stroke=\"#dde3e9\" fill=\"none\""},
    {"rule", "stroke=\"#c6ced6\" fill=\"none\""},
    {"title", "font-size=\"20\" font-weight=\"600\""},
    {"agency", "font-weight=\"600\" font-size=\"14\""},
    {"name", "fill=\"#1b1b1b\""},
    {"step", "fill=\"#1b1b1b\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\""},
    {"note", "fill=\"#3d4751\""},
    {"day", "fill=\"#3d4751\" text-anchor=\"middle\""},
};

static const char *look(const char *class)
{
  for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
    if (span_is(span_of(class), looks[i].class))
      return looks[i].attributes;
  return "";
}

static const char *say(const struct drawing *d, const char *zh, const char *en)
{
  return d->zh ? zh : en;
}

static const char *name_in(const struct drawing *d, struct words words)
{
  const char *name = d->zh ? words.zh : words.en;
  return name ? name : "";
}

static void put_text(struct buf *out, struct span s)
{
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '&')
      buf_str(out, "&amp;");
    else if (c == '<')
      buf_str(out, "&lt;");
    else if (c == '>')
      buf_str(out, "&gt;");
    else if (c == '"')
      buf_str(out, "&quot;");
    else if (c >= 0x20)
      buf_char(out, (char)c);
  }
}

static double x_of(const struct drawing *d, int at)
{
  return CHART_X + at * d->per_day;
}

/* About as wide as system fonts set it. */
static double char_width(int32_t c)
{
  return (c >= 0x2e80 || c < 0) ? FONT : FONT * 0.56;
}

static double text_width(struct span s)
{
  double width = 0;
  while (s.n)
    width += char_width(text_next(&s));
  return width;
}

/* Takes a line that fits off the front, broken at a space where there is one. */
static struct span take_line(struct span *rest, double width)
{
  struct span left = *rest, line = {rest->p, 0};
  size_t space = 0;
  double used = 0;
  while (left.n) {
    struct span before = left;
    if (*left.p == ' ')
      space = line.n;
    int32_t c = text_next(&left);
    used += char_width(c);
    if (used > width && line.n) {
      if (space && *before.p != ' ')
        line.n = space;
      break;
    }
    line.n += before.n - left.n;
  }
  *rest = span_trim((struct span){rest->p + line.n, rest->n - line.n});
  return line;
}

static void put_line(struct drawing *d, double x, double y, const char *class, struct span text, bool cut)
{
  buf_printf(&d->body, "<text %s x=\"%.1f\" y=\"%.1f\">", look(class), x, y);
  put_text(&d->body, text);
  buf_str(&d->body, cut ? "…</text>\n" : "</text>\n");
}

/* The item's name in as many lines as it takes; returns how many. */
static int put_label(struct drawing *d, const char *name)
{
  struct span rest = span_of(name);
  int lines = 0;
  while (rest.n && lines < LABEL_LINES) {
    struct span line = take_line(&rest, LABEL_WIDTH);
    lines++;
    put_line(d, MARGIN + 12, d->y + lines * ROW - 7, "name", line, rest.n > 0 && lines == LABEL_LINES);
  }
  return lines;
}

static bool is_joint(const struct plan *plan, const struct plan_step *step)
{
  return step->visit >= 0 && plan->visits[step->visit].steps_merged > 1;
}

/* The number of a joint visit, counted among the joint ones only. */
static int joint_number(const struct plan *plan, int visit)
{
  int number = 0;
  for (int v = 0; v <= visit; v++)
    number += plan->visits[v].steps_merged > 1;
  return number;
}

static const char *bar_class(const struct plan *plan, const struct plan_step *step)
{
  if (is_joint(plan, step))
    return "joint";
  if (step->clock_excluded)
    return "excluded";
  return step->assist ? "assist" : "lead";
}

static void put_shape(struct drawing *d, const struct plan_step *step, double y)
{
  double x = x_of(d, step->start);
  const char *class = bar_class(d->plan, step);
  if (step->end == step->start)
    buf_printf(&d->body, "<path %s d=\"M%.1f %.1fl6 6l-6 6l-6-6z\"/>\n", look(class), x, y + 5);
  else
    buf_printf(&d->body, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\" rx=\"2\"/>\n", look(class), x, y + 4,
               x_of(d, step->end) - x);
}

static void put_days(struct drawing *d, struct buf *out, const struct plan_step *step)
{
  int days = step->end - step->start;
  if (days == 0)
    buf_str(out, say(d, "即办", "at once"));
  else if (days == 1)
    buf_str(out, say(d, "1 日", "1 day"));
  else
    buf_printf(out, say(d, "%d 日", "%d days"), days);
}

static void put_step(struct drawing *d, const struct plan_step *step, double y)
{
  struct buf *out = &d->body;
  buf_str(out, "<g>\n<title>");
  put_text(out, span_of(name_in(d, d->plan->items[step->item].item->name)));
  buf_str(out, say(d, "：", ": "));
  put_text(out, span_of(name_in(d, step_words(step->step))));
  buf_printf(out, say(d, "，第 %d 至第 %d 个工作日", ", working day %d to %d"), step->start, step->end);
  buf_str(out, "</title>\n");
  put_shape(d, step, y);
  buf_printf(out, "<text %s x=\"%.1f\" y=\"%.1f\">", look("step"), x_of(d, step->end) + 9, y + ROW - 7);
  put_text(out, span_of(name_in(d, step_words(step->step))));
  buf_char(out, ' ');
  put_days(d, out, step);
  if (is_joint(d->plan, step))
    buf_printf(out, say(d, "（联合 %d）", " (joint visit %d)"), joint_number(d->plan, step->visit));
  buf_str(out, "</text>\n</g>\n");
}

static void put_rule(struct drawing *d)
{
  buf_printf(&d->body, "<path %s d=\"M%d %.1fH%d\"/>\n", look("rule"), MARGIN, d->y, WIDTH - MARGIN);
}

/* What one department does for one item; nothing where it does nothing. */
static void put_item(struct drawing *d, int item, const struct agency *agency)
{
  const struct plan *plan = d->plan;
  int steps = 0;
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].item == item && plan->steps[s].agency == agency)
      put_step(d, &plan->steps[s], d->y + ROW * steps++);
  if (!steps)
    return;
  int lines = put_label(d, name_in(d, plan->items[item].item->name));
  d->y += ROW * (lines > steps ? lines : steps);
  put_rule(d);
}

static bool takes_part(const struct plan *plan, const struct agency *agency)
{
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].agency == agency)
      return true;
  return false;
}

static void put_agency(struct drawing *d, const struct agency *agency)
{
  if (!takes_part(d->plan, agency))
    return;
  buf_printf(&d->body, "<rect %s x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\"/>\n", look("head"), MARGIN, d->y,
             WIDTH - 2 * MARGIN, HEAD);
  put_line(d, MARGIN + 6, d->y + HEAD - 9, "agency", span_of(name_in(d, agency->name)), false);
  if (agency == d->plan->thing->lead)
    put_line(d, MARGIN + 16 + text_width(span_of(name_in(d, agency->name))) * 1.1, d->y + HEAD - 9, "note",
             span_of(say(d, "牵头部门", "lead department")), false);
  d->y += HEAD;
  for (size_t i = 0; i < d->plan->item_count; i++)
    put_item(d, (int)i, agency);
}

/* The least round number of days whose labels do not touch. */
static int tick_days(const struct drawing *d)
{
  static const int ticks[] = {1, 2, 5, 10, 20, 50, 100, 200, 500};
  size_t i = 0;
  while (i + 1 < sizeof ticks / sizeof *ticks && ticks[i] * d->per_day < 26)
    i++;
  return ticks[i];
}

static void put_grid(struct drawing *d, struct buf *out)
{
  int tick = tick_days(d);
  int fine = d->per_day >= 7 ? 1 : tick;
  for (int at = 0; at <= d->plan->days; at += fine)
    buf_printf(out, "<path %s d=\"M%.1f %dV%.1f\"/>\n", look(at % tick ? "fine" : "grid"), x_of(d, at), TOP - 6, d->y);
  for (int at = 0; at <= d->plan->days; at += tick)
    buf_printf(out, "<text %s x=\"%.1f\" y=\"%d\">%d</text>\n", look("day"), x_of(d, at), TOP - 12, at);
  buf_printf(out, "<text %s x=\"%d\" y=\"%d\">%s</text>\n", look("note"), MARGIN, TOP - 12,
             say(d, "自受理起的工作日 →", "Working days from acceptance →"));
}

static void put_bands(struct drawing *d, struct buf *out)
{
  for (size_t v = 0; v < d->plan->visit_count; v++) {
    const struct plan_visit *visit = &d->plan->visits[v];
    if (visit->steps_merged > 1 && visit->end > visit->start)
      buf_printf(out, "<rect %s x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\"/>\n", look("band"), x_of(d, visit->start), TOP,
                 x_of(d, visit->end) - x_of(d, visit->start), d->y - TOP);
  }
}

static void put_legend(struct drawing *d)
{
  static const struct {
    const char *class, *zh, *en;
  } kinds[] = {{"lead", "本部门办理", "Handled by the department"},
               {"assist", "协办部门意见", "Opinion of an assisting department"},
               {"joint", "多部门联合踏勘（合并为一次）", "Joint visit, several steps in one"},
               {"excluded", "依法不计入期限", "Not counted in the limit by law"}};
  double x = MARGIN;
  d->y += 16;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const char *text = say(d, kinds[i].zh, kinds[i].en);
    buf_printf(&d->body, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"26\" height=\"14\" rx=\"2\"/>\n", look(kinds[i].class), x, d->y);
    put_line(d, x + 32, d->y + 12, "note", span_of(text), false);
    x += 48 + 0.9 * text_width(span_of(text));
  }
  d->y += 34;
  put_line(d, MARGIN, d->y, "note",
           span_of(say(d, "菱形：即时办结。期限按工作日计，受理当日不计入（行政许可法第八十二条）。",
                       "A diamond is decided at once. Limits are in working days; the first day is not counted "
                       "(Administrative Licensing Law art. 82).")),
           false);
  d->y += 18;
}

static void put_figures(const struct drawing *d, struct buf *out)
{
  const struct plan *plan = d->plan;
  buf_printf(out,
             say(d, "%zu 个事项，%d 个部门并联办理，共 %d 个工作日（逐项办理合计 %d 个工作日）；线上申请跑 %d 次，窗口申请跑 %d 次",
                 "%zu items, %d departments in parallel, %d working days (%d one by one); trips: %d online, %d at a window"),
             plan->item_count, plan->before.agencies, plan->days, plan->days_serial, plan->trips_online, plan->trips_window);
}

static void put_head(const struct drawing *d, struct buf *out)
{
  buf_printf(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" xml:lang=\"%s\" lang=\"%s\" viewBox=\"0 0 %d %.0f\" width=\"%d\" "
      "height=\"%.0f\" aria-labelledby=\"plan-title plan-desc\">\n<title id=\"plan-title\">",
      say(d, "zh-CN", "en"), say(d, "zh-CN", "en"), WIDTH, d->y, WIDTH, d->y);
  put_text(out, span_of(name_in(d, d->plan->thing->name)));
  buf_str(out, say(d, "：联合办理计划", ": joint plan"));
  buf_str(out, "</title>\n<desc id=\"plan-desc\">");
  put_figures(d, out);
  buf_str(out, "</desc>\n");
}

static void put_style(struct buf *out)
{
  buf_str(out,
          "<defs>\n"
          "<pattern id=\"plan-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
          "<rect width=\"6\" height=\"6\" fill=\"#fff4e2\"/><path d=\"M0 0V6\" stroke=\"#7a4300\" stroke-width=\"3\"/></pattern>\n"
          "<pattern id=\"plan-cross\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">"
          "<rect width=\"7\" height=\"7\" fill=\"#e3f1e6\"/><path d=\"M0 0L7 7M7 0L0 7\" stroke=\"#1b5a2b\" "
          "stroke-width=\"1.2\"/></pattern>\n"
          "<pattern id=\"plan-dots\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
          "<rect width=\"6\" height=\"6\" fill=\"#ffffff\"/><circle cx=\"3\" cy=\"3\" r=\"1.2\" fill=\"#4a4a4a\"/></pattern>\n"
          "</defs>\n");
  buf_printf(
      out,
      "<g font-family=\"'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif\" font-size=\"%d\" "
      "fill=\"#1b1b1b\">\n",
      FONT);
}

static void put_heading(const struct drawing *d, struct buf *out)
{
  buf_printf(out, "<rect width=\"%d\" height=\"%.0f\" fill=\"#ffffff\" stroke=\"none\"/>\n", WIDTH, d->y);
  buf_printf(out, "<text %s x=\"%d\" y=\"34\">", look("title"), MARGIN);
  put_text(out, span_of(name_in(d, d->plan->thing->name)));
  buf_str(out, say(d, "：联合办理计划</text>\n", ": joint plan</text>\n"));
  buf_printf(out, "<text %s x=\"%d\" y=\"60\">", look("note"), MARGIN);
  put_figures(d, out);
  buf_str(out, "</text>\n");
}

struct span plan_svg(struct arena *arena, const struct plan *plan, const char *lang)
{
  struct drawing d = {.plan = plan, .zh = !span_is(span_of(lang), "en"), .y = TOP};
  int days = plan->days > 0 ? plan->days : 1;
  d.per_day = (double)CHART_WIDTH / days > DAY_MAX ? DAY_MAX : (double)CHART_WIDTH / days;
  buf_init(&d.body, SVG_MAX);
  struct buf rows, out;
  buf_init(&rows, SVG_MAX);
  buf_init(&out, 2 * SVG_MAX);
  for (size_t a = 0; a < plan->agency_count; a++)
    put_agency(&d, plan->agencies[a]);
  put_grid(&d, &rows); /* the rows' extent is known only now; the grid lies under them */
  put_bands(&d, &rows);
  put_legend(&d);
  put_head(&d, &out);
  put_style(&out);
  put_heading(&d, &out);
  buf_span(&out, buf_view(&rows));
  buf_span(&out, buf_view(&d.body));
  buf_str(&out, "</g>\n</svg>\n");
  struct span svg = arena_span(arena, buf_view(&out));
  buf_release(&rows);
  buf_release(&d.body);
  buf_release(&out);
  return svg;
}
