#!/usr/bin/env python3
"""One mistake at a time is planted into items of the sample city: onevisit check says exactly that, and for whom.

usage: plant.py PATH-OF-ONEVISIT [--seed N] [--items N]

Where cvc5 is installed, it is asked every question of the sample city too, and must say what Z3 said.
"""
import argparse
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
parser.add_argument("--seed", type=int, default=4)
parser.add_argument("--items", type=int, default=20)
arguments = parser.parse_args()
SOURCE = os.environ.get("ONEVISIT_SOURCE", ".")
CITY = os.path.join(SOURCE, "catalogs/ningbo")
BASIS = "basis: {law: 某法, article: 第一条}"
random.seed(arguments.seed)
failures = []


def read(path):
    with open(os.path.join(CITY, path), encoding="utf8") as file:
        return file.read()


def check(city, *options):
    done = subprocess.run([arguments.onevisit, "check", city, "--json", *options], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode < 2 else {"findings": [{"rule": done.stderr, "file": "", "wrong": {"zh": "", "en": ""}}]}


def put_in(text, key, line):
    """A first element of the list under key."""
    text = re.sub(rf"^{key}: \[\]$", f"{key}:", text, flags=re.M)
    return re.sub(rf"^{key}:\n", f"{key}:\n  - {line}\n", text, count=1, flags=re.M)


def second_presence(text, item):
    text = re.sub(r"^delivery: .*$", "delivery: [window]", text, flags=re.M)
    text = re.sub(r"^limits: .*$", "limits: {statutory: 20wd, promised: 20wd}", text, flags=re.M)
    text = re.sub(r"^steps:\n(  - .*\n)+", "steps:\n  - {step: decide, takes: 2wd}\n", text, flags=re.M)
    return put_in(text, "presence", "{why: identity, %s}" % BASIS)


def cycle(text, item):
    """It waits for what waits for it, where the answers are such: through a material with a condition."""
    return put_in(text, "materials", "{material: %s, from: result, when: 1 = 1, %s}" % (item["waiter_yields"], BASIS))


def missing_basis(text, item):
    return put_in(text, "materials", "{material: planted, from: applicant}")


def dead_end(text, item):
    return put_in(text, "materials", "{material: secret, from: government, %s}" % BASIS)


def impossible(text, item):
    return put_in(text, "materials", "{material: planted, from: applicant, when: 1 > 2, %s}" % BASIS)


def doubled(text, item):
    return put_in(put_in(text, "materials", "{material: planted, from: applicant, %s}" % BASIS),
                  "materials", "{material: planted-again, from: applicant, %s}" % BASIS)


MATERIALS = """
- {material: planted, name: {zh: 种下的材料, en: Planted}, kind: proof, holder: none, shared: no, fields: []}
- {material: planted-again, name: {zh: 种下的材料, en: Planted}, kind: proof, holder: none, shared: no, fields: []}
- {material: secret, name: {zh: 不共享的材料, en: Secret}, kind: proof, holder: %s, shared: no, fields: []}
"""
# what is planted: the rules that may be said (a list: also what follows from it), and whether a person is named
PLANTS = [(second_presence, {"one-trip-online", "one-trip-window"}, True), (cycle, {"no-cycle"}, True),
          (missing_basis, {"missing-basis", "missing-key"}, False), (dead_end, {"no-dead-end"}, True),
          (impossible, {"never-holds"}, False), (doubled, {"asked-once"}, True)]

items, things = {}, {}
for name in sorted(os.listdir(os.path.join(CITY, "items"))):
    items[name[:-5]] = yaml.safe_load(read("items/" + name))
for name in sorted(os.listdir(os.path.join(CITY, "things"))):
    things[name[:-5]] = yaml.safe_load(read("things/" + name))
used = {}
for thing, content in things.items():
    for entry in content["items"]:
        used.setdefault(entry if isinstance(entry, str) else entry["item"], set()).add(thing)
excused = {(e["thing"], e["property"]) for e in yaml.safe_load(read("negative.yaml"))}
first_agency = yaml.safe_load(read("agencies.yaml"))[0]["agency"]
material_ids = {m["material"] for m in yaml.safe_load(read("materials.yaml"))}


def yields(item):
    result = item.get("result") or {}
    return result.get("certificate") or result.get("document")


def waiter(name):
    """An item that needs this one, both in one thing, and whose paper can be asked for."""
    for other, content in items.items():
        if name in (content.get("needs") or []) and yields(content) in material_ids and used.get(other, set()) & used[name]:
            return other
    return None


def with_waiter(name):
    other = waiter(name)
    return other and (name, other)


def plant(job):
    make, rules, person, name = job
    with tempfile.TemporaryDirectory() as work:
        city = os.path.join(work, "city")
        shutil.copytree(CITY, city)
        item = dict(items[name])
        if make is cycle:
            item["waiter_yields"] = yields(items[waiter(name)])
        path = os.path.join(city, "items", name + ".yaml")
        with open(path, "w", encoding="utf8") as file:
            file.write(make(read(f"items/{name}.yaml"), item))
        with open(os.path.join(city, "materials.yaml"), "a", encoding="utf8") as file:
            file.write(MATERIALS % first_agency)
        said = check(city)["findings"]
    what = f"{make.__name__} in {name}"
    hit = [f for f in said if f["rule"] in rules]
    # who waits in a circle for some answers may have nowhere to get the paper from for others
    rest = [f for f in said if f["rule"] not in rules | ({"no-dead-end"} if make is cycle else set())]
    about = {f["file"] for f in hit}
    wanted = {f"things/{t}.yaml" for t in used[name]} if person else {f"items/{name}.yaml"}
    if not hit:
        failures.append(f"{what}: nothing found")
    if rest:
        failures.append(f"{what}: {rest[0]['rule']} at {rest[0]['file']}: {rest[0]['wrong']['en'][:160]}")
    if not about <= wanted:
        failures.append(f"{what}: told of {sorted(about - wanted)}")
    if person and not all(f["wrong"]["zh"].count("：") >= 2 for f in hit):
        failures.append(f"{what}: no person")
    return what


def jobs():
    names = sorted(n for n in used if (items[n].get("materials")))
    chosen = random.sample(names, min(arguments.items, len(names)))
    waited = random.sample(sorted(n for n in names if waiter(n)), min(6, arguments.items))
    for make, rules, person in PLANTS:
        for name in (waited if make is cycle else chosen):
            # where every thing of the item is excused from the promise already, a second presence changes nothing that is said
            free = any((t, r) not in excused for t in used[name] for r in rules)
            if free:
                yield make, rules, person, name


def confirm(path):
    with open(path, encoding="utf8") as file:
        wanted = re.search(r"\(set-info :status (\w+)\)", file.read()).group(1)
    done = subprocess.run(["cvc5", "--tlimit=20000", path], capture_output=True, text=True)
    if done.stdout.strip() != wanted:
        failures.append(f"{os.path.basename(path)}: Z3 says {wanted}, cvc5 {done.stdout.strip() or done.stderr.strip()[:200]}")


def ask_another_solver(pool):
    if not shutil.which("cvc5"):
        print("cvc5 is not installed: its part is skipped")
        return
    with tempfile.TemporaryDirectory() as work:
        said = check(CITY, "--smt", work)
        if said["findings"]:
            failures.append(f"the sample city: {said['findings'][0]['wrong']['en'][:200]}")
        questions = sorted(os.listdir(work))
        list(pool.map(lambda q: confirm(os.path.join(work, q)), questions))
        print(f"{len(questions)} questions confirmed by cvc5")


with ThreadPoolExecutor(2) as pool:
    done = list(pool.map(plant, jobs()))
    ask_another_solver(pool)
for failure in failures[:40]:
    print("not ok:", failure)
print(f"{len(done)} plants, {len(failures)} failures")
sys.exit(bool(failures))
