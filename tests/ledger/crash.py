#!/usr/bin/env python3
"""tests/ledger/crash.py BUILD [TALLY] [--restarts N] [--fresh N]: the process dies at its n-th change to a file.

A real engine seals and publishes; tests/ledger/fault.c ends it at a write, fsync, rename or open, at another one each time,
now and then in the middle of a write. After each death every checkpoint to be found (published, on its way, in the lock, in
the store) is remembered; then the engine starts again. It must hold:
  - what was acknowledged is in the store, and in the end in the public directory;
  - no two checkpoints of one size have different roots, ever;
  - the lock is never behind what was published; the directory's every byte fits its checkpoint; the tiles are those that
    a rebuild from the bundles gives.
"""
import argparse
import base64
import filecmp
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

DIED = 99


class Campaign:
    def __init__(self, build, directory, restarts):
        self.load = os.path.join(build, "tests/ledger_load")
        self.fault = os.path.join(build, "tests/libledger_fault.so")
        self.directory = pathlib.Path(directory)
        self.log = self.directory / "city.db.log"
        self.restarts = restarts
        self.roots = {}  # size → root, of every checkpoint ever seen
        self.seen = 0
        self.acknowledged = self.published = 0

    def run(self, *arguments, **environment):
        env = {**os.environ, **{key: str(value) for key, value in environment.items()}}
        return subprocess.run([self.load, *map(str, arguments)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=120)

    def must(self, condition, what):
        if not condition:
            sys.exit(f"crash.py: {what} (in {self.directory}, kept)")

    # ---- checkpoints ----

    def remember(self, size, root, where):
        self.seen += 1
        self.must(self.roots.setdefault(size, root) == root, f"two roots of size {size}: {self.roots[size]} and {root} ({where})")

    def read_note(self, path):
        """The size of a note in a file; 0 where it is none or cut off (it was on its way)."""
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
            size, root = int(lines[1]), base64.b64decode(lines[2], validate=True).hex()
        except (OSError, ValueError, IndexError, UnicodeDecodeError):
            return 0
        if len(root) != 64 or lines[0] != "jars.example/log":
            return 0
        self.remember(size, root, path)
        return size

    def look(self):
        out, lock = self.read_note(self.log / "checkpoint"), self.read_note(self.directory / "keys/log.lock")
        for path in [self.directory / "keys/log.lock.new", *(self.log / ".new").glob("*")]:
            self.read_note(path)
        self.must(lock >= out, f"the lock ({lock}) is behind what is published ({out})")
        self.must(out >= self.published, f"what was told as published ({self.published}) is not ({out})")
        return out

    # ---- one life ----

    def live(self, number, at, torn):
        result = self.run("write", self.directory, f"r{number}", 8, LD_PRELOAD=self.fault, FAULT_AT=at, FAULT_TORN=int(torn),
                          FAULT_COUNT=self.directory / "count")
        for line in result.stdout.splitlines():
            kind, value = line.split()[:2]
            if kind == "A":
                self.acknowledged = max(self.acknowledged, int(value))
            elif kind == "P":
                self.published = max(self.published, int(value))
        self.must(result.returncode in (0, DIED, 70), f"exit code {result.returncode} at {at}: {result.stderr}")
        self.look()
        return result.returncode

    def check_store(self):
        result = self.run("check", self.directory)
        self.must(result.returncode == 0, f"the check fails: {result.stderr}")
        events = sealed = leaves = 0
        for line in result.stdout.splitlines():
            words = line.split()
            if words[0] == "V":
                events, sealed = int(words[1]), int(words[2])
            elif words[0] == "C":
                self.remember(int(words[1]), words[2], "the store")
            elif words[0] == "L":
                leaves = int(words[1])
        self.must(events >= self.acknowledged, f"{self.acknowledged} events were acknowledged, {events} are there")
        return events, sealed, leaves

    def check_rebuild(self, size):
        with tempfile.TemporaryDirectory() as again:
            shutil.copytree(self.log / "tile/entries", os.path.join(again, "tile/entries"))
            result = self.run("rebuild", again, size)
            self.must(result.returncode == 0, f"rebuilding fails: {result.stderr}")
            self.must(result.stdout.split()[2] == self.roots[size], "the rebuilt tree has another root")
            for path in pathlib.Path(again).rglob("*"):
                if path.is_file() and "tile" in path.parts and ".new" not in path.parts:
                    ours = self.log / path.relative_to(again)
                    self.must(ours.exists() and filecmp.cmp(path, ours, shallow=False), f"{ours} differs from the rebuilt one")

    def end(self, what):
        """One more life without a fault: everything is published, and every byte of it fits."""
        result = self.run("write", self.directory, "last", 8)
        self.must(result.returncode == 0, f"{what}: the last life fails: {result.stderr}")
        out = self.look()
        events, sealed, leaves = self.check_store()
        self.must(events == sealed == leaves == out, f"{events} events, {sealed} sealed, {leaves} in the directory, {out} published")
        self.check_rebuild(out)
        return events

    def first_life(self, at, torn):
        """Keys, store and directory are made in it."""
        self.live(0, at, torn)
        self.end(f"after a first life that ended at {at}")

    def campaign(self):
        chance = random.Random(1)
        result = self.run("write", self.directory, "first", 8, LD_PRELOAD=self.fault, FAULT_COUNT=self.directory / "count")
        self.must(result.returncode == 0, f"the first life fails: {result.stderr}")
        changes = int((self.directory / "count").read_text())
        died = 0
        for number in range(self.restarts):
            # every place in turn while there are enough lives, else places over the whole
            at = 1 + (number % changes if self.restarts >= changes else number * changes // self.restarts)
            died += self.live(number, at, chance.random() < 0.3) == DIED
            if number % 25 == 24:
                self.check_store()
        events = self.end("the campaign")
        print(f"crash.py: {self.restarts} starts, {died} deaths over {changes} places, {events} events,"
              f" {self.seen} sightings of {len(self.roots)} checkpoints: nothing lost, none forked")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("tally", nargs="?")
    parser.add_argument("--restarts", type=int, default=60)
    parser.add_argument("--fresh", type=int, default=15, help="deaths in the very first life")
    options = parser.parse_args()
    build, chance = os.path.abspath(options.build), random.Random(2)
    first = 0
    for i in range(options.fresh):
        directory = tempfile.mkdtemp(prefix="onevisit-ledger-")
        campaign = Campaign(build, directory, 0)
        if i == 0:
            campaign.run("write", directory, "count", 8, LD_PRELOAD=campaign.fault, FAULT_COUNT=f"{directory}/count")
            first = int(pathlib.Path(directory, "count").read_text())
        else:
            campaign.first_life(i * first // options.fresh, chance.random() < 0.3)
        shutil.rmtree(directory)
    directory = tempfile.mkdtemp(prefix="onevisit-ledger-")
    Campaign(build, directory, options.restarts).campaign()
    shutil.rmtree(directory)
    if options.tally:
        pathlib.Path(options.tally).write_text("1 0\n", encoding="utf-8")


if __name__ == "__main__":
    main()
