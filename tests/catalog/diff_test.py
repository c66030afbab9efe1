#!/usr/bin/env python3
"""One change at a time is planted into the sample city: onevisit diff names exactly the things it concerns, its examples are what
onevisit plan says of both folders, and of small things every answer is tried: no difference is missed.

usage: diff_test.py PATH-OF-ONEVISIT [--seed N] [--rounds N] [--tries N]

rounds: changes of each kind; tries: answers of a thing to try at most.
"""
import argparse
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

parser = argparse.ArgumentParser()
parser.add_argument("onevisit")
parser.add_argument("--seed", type=int, default=6)
parser.add_argument("--rounds", type=int, default=1)
parser.add_argument("--tries", type=int, default=32)
arguments = parser.parse_args()
SOURCE = os.environ.get("ONEVISIT_SOURCE", ".")
CITY = os.path.join(SOURCE, "catalogs/ningbo")
BASIS = "basis: {law: 某法, article: 第一条}"
PLANTED = "\n- {material: planted, name: {zh: 种下的材料, en: Planted}, kind: proof, holder: none, shared: no, fields: []}\n"
failures, figures = [], {"plants": 0, "differences": 0, "examples": 0, "answers": 0}


def read(path):
    with open(os.path.join(CITY, path), encoding="utf8") as file:
        return file.read()


def folder(name):
    return {f[:-5]: yaml.safe_load(read(f"{name}/{f}")) for f in sorted(os.listdir(os.path.join(CITY, name)))}


items, things = folder("items"), folder("things")
used = {}
for thing, content in things.items():
    for entry in content["items"]:
        used.setdefault(entry if isinstance(entry, str) else entry["item"], set()).add(thing)


# ---- changes: (kind of file, its id, the new text), or None where this one cannot be changed so ----

held = {m["material"] for m in yaml.safe_load(read("materials.yaml")) if m.get("holder") not in (None, "none")}


def days(text):
    return int(re.match(r"\d+", str(text or 0)).group())


def has_slack(item):
    return days(item["limits"].get("promised")) >= sum(days(s.get("takes")) for s in item["steps"]) + 1


def item_change(pattern, to, wanted=lambda item: True):
    def change(draw):
        names = sorted(n for n in used if wanted(items[n]) and re.search(pattern, read(f"items/{n}.yaml"), flags=re.M))
        name = draw.choice(names)
        return "items", name, re.sub(pattern, to, read(f"items/{name}.yaml"), count=1, flags=re.M), used[name]
    return change


def thing_change(pattern, to):
    def change(draw):
        names = sorted(n for n in things if re.search(pattern, read(f"things/{n}.yaml"), flags=re.M))
        name = draw.choice(names)
        return "things", name, re.sub(pattern, to, read(f"things/{name}.yaml"), count=1, flags=re.M), {name}
    return change


def add_need(draw):
    """An item waits for one that stands before it in a thing; both have nothing to do with each other so far."""
    while True:
        thing = draw.choice(sorted(things))
        listed = [e if isinstance(e, str) else e["item"] for e in things[thing]["items"]]
        if len(listed) < 2:
            continue
        first, name = listed[0], listed[-1]
        if first != name and not items[name].get("needs") and not items[first].get("needs"):
            text = read(f"items/{name}.yaml")
            text = re.sub(r"^needs: .*\n", "", text, flags=re.M)
            return "items", name, text + f"needs: [{first}]\n", used[name]


def more(match):
    return match.group(1) + str(int(match.group(2)) + 7)


def one_more(match):
    return match.group(1) + str(int(match.group(2)) + 1)


CHANGES = {
    "threshold moved": thing_change(r"(when: \w+ > )(\d+)", more),
    "an item's condition changed": thing_change(r"^(  - \{item: [\w-]+, when: )(\w+)\}", r"\1not(\2)}"),
    "material added": item_change(r"^materials:(?: \[\])?$", "materials:\n  - {material: planted, from: applicant, %s}" % BASIS),
    "material removed": item_change(r"^  - \{material: [\w-]+, from: applicant, .*\n", "", lambda i: len(i["materials"]) > 1),
    "material fetched": item_change(r"^(  - \{material: (?:%s), from: )applicant(, basis)" % "|".join(sorted(held)), r"\1government\2"),
    "presence added": item_change(r"^presence: \[\]$", "presence:\n  - {why: identity, %s}" % BASIS),
    "presence removed": item_change(r"^presence:\n  - .*\n(?!  - )", "presence: []\n"),
    "delivery narrowed": item_change(r"^delivery: .*$", "delivery: [window]", lambda i: i["delivery"] != ["window"]),
    "need added": add_need,
    "step longer": item_change(r"^(  - \{step: decide, takes: )(\d+)", one_more, has_slack),
    "promise changed": item_change(r"^limits: \{statutory: (\d+)wd, promised: \d+wd\}", r"limits: {statutory: \1wd, promised: \1wd}",
                                   lambda i: i["limits"].get("promised") != i["limits"].get("statutory")),
    "a question's range": thing_change(r"(type: number, .*max: )(\d+)", more),
    "a comment": item_change(r"\A", "# a comment\n"),
    "order of keys": item_change(r"^(limits: .*\n)(channels: .*\n)", r"\2\1"),
    "written otherwise": thing_change(r"^(  - \{item: [\w-]+, when: )(\w+)\}", r"\1not(not(\2))}"),
}
NOTHING = {"a comment", "order of keys"}   # not even read as a change
SAME = {"written otherwise"}               # a change, and proved the same
MUST = {"material added"}                  # seen in every thing of the item


def run(*args):
    return subprocess.run([arguments.onevisit, *args], capture_output=True, text=True)


def plan(city, thing, answers, zone=None):
    given = [word for q, a in answers.items() for word in ("--answer", f"{q}={a}")]
    done = run("plan", city, thing, *given, *(["--zone", zone] if zone else []), "--json")
    return json.loads(done.stdout) if done.returncode == 0 else None


def seen(plan):
    """What diff compares, from the plan's own JSON."""
    names = [i["item"] for i in plan["items"]]
    uploads = sorted((m["material"], m["defer"]) for m in plan["materials"] if m["source"] == "upload")
    return {
        "items": sorted((i["item"], i["agency"]) for i in plan["items"]),
        "materials": uploads,
        "fields": sorted(f["field"] for f in plan["fields"]),
        "trips-online": plan["trips"]["online"],
        "trips-window": plan["trips"]["window"],
        "presences": sorted((p["why"], p["item"] if isinstance(p["item"], str) else names[p["item"]]) for p in plan["presences"]),
        "days": (plan["days"], plan["days_with_services"]),
        "needs": sorted((i["item"], names[n]) for i in plan["items"] for n in i["needs"]),
        "results": sorted((i["item"], json.dumps(i["result"], sort_keys=True), sorted(i["delivery"])) for i in plan["items"]),
        "limits": sorted((i["item"], i["instant"], i["promised"], i["statutory"]) for i in plan["items"]),
    }


def worth_trying(question, conditions):
    if question["type"] == "boolean":
        return ["true", "false"]
    if question["type"] == "choice":
        return [c["value"] if isinstance(c, dict) else c for c in question["choices"]]
    low, high = question.get("min", 0), question.get("max", 10 ** 6)
    named = {int(n) + d for c in conditions for n in re.findall(r"\b\d+\b", c) if re.search(rf"\b{question['ask']}\b", c) for d in (-1, 0, 1)}
    return [str(n) for n in sorted({low, high} | {n for n in named if low <= n <= high})]


def conditions_of(city, thing):
    with open(os.path.join(city, "things", thing + ".yaml"), encoding="utf8") as file:
        content = yaml.safe_load(file)
    found = [str(e.get("when", "")) for e in content["items"] if isinstance(e, dict)]
    for entry in content["items"]:
        with open(os.path.join(city, "items", (entry if isinstance(entry, str) else entry["item"]) + ".yaml"), encoding="utf8") as file:
            text = yaml.safe_load(file)
        found += [str(part.get("when", "")) for key in ("materials", "steps", "presence") for part in text.get(key) or []]
    return content["questions"], found


def brute(what, city, said, draw):
    """Every answer of the thing, or a sample of them: what differs is what diff says differs, and nobody is worse where nobody is."""
    thing = said["thing"]
    questions, conditions = conditions_of(CITY, thing)
    conditions += conditions_of(city, thing)[1]
    every = itertools.product(*(worth_trying(q, conditions) for q in questions))
    combinations = list(itertools.islice(every, 20000))
    if len(combinations) > arguments.tries:
        combinations = draw.sample(combinations, arguments.tries)
    for combination in combinations:
        answers = {q["ask"]: a for q, a in zip(questions, combination)}
        one, other = plan(CITY, thing, answers), plan(city, thing, answers)
        figures["answers"] += 1
        if not one or not other:
            failures.append(f"{what}: {thing}: no plan for {answers}")
            return
        one, other = seen(one), seen(other)
        for aspect in one:
            if one[aspect] != other[aspect] and said["aspects"][aspect] != "differs":
                failures.append(f"{what}: {thing}: missed: {aspect} differs for {answers}, diff says {said['aspects'][aspect]}")
                return
        worse = other["trips-online"] > one["trips-online"] or other["days"][0] > one["days"][0] or len(other["materials"]) > len(one["materials"])
        if worse and (said["nobody_worse"] or not any(p["effect"] in ("worse", "mixed") for p in said["persons"])):
            failures.append(f"{what}: {thing}: somebody is worse off, which diff does not say: {answers}")
            return


def confirm(what, city, thing):
    """The example is what the two folders say themselves."""
    for person in thing["persons"]:
        one = plan(CITY, thing["thing"], person["answers_before"], person["zone"])
        other = plan(city, thing["thing"], person["answers_after"], person["zone"])
        if not one or not other:
            failures.append(f"{what}: {thing['thing']}: the example has no plan")
            continue
        before, after = seen(one), seen(other)
        told = {d["aspect"] for d in person["differs"]} & set(before)
        shown = {a for a in before if before[a] != after[a]}
        if told != shown:
            failures.append(f"{what}: {thing['thing']}: told {sorted(told)}, shown {sorted(shown)}")
        for p, f in ((one, person["before"]), (other, person["after"])):
            if (p["trips"]["online"], p["days"], len(p["fields"])) != (f["trips_online"], f["days"], f["fields"]):
                failures.append(f"{what}: {thing['thing']}: figures {f}")
        if not person["causes"] or not (person["who"]["zh"] and person["who"]["en"]):
            failures.append(f"{what}: {thing['thing']}: an example without cause or words")
        figures["examples"] += 1
    effects = [("worse", "mixed", "better", "other").index(p["effect"]) for p in thing["persons"]]
    if effects != sorted(effects):
        failures.append(f"{what}: {thing['thing']}: who is worse off is not first")


def plant(job):
    kind, seed = job
    draw = random.Random(f"{seed} {kind}")
    where, name, text, concerned = CHANGES[kind](draw)
    what = f"{kind} in {where}/{name}"
    with tempfile.TemporaryDirectory() as work:
        city = os.path.join(work, "city")
        shutil.copytree(CITY, city)
        with open(os.path.join(city, where, name + ".yaml"), "w", encoding="utf8") as file:
            file.write(text)
        if "planted" in text:
            with open(os.path.join(city, "materials.yaml"), "a", encoding="utf8") as file:
                file.write(PLANTED)
        done = run("diff", CITY, city, "--json")
        figures["plants"] += 1
        if done.returncode == 2:
            return failures.append(f"{what}: {(done.stderr or done.stdout)[-300:]}")
        said = json.loads(done.stdout)
        changed = [t for t in said["things"] if set(t["aspects"].values()) - {"unchanged"} or t["notes"]]
        differ = [t for t in changed if "differs" in t["aspects"].values() or t["notes"]]
        if {t["thing"] for t in changed} != (set() if kind in NOTHING else concerned):
            failures.append(f"{what}: concerns {sorted(concerned)}, told of {sorted(t['thing'] for t in changed)}")
        if (kind in SAME | NOTHING) and (differ or done.returncode != 0):
            failures.append(f"{what}: a difference where there is none: {[t['thing'] for t in differ][:3]}, exit {done.returncode}")
        if kind in MUST and {t["thing"] for t in differ} != concerned:
            failures.append(f"{what}: not seen in {sorted(concerned - {t['thing'] for t in differ})}")
        if differ and done.returncode != 1:
            failures.append(f"{what}: differences and exit {done.returncode}")
        for thing in changed:
            if thing["disagrees"]:
                failures.append(f"{what}: {thing['thing']}: {thing['disagrees'][:200]}")
            if "unknown" in thing["aspects"].values():
                print(f"not settled: {what}: {thing['thing']}: {[a for a, o in thing['aspects'].items() if o == 'unknown']}")
        figures["differences"] += len(differ)
        some = draw.sample(changed, min(2, len(changed)))
        for thing in some:
            confirm(what, city, thing)
            if not thing["notes"]:
                brute(what, city, thing, draw)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(plant, [(kind, arguments.seed + n) for n in range(arguments.rounds) for kind in CHANGES]))
for failure in failures[:40]:
    print("not ok:", failure)
print(", ".join(f"{n} {what}" for what, n in figures.items()) + f"; {len(failures)} failures")
sys.exit(bool(failures))
