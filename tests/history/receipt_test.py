#!/usr/bin/env python3
"""A real log in and out: nothing may differ from it, nor from figures computed elsewhere.

    tests/history/receipt_test.py build/onevisit

Reads ../shared/data/receipt.xes.gz and receipt-reference/ (data of others, never copied here) and says so and passes where
they are absent. Runs on SQLite, and on PostgreSQL where ONEVISIT_TEST_POSTGRES names a cluster.
"""
import collections
import csv
import datetime
import gzip
import json
import os
import pathlib
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

PROGRAM = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(os.environ.get("ONEVISIT_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
DATA = SOURCE / ".." / "shared" / "data"
RECEIPT = DATA / "receipt.xes.gz"
REFERENCE = DATA / "receipt-reference"
ENVIRONMENT = dict(os.environ, LC_ALL="en_GB.UTF-8")
failures = []


def check(what, found, expected):
    if found != expected:
        failures.append(f"{what}: {found!r}, expected {expected!r}")


def near(what, found, expected):
    if abs(found - expected) >= 0.0006:  # seconds: half a millisecond, and the reference's own rounding
        failures.append(f"{what}: {found!r}, expected {expected!r}")


def run(*arguments, status=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT, timeout=300)
    if done.returncode != status:
        raise SystemExit(f"onevisit {' '.join(map(str, arguments))}: exit {done.returncode}, expected {status}\n{done.stderr}")
    return done


# ---- what a log says ----


def tag(element):
    return element.tag.rsplit("}", 1)[-1]


def same(a, b, path="log"):
    """Element by element, attribute by attribute, in the same order."""
    check(f"{path}: element", tag(b), tag(a))
    check(f"{path}: attributes", list(b.items()), list(a.items()))
    check(f"{path}: members", len(b), len(a))
    for i, (x, y) in enumerate(zip(a, b)):
        if len(failures) > 20:
            return
        same(x, y, f"{path}/{tag(x)}[{i}]")


def text(element, key):
    for member in element:
        if member.get("key") == key:
            return member.get("value")
    return None


def read_log(root):
    cases = []
    for trace in (e for e in root if tag(e) == "trace"):
        steps = [
            (
                text(event, "concept:name"),
                datetime.datetime.fromisoformat(text(event, "time:timestamp")).timestamp(),
                text(event, "org:resource"),
                text(event, "org:group"),
                text(event, "lifecycle:transition"),
            )
            for event in trace
            if tag(event) == "event"
        ]
        cases.append((trace, steps))
    return cases


def percentile(values, p):
    values = sorted(values)
    at = (len(values) - 1) * p / 100
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def edges(cases):
    found = collections.defaultdict(list)
    for _, steps in cases:
        for a, b in zip(steps, steps[1:]):
            found[a[0], b[0]].append(b[1] - a[1])
    return found


# ---- against the reference ----


def check_counts(cases, expected):
    steps = [step for _, all_steps in cases for step in all_steps]
    check("cases", len(cases), expected["cases"])
    check("events", len(steps), expected["events"])
    check("activities", len({s[0] for s in steps}), expected["activities"])
    check("resources", len({s[2] for s in steps}), expected["resources"])
    check("groups", len({s[3] for s in steps}), expected["groups"])
    check("lifecycle", dict(collections.Counter(s[4] for s in steps)), expected["lifecycle"])
    check("unsorted cases", sum(any(a[1] > b[1] for a, b in zip(c, c[1:])) for _, c in cases), expected["unsorted_cases"])
    check("start activities", dict(collections.Counter(c[0][0] for _, c in cases)), expected["start_activities"])
    check("end activities", dict(collections.Counter(c[-1][0] for _, c in cases)), expected["end_activities"])
    near("first event", min(s[1] for s in steps), expected["first_event"])
    near("last event", max(s[1] for s in steps), expected["last_event"])


def check_figures(what, values, expected):
    check(f"{what}: n", len(values), expected["n"])
    near(f"{what}: mean", statistics.fmean(values), expected["mean"])
    near(f"{what}: median", statistics.median(values), expected["median"])
    near(f"{what}: min", min(values), expected["min"])
    near(f"{what}: max", max(values), expected["max"])
    near(f"{what}: p90", percentile(values, 90), expected["p90"])
    near(f"{what}: p95", percentile(values, 95), expected["p95"])


def check_variants(cases, expected):
    found = collections.Counter(tuple(s[0] for s in steps) for _, steps in cases)
    check("variants", len(found), expected["variants"])
    check("variants of one case", sum(n == 1 for n in found.values()), expected["variants_once"])
    for count, variant in expected["top_variants"]:
        check(f"variant {variant[:2]}…", found[tuple(variant)], count)
    with open(REFERENCE / "receipt.variants.csv", encoding="utf-8", newline="") as file:
        listed = {row["variant"]: (int(row["count"]), int(row["length"])) for row in csv.DictReader(file)}
    check("variants listed", {" > ".join(v): (n, len(v)) for v, n in found.items()}, listed)


def check_edges(cases, expected):
    found = edges(cases)
    check("edges", len(found), expected["dfg_edges"])
    check("edges in all", sum(map(len, found.values())), expected["dfg_total"])
    check("self loops", sum(a == b for a, b in found), expected["dfg_self_loops"])
    check("self loop events", sum(len(v) for (a, b), v in found.items() if a == b), expected["dfg_self_loop_events"])
    with open(REFERENCE / "receipt.dfg.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            times = found.pop((row["from"], row["to"]), [])
            name = f"{row['from']} → {row['to']}"
            check(f"{name}: count", len(times), int(row["count"]))
            if not times:
                continue
            near(f"{name}: mean", statistics.fmean(times), float(row["mean_s"]))
            near(f"{name}: median", statistics.median(times), float(row["median_s"]))
            near(f"{name}: min", min(times), float(row["min_s"]))
            near(f"{name}: max", max(times), float(row["max_s"]))
    check("edges that the reference lacks", dict(found), {})


def check_hands(cases, expected):
    for what, at in (("resource", 2), ("group", 3)):
        pairs = collections.Counter((a[at], b[at]) for _, steps in cases for a, b in zip(steps, steps[1:]))
        check(f"{what} hand-over pairs", len(pairs), expected[f"handover_{what}_pairs"])
        check(f"{what} changes", sum(n for (a, b), n in pairs.items() if a != b), expected[f"handover_{what}_changes"])
    again = [sum(n - 1 for n in collections.Counter(s[0] for s in steps).values()) for _, steps in cases]
    check("rework cases", sum(n > 0 for n in again), expected["rework_cases"])
    check("rework events", sum(again), expected["rework_events"])


def check_traces(cases):
    with open(REFERENCE / "receipt_gov.json", encoding="utf-8") as file:
        expected = json.load(file)
    for key in ("channel", "department"):
        check(key, dict(collections.Counter(text(t, key) for t, _ in cases)), expected[key])
    for channel, figures in expected["cycle_time_by_channel_s"].items():
        times = [steps[-1][1] - steps[0][1] for t, steps in cases if text(t, "channel") == channel]
        check_figures(f"cycle time by {channel}", times, figures)


def check_reference(root):
    with open(REFERENCE / "receipt.json", encoding="utf-8") as file:
        expected = json.load(file)
    cases = read_log(root)
    check_counts(cases, expected)
    check_variants(cases, expected)
    check_edges(cases, expected)
    check_hands(cases, expected)
    check_figures("trace length", [len(steps) for _, steps in cases], expected["trace_len"])
    check_figures("cycle time", [steps[-1][1] - steps[0][1] for _, steps in cases], expected["cycle_time_s"])
    check_traces(cases)


# ---- the stories ----


def in_and_out(url, keys, directory, original):
    done = run("import", "xes", RECEIPT, "--store", url, "--keys", keys)
    check("says what it did", "1434 traces, 8577 steps" in done.stderr and "mported" in done.stderr, True)
    out = directory / "out.xes"
    run("export", "xes", "--store", url, "-o", out)
    root = ET.parse(out).getroot()
    same(original, root)
    check_reference(root)
    done = run("import", "xes", RECEIPT, "--store", url, "--keys", keys)
    check("again adds nothing, and says so", "nothing was added" in done.stderr, True)
    run("import", "xes", out, "--store", url, "--keys", keys)  # its own export is the same log
    packed = directory / "out.xes.gz"
    run("export", "xes", "--store", url, "-o", packed, "--kind", "history")
    check("packed and plain agree", gzip.decompress(packed.read_bytes()), out.read_bytes())
    run("ledger", "verify", "--store", url)
    check("nothing is left beside the files", sorted(p.name for p in directory.glob("out*")), ["out.xes", "out.xes.gz"])


def cut_short(url, keys, directory):
    damaged = directory / "cut.xes.gz"
    damaged.write_bytes(RECEIPT.read_bytes()[:150000])
    done = run("import", "xes", damaged, "--store", url, "--keys", keys, status=2)
    check("says that it is incomplete", "incomplete" in done.stderr and "cut.xes.gz" in done.stderr, True)
    plain = directory / "cut.xes"
    plain.write_bytes(gzip.decompress(RECEIPT.read_bytes())[:3000000])
    done = run("import", "xes", plain, "--store", url, "--keys", keys, status=2)
    check("says where", "cut.xes:" in done.stderr, True)
    check("changes nothing", "Exported 0 traces" in run("export", "xes", "--store", url, "-o", directory / "none.xes").stderr, True)


def killed(url, keys, directory, original):
    """An import that is killed on the way is finished by the next one, without a step lost or doubled."""
    begun = 0
    for wait in (0.4, 0.7, 1.0):
        child = subprocess.Popen([PROGRAM, "import", "xes", RECEIPT, "--store", url, "--keys", keys], stderr=subprocess.DEVNULL)
        time.sleep(wait)
        begun += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    run("import", "xes", RECEIPT, "--store", url, "--keys", keys)
    out = directory / "after.xes"
    done = run("export", "xes", "--store", url, "-o", out)
    check("is complete", "not imported to their end" in done.stderr, False)
    same(original, ET.parse(out).getroot())
    run("ledger", "verify", "--store", url)
    print(f"  killed {begun} times on the way")


def with_store(which, story, *arguments):
    before = len(failures)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="onevisit-receipt-"))
    cluster, name = os.environ.get("ONEVISIT_TEST_POSTGRES", ""), "onevisit_receipt_" + secrets.token_hex(6)
    url = f"sqlite:{directory}/store.db"
    if which == "PostgreSQL":
        subprocess.run(["psql", "-qX", cluster, "-c", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"], check=True)
        url = cluster.rsplit("/", 1)[0] + "/" + name
    try:
        story(url, directory / "keys", directory, *arguments)
    finally:
        shutil.rmtree(directory)
        if which == "PostgreSQL":
            subprocess.run(["psql", "-qX", cluster, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)
    print(f"{'ok' if len(failures) == before else 'FAILED'}: {story.__name__.replace('_', ' ')} on {which}")


def main():
    if not RECEIPT.exists():
        print("skipped: ../shared/data/receipt.xes.gz is not here")
        return 77
    original = ET.fromstring(gzip.decompress(RECEIPT.read_bytes()))
    stores = ["SQLite"]
    if os.environ.get("ONEVISIT_TEST_POSTGRES") and shutil.which("psql"):
        stores.append("PostgreSQL")
    else:
        print("PostgreSQL left out: ONEVISIT_TEST_POSTGRES is not set, or psql is missing")
    for which in stores:
        with_store(which, in_and_out, original)
        with_store(which, cut_short)
        with_store(which, killed, original)
    for failure in failures[:30]:
        print(failure)
    return 1 if failures else 0


sys.exit(main())
