/*
 * plan_svg.c: the plan as a Gantt chart an official would print.
 *
 * A lane a department, a row an item with its steps one after another, stages as bands, the work of intermediaries in a lane of
 * its own before and beside them; working days along the top, so there are no weekends to draw. The kinds of bar differ by
 * pattern and outline as well as by colour, and the critical path is a bar under the bars, so a black and white print says the
 * same; all text is dark on light. The file has no script and no font of its own, and is as large as a sheet of A4, landscape.
 */
#include "plan/plan.h"

#include "base/text.h"

#define SVG_MAX ((size_t)8 * 1024 * 1024)
#define WIDTH 1240 /* at least; a high chart is as much wider as the sheet is */
#define MARGIN 16
#define LANE_WIDTH 132 /* the department's name */
#define ITEM_X (MARGIN + LANE_WIDTH)
#define ITEM_WIDTH 218
#define CHART_X (ITEM_X + ITEM_WIDTH + 12)
#define CHART_END 108 /* from the right edge: room for what stands after the last bar */
#define DAY_MAX 96    /* a plan of few days is not stretched further */
#define MANY_STEPS 50 /* more of them are drawn closer together */
#define FONT 12
#define SHEET_WIDTH 277.0 /* millimetres: A4 landscape within margins of a centimetre */
#define SHEET_HEIGHT 190.0
#define ROWS_MAX 8 /* of bars of one item in one lane that overlap */

struct drawing {
  const struct plan *plan;
  bool zh;
  struct buf body;
  int width, row, line; /* of the chart; how high a row and a line of text are */
  double per_day;       /* units a working day */
  int from;             /* the first day drawn: under 0 where an intermediary begins before acceptance */
  double top, y;        /* of the rows; of the next row */
};

/* Presentation attributes, not a style element: the page's policy forbids inline styles. */
static const struct {
  const char *class, *attributes;
} looks[] = {
    {"lead", "fill=\"#d3e3f2\" stroke=\"#12324f\""},
    {"assist", "fill=\"url(#plan-hatch)\" stroke=\"#7a4300\""},
    {"joint", "fill=\"url(#plan-cross)\" stroke=\"#1b5a2b\" stroke-width=\"2.5\""},
    {"excluded", "fill=\"url(#plan-dots)\" stroke=\"#4a4a4a\" stroke-dasharray=\"4 2\""},
    {"service", "fill=\"url(#plan-bars)\" stroke=\"#4b3a6b\""},
    {"critical", "fill=\"#a11212\""},
    {"defer", "fill=\"#ffffff\" stroke=\"#12324f\" stroke-width=\"1.5\""},
    {"band", "fill=\"#1b5a2b\" fill-opacity=\"0.1\""},
    {"stage", "fill=\"#e6ebf0\" stroke=\"#9aa5b1\""},
    {"grid", "stroke=\"#9aa5b1\" fill=\"none\""},
    {"fine", "stroke=\"#dde3e9\" fill=\"none\""},
    {"start", "stroke=\"#12324f\" stroke-width=\"2\" fill=\"none\""},
    {"rule", "stroke=\"#c6ced6\" fill=\"none\""},
    {"thick", "stroke=\"#5c6873\" fill=\"none\""},
    {"title", "font-size=\"21\" font-weight=\"600\""},
    {"agency", "font-weight=\"600\""},
    {"name", "fill=\"#1b1b1b\""},
    {"step", "fill=\"#1b1b1b\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\""},
    {"inside", "fill=\"#1b1b1b\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\" text-anchor=\"middle\""},
    {"note", "fill=\"#3d4751\""},
    {"date", "fill=\"#3d4751\" text-anchor=\"end\""},
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
  return CHART_X + (at - d->from) * d->per_day;
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

/* A name in as many lines as it takes, at most so many; returns how many. */
static int put_label(struct drawing *d, double x, double width, const char *class, const char *name, int most)
{
  struct span rest = span_of(name);
  int lines = 0;
  while (rest.n && lines < most) {
    struct span line = take_line(&rest, width);
    lines++;
    put_line(d, x, d->y + lines * d->line, class, line, rest.n > 0 && lines == most);
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

/* ---- bars ---- */

struct bar {
  const char *class;
  int start, end;
  bool critical;
  const char *name;
};

static void put_days(struct drawing *d, struct buf *out, int days)
{
  if (days == 0)
    buf_str(out, say(d, "即办", "at once"));
  else if (days == 1)
    buf_str(out, say(d, "1 日", "1 day"));
  else
    buf_printf(out, say(d, "%d 日", "%d days"), days);
}

/* The name where the bar holds it, else the number of days, else nothing: the title says it all. */
static void put_inside(struct drawing *d, const struct bar *bar, double y)
{
  double width = x_of(d, bar->end) - x_of(d, bar->start), middle = (x_of(d, bar->start) + x_of(d, bar->end)) / 2;
  bool name = text_width(span_of(bar->name)) + 6 <= width;
  if (!name && width < 15)
    return;
  buf_printf(&d->body, "<text %s x=\"%.1f\" y=\"%.1f\">", look("inside"), middle, y + 15);
  if (name)
    put_text(&d->body, span_of(bar->name));
  else
    buf_printf(&d->body, "%d", bar->end - bar->start);
  buf_str(&d->body, "</text>\n");
}

static void put_bar(struct drawing *d, const struct bar *bar, double y, const char *of)
{
  struct buf *out = &d->body;
  double x = x_of(d, bar->start), end = x_of(d, bar->end);
  buf_str(out, "<g>\n<title>");
  put_text(out, span_of(of));
  buf_str(out, say(d, "：", ": "));
  put_text(out, span_of(bar->name));
  buf_printf(out, say(d, "，第 %d 至第 %d 个工作日", ", working day %d to %d"), bar->start, bar->end);
  buf_str(out, bar->critical ? say(d, "，关键路径", ", critical path") : "");
  buf_str(out, "</title>\n");
  if (bar->end == bar->start)
    buf_printf(out, "<path %s d=\"M%.1f %.1fl6 6l-6 6l-6-6z\"/>\n", look(bar->class), x, y + 4);
  else
    buf_printf(out, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"15\" rx=\"2\"/>\n", look(bar->class), x, y + 3,
               end - x);
  if (bar->critical && bar->end > bar->start)
    buf_printf(out, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"3\"/>\n", look("critical"), x, y + d->row - 3.5,
               end - x);
  put_inside(d, bar, y);
  buf_str(out, "</g>\n");
}

/* After the last bar of a row: how long it takes, and which joint visit it is on. */
static void put_end(struct drawing *d, int item, const struct agency *agency, int end, double y)
{
  const struct plan *plan = d->plan;
  int days = 0, joint = 0;
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].item == item && plan->steps[s].agency == agency) {
      days += plan->steps[s].takes;
      joint = is_joint(plan, &plan->steps[s]) ? joint_number(plan, plan->steps[s].visit) : joint;
    }
  buf_printf(&d->body, "<text %s x=\"%.1f\" y=\"%.1f\">", look("step"), x_of(d, end) + 9, y + 15);
  put_days(d, &d->body, days);
  if (joint)
    buf_printf(&d->body, say(d, "（联合 %d）", " (joint %d)"), joint);
  buf_str(&d->body, "</text>\n");
}

/* ---- rows and lanes ---- */

static void put_across(struct drawing *d, const char *class, double from)
{
  buf_printf(&d->body, "<path %s d=\"M%.1f %.1fH%d\"/>\n", look(class), from, d->y, d->width - MARGIN);
}

/* Ends a row of so many lines of bars beside a label of so many lines of text. */
static void end_row(struct drawing *d, int bars, int label)
{
  double high = bars * d->row, text = label * d->line + 6;
  d->y += high > text ? high : text;
  put_across(d, "rule", ITEM_X);
}

/* What one department does for one item; nothing where it does nothing. Steps that overlap stand in rows of their own. */
static void put_item(struct drawing *d, int item, const struct agency *agency)
{
  const struct plan *plan = d->plan;
  int ends[ROWS_MAX], rows = 0;
  for (size_t s = 0; s < plan->step_count; s++) {
    const struct plan_step *step = &plan->steps[s];
    if (step->item != item || step->agency != agency)
      continue;
    int row = 0;
    while (row < rows && ends[row] > step->start)
      row++;
    row = row < ROWS_MAX ? row : ROWS_MAX - 1;
    rows = row < rows ? rows : row + 1;
    ends[row] = step->end;
    struct bar bar = {bar_class(plan, step), step->start, step->end, step->critical, name_in(d, step_words(step->step))};
    put_bar(d, &bar, d->y + row * d->row, name_in(d, plan->items[item].item->name));
  }
  if (!rows)
    return;
  put_end(d, item, agency, ends[rows - 1], d->y + (rows - 1) * d->row);
  end_row(d, rows, put_label(d, ITEM_X + 6, ITEM_WIDTH, "name", name_in(d, plan->items[item].item->name), 2));
}

static bool takes_part(const struct plan *plan, const struct agency *agency)
{
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].agency == agency)
      return true;
  return false;
}

/* The name at the left of its rows, which are at least as high as it. */
static void end_lane(struct drawing *d, double from, const char *name, const char *note)
{
  double until = d->y;
  d->y = from;
  int lines = put_label(d, MARGIN + 6, LANE_WIDTH - 12, "agency", name, 4);
  if (note) {
    d->y += lines * d->line;
    lines += put_label(d, MARGIN + 6, LANE_WIDTH - 12, "note", note, 1);
  }
  double least = from + lines * d->line + 6;
  d->y = until > least ? until : least;
  put_across(d, "thick", MARGIN);
}

static void put_agency(struct drawing *d, const struct agency *agency)
{
  double from = d->y;
  if (!takes_part(d->plan, agency))
    return;
  for (size_t i = 0; i < d->plan->item_count; i++)
    put_item(d, (int)i, agency);
  end_lane(d, from, name_in(d, agency->name), agency == d->plan->thing->lead ? say(d, "牵头", "lead") : NULL);
}

static void put_services(struct drawing *d)
{
  const struct plan *plan = d->plan;
  double from = d->y;
  for (size_t i = 0; i < plan->service_count; i++) {
    const struct plan_service *s = &plan->services[i];
    const char *item = name_in(d, plan->items[s->item].item->name);
    struct bar bar = {"service", s->start, s->end, false, name_in(d, s->name)};
    put_bar(d, &bar, d->y, item);
    buf_printf(&d->body, "<text %s x=\"%.1f\" y=\"%.1f\">→ ", look("step"), x_of(d, s->end) + 4, d->y + 15);
    put_days(d, &d->body, s->takes);
    buf_str(&d->body, "</text>\n");
    end_row(d, 1, put_label(d, ITEM_X + 6, ITEM_WIDTH, "name", name_in(d, s->name), 2));
  }
  if (plan->service_count)
    end_lane(d, from, say(d, "中介服务", "Intermediaries"), NULL);
}

/* The day of the acceptance at which the paper would be due: of the first stage that wants it. */
static int asked_at(const struct plan *plan, const struct plan_material *line)
{
  for (size_t s = 0; s < plan->stage_count; s++)
    for (size_t i = 0; i < plan->item_count; i++)
      for (size_t r = 0; r < line->reason_count; r++)
        if (plan->items[i].item == line->reasons[r].item && plan->items[i].stage == plan->stages[s].stage)
          return plan->stages[s].start;
  return 0;
}

/* What may be handed in later: a mark on its day. */
static void put_deferrals(struct drawing *d)
{
  const struct plan *plan = d->plan;
  double from = d->y;
  bool any = false;
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    if (!line->defer)
      continue;
    int at = asked_at(plan, line) + line->defer;
    at = at < plan->days ? at : plan->days;
    any = true;
    buf_printf(&d->body, "<path %s d=\"M%.1f %.1fl7 12h-14z\"/>\n", look("defer"), x_of(d, at), d->y + 4);
    buf_printf(&d->body, "<text %s x=\"%.1f\" y=\"%.1f\">", look("step"), x_of(d, at) + 11, d->y + 15);
    buf_printf(&d->body, say(d, "%d 日内", "within %d days"), line->defer);
    buf_str(&d->body, "</text>\n");
    end_row(d, 1, put_label(d, ITEM_X + 6, ITEM_WIDTH, "name", name_in(d, line->material->name), 2));
  }
  if (any)
    end_lane(d, from, say(d, "申请人容缺后补", "Applicant: may follow"), NULL);
}

/* ---- axis ---- */

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
  int tick = tick_days(d), fine = d->per_day >= 7 ? 1 : tick, first = d->from / tick * tick;
  for (int at = d->per_day >= 7 ? d->from : first; at <= d->plan->days; at += fine)
    buf_printf(out, "<path %s d=\"M%.1f %.1fV%.1f\"/>\n",
               look(at == 0     ? "start"
                    : at % tick ? "fine"
                                : "grid"),
               x_of(d, at), d->top - 6, d->y);
  for (int at = first; at <= d->plan->days; at += tick)
    buf_printf(out, "<text %s x=\"%.1f\" y=\"%.1f\">%d</text>\n", look("day"), x_of(d, at), d->top - 10, at);
  buf_printf(out, "<text %s x=\"%d\" y=\"%.1f\">%s</text>\n", look("note"), MARGIN, d->top - 10,
             say(d, "自受理（0）起的工作日，不画周末 →", "Working days from acceptance (0); weekends are not drawn →"));
}

static void put_bands(struct drawing *d, struct buf *out)
{
  for (size_t v = 0; v < d->plan->visit_count; v++) {
    const struct plan_visit *visit = &d->plan->visits[v];
    if (visit->steps_merged > 1 && visit->end > visit->start)
      buf_printf(out, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", look("band"), x_of(d, visit->start),
                 d->top, x_of(d, visit->end) - x_of(d, visit->start), d->y - d->top);
  }
}

/* A line of boxes above the days: each stage from its acceptance to its delivery. */
static void put_stages(struct drawing *d, struct buf *out)
{
  for (size_t i = 0; i < d->plan->stage_count && d->plan->stages[0].stage; i++) {
    const struct plan_stage *stage = &d->plan->stages[i];
    double x = x_of(d, stage->start), width = x_of(d, stage->end) - x;
    struct span rest = span_of(name_in(d, stage_words(stage->stage))), name = take_line(&rest, width - 22);
    buf_printf(out, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"18\"/>\n", look("stage"), x, d->top - 44, width);
    buf_printf(out, "<text %s x=\"%.1f\" y=\"%.1f\">%d ", look("name"), x + 4, d->top - 31, stage->stage);
    put_text(out, width > 40 ? name : (struct span){"", 0});
    buf_str(out, "</text>\n");
    buf_printf(out, "<path %s d=\"M%.1f %.1fV%.1f\"/>\n", look("thick"), x + width, d->top - 26, d->y);
  }
}

/* ---- legend, title ---- */

static void put_key(struct drawing *d, double *x, const char *class, const char *text)
{
  double width = 48 + 0.95 * text_width(span_of(text));
  if (*x + width > d->width - MARGIN) {
    *x = MARGIN;
    d->y += 20;
  }
  if (span_is(span_of(class), "critical"))
    buf_printf(&d->body, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"26\" height=\"3\"/>\n", look(class), *x, d->y + 6);
  else if (span_is(span_of(class), "defer"))
    buf_printf(&d->body, "<path %s d=\"M%.1f %.1fl7 12h-14z\"/>\n", look(class), *x + 13, d->y + 1);
  else
    buf_printf(&d->body, "<rect %s x=\"%.1f\" y=\"%.1f\" width=\"26\" height=\"14\" rx=\"2\"/>\n", look(class), *x, d->y);
  put_line(d, *x + 32, d->y + 12, "note", span_of(text), false);
  *x += width;
}

static bool any_deferred(const struct plan *plan)
{
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].defer)
      return true;
  return false;
}

static void put_legend(struct drawing *d)
{
  double x = MARGIN;
  d->y += 14;
  put_key(d, &x, "lead", say(d, "本部门办理", "Handled by the department"));
  put_key(d, &x, "assist", say(d, "协办部门意见", "Opinion of an assisting department"));
  put_key(d, &x, "joint", say(d, "多部门联合踏勘（合并为一次）", "Joint visit, several in one"));
  put_key(d, &x, "excluded", say(d, "依法不计入期限", "Not counted in the limit by law"));
  put_key(d, &x, "critical", say(d, "关键路径：长一天，全程长一天", "Critical path: a day more here is a day more for all"));
  if (d->plan->service_count)
    put_key(d, &x, "service", say(d, "中介服务", "Work of an intermediary"));
  if (any_deferred(d->plan))
    put_key(d, &x, "defer", say(d, "可容缺材料补齐之日", "A paper may follow by this day"));
  d->y += 34;
  put_line(
      d, MARGIN, d->y, "note",
      span_of(say(
          d, "菱形：即时办结。格内数字：工作日数。期限按工作日计，受理当日不计入（行政许可法第八十二条）。",
          "A diamond is decided at once; a number in a bar is its working days. Limits are in working days; the first day is not "
          "counted (Administrative Licensing Law art. 82).")),
      false);
  d->y += 16;
}

static void put_figures(const struct drawing *d, struct buf *out)
{
  const struct plan *plan = d->plan;
  buf_printf(out,
             say(d, "%zu 个事项，%d 个部门并联办理，共 %d 个工作日（逐项办理合计 %d 个工作日）；线上申请跑 %d 次，窗口申请跑 %d 次",
                 "%zu items, %d departments in parallel, %d working days (%d one by one); trips: %d online, %d at a window"),
             plan->item_count, plan->before.agencies, plan->days, plan->days_serial, plan->trips_online, plan->trips_window);
  if (plan->service_count)
    buf_printf(out, say(d, "；连同中介服务 %d 个工作日", "; %d with intermediaries"), plan->days_with_services);
}

static void put_head(const struct drawing *d, struct buf *out)
{
  double scale = SHEET_WIDTH / d->width;
  if (d->y * scale > SHEET_HEIGHT)
    scale = SHEET_HEIGHT / d->y;
  buf_printf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" xml:lang=\"%s\" lang=\"%s\" viewBox=\"0 0 %d %.0f\" "
             "width=\"%.1fmm\" height=\"%.1fmm\" aria-labelledby=\"plan-title plan-desc\">\n<title id=\"plan-title\">",
             say(d, "zh-CN", "en"), say(d, "zh-CN", "en"), d->width, d->y, d->width * scale, d->y * scale);
  put_text(out, span_of(name_in(d, d->plan->thing->name)));
  buf_str(out, say(d, "：联合办理计划", ": joint plan"));
  buf_str(out, "</title>\n<desc id=\"plan-desc\">");
  put_figures(d, out);
  buf_str(out, "</desc>\n");
}

static void put_style(struct buf *out)
{
  buf_str(
      out,
      "<defs>\n"
      "<pattern id=\"plan-hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
      "<rect width=\"7\" height=\"7\" fill=\"#fff4e2\"/><path d=\"M0 0V7\" stroke=\"#d9a866\" stroke-width=\"3\"/></pattern>\n"
      "<pattern id=\"plan-cross\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">"
      "<rect width=\"7\" height=\"7\" fill=\"#e3f1e6\"/><path d=\"M0 0L7 7M7 0L0 7\" stroke=\"#7fb08b\" "
      "stroke-width=\"1\"/></pattern>\n"
      "<pattern id=\"plan-dots\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
      "<rect width=\"6\" height=\"6\" fill=\"#ffffff\"/><circle cx=\"3\" cy=\"3\" r=\"1\" fill=\"#7a7a7a\"/></pattern>\n"
      "<pattern id=\"plan-bars\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
      "<rect width=\"6\" height=\"6\" fill=\"#f4f0fa\"/><path d=\"M0 3H6\" stroke=\"#b9a9d6\" stroke-width=\"1.5\"/></pattern>\n"
      "</defs>\n");
  buf_printf(
      out,
      "<g font-family=\"'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif\" font-size=\"%d\" "
      "fill=\"#1b1b1b\">\n",
      FONT);
}

static void put_date(const struct drawing *d, struct buf *out)
{
  int y, m, day_of_month;
  day_parts(d->plan->made, &y, &m, &day_of_month);
  buf_printf(out, "<text %s x=\"%d\" y=\"34\">", look("date"), d->width - MARGIN);
  buf_printf(out, say(d, "编制日期 %d 年 %d 月 %d 日", "Made on %d-%02d-%02d"), y, m, day_of_month);
  buf_str(out, "</text>\n");
}

static void put_heading(const struct drawing *d, struct buf *out)
{
  buf_printf(out, "<rect width=\"%d\" height=\"%.0f\" fill=\"#ffffff\" stroke=\"none\"/>\n", d->width, d->y);
  buf_printf(out, "<text %s x=\"%d\" y=\"36\">", look("title"), MARGIN);
  put_text(out, span_of(name_in(d, d->plan->thing->name)));
  buf_str(out, say(d, "：联合办理计划</text>\n", ": joint plan</text>\n"));
  put_date(d, out);
  buf_printf(out, "<text %s x=\"%d\" y=\"58\">", look("note"), MARGIN);
  put_figures(d, out);
  buf_str(out, "</text>\n");
}

static void put_rows(struct drawing *d)
{
  d->y = d->top;
  put_services(d);
  for (size_t a = 0; a < d->plan->agency_count; a++)
    put_agency(d, d->plan->agencies[a]);
  put_deferrals(d);
}

static void set_width(struct drawing *d, int width)
{
  const struct plan *plan = d->plan;
  int days = plan->days > d->from ? plan->days - d->from : 1;
  d->width = width;
  d->per_day = (double)(width - CHART_X - CHART_END) / days;
  if (d->per_day > DAY_MAX)
    d->per_day = DAY_MAX;
}

static void begin(struct drawing *d, const struct plan *plan, const char *lang)
{
  bool many = plan->step_count + plan->service_count > MANY_STEPS;
  *d = (struct drawing){.plan = plan, .zh = !span_is(span_of(lang), "en"), .row = many ? 19 : 22, .line = many ? 13 : 15};
  d->top = plan->stage_count && plan->stages[0].stage ? 118 : 98;
  d->from = plan->service_count && plan->services[0].start < 0 ? plan->services[0].start : 0;
  buf_init(&d->body, SVG_MAX);
  set_width(d, WIDTH);
  put_rows(d);
  int wide = (int)((d->y + 70) * SHEET_WIDTH / SHEET_HEIGHT);
  if (wide <= WIDTH)
    return;
  buf_release(&d->body);
  buf_init(&d->body, SVG_MAX);
  set_width(d, wide);
  put_rows(d);
}

struct span plan_svg(struct arena *arena, const struct plan *plan, const char *lang)
{
  struct drawing d;
  struct buf rows, out;
  begin(&d, plan, lang);
  buf_init(&rows, SVG_MAX);
  buf_init(&out, 2 * SVG_MAX);
  put_bands(&d, &rows); /* the rows' extent is known only now; bands and grid lie under them */
  put_grid(&d, &rows);
  put_stages(&d, &rows);
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
