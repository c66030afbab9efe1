"""Bars as SVG, on a logarithmic scale: each side of a measurement one below the other, its figure beside it."""
import math
import os
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, GAP = 860, 330, 20, 8
OURS, OTHER, LIMIT = "#1f5fa8", "#9a9a9a", "#c9b27c"


def bars(title, unit, rows):
    """rows: (label, value, colour). The longest bar is the largest value; a tenth of a bar's length is the same ratio everywhere."""
    rows = [row for row in rows if row[1] and row[1] > 0]
    if not rows:
        return None
    most, least = max(row[1] for row in rows), min(row[1] for row in rows)
    low = 10 ** math.floor(math.log10(least))
    scale = (WIDTH - LABEL - 110) / (math.log10(most / low) or 1)
    height = 44 + len(rows) * (BAR + GAP) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img"'
           f' font-family="system-ui, sans-serif" font-size="13">', f"<title>{escape(title)}</title>",
           f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', f'<text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>']
    bottom = height - 24
    for power in range(round(math.log10(low)), math.floor(math.log10(most)) + 1):
        x = LABEL + (power - math.log10(low)) * scale
        out.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="36" y2="{bottom}" stroke="#e2e2e2"/>')
        out.append(f'<text x="{x:.0f}" y="{bottom + 16}" text-anchor="middle" fill="#555">{10 ** power:,}</text>')
    for i, (label, value, colour) in enumerate(rows):
        y = 40 + i * (BAR + GAP)
        length = max(1.0, math.log10(value / low) * scale)
        out.append(f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>')
        out.append(f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>')
        out.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 15}">{value:,.0f}</text>')
    out.append(f'<text x="{WIDTH - 8}" y="{bottom + 16}" text-anchor="end" fill="#555">{escape(unit)}</text></svg>')
    return "\n".join(out) + "\n"


def run_name(run):
    return f"{run['store']}, {run['access']}{', sealed' if run['sealed'] else ''}{', one writer' if run['writers'] == 1 else ''}"


def write(results, directory):
    plots = {}
    if results.get("peers"):
        plots["peers"] = bars("Tasks a second, the same seven-step process, HTTP in the path of all", "tasks/s, logarithmic",
                              [(r["name"], r["tasks_per_second"], OURS if r["name"].startswith("onevisit") else OTHER)
                               for r in results["peers"]])
    rows = []
    for run in results.get("engine") or []:
        for r in run["results"]:
            if r["in_flight"] in (64, 1024):
                name = f"{run_name(run)}, {r['in_flight']} in flight"
                rows += [(name, r["engine_per_second"], OURS), ("the same rows without an engine", r["bare_per_second"], LIMIT)]
    for r in results.get("http") or []:
        rows += [(f"GET {r['path']}", r["real_per_second"], OURS), ("the same bytes from memory", r["bare_per_second"], LIMIT)]
    plots["limits"] = bars("Beside the limit", "a second, logarithmic", rows)
    for name, text in plots.items():
        if text:
            with open(os.path.join(directory, f"{name}.svg"), "w", encoding="utf-8") as out:
                out.write(text)
