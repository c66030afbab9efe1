#!/usr/bin/env python3
"""kill -9 under load: nothing that was acknowledged is lost, nothing is done twice, the ledger stays intact.

    crash.py BUILDDIR [TALLYFILE] [--sqlite N] [--postgres N]

Kills tests/crash/load.c (the real engine and store, many threads) N times on SQLite (20) and on PostgreSQL (5) where
ONEVISIT_TEST_POSTGRES is set; tests/crash/campaign asks for 1,000 and 200. The list of what was acknowledged is kept here, in another process, from what came through a pipe; after each
kill the store is opened again, compared with the list, and every acknowledged command is sent again with its key.
"""
import argparse
import collections
import contextlib
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit, urlunsplit

THREADS = 24
ROUND = 20  # kills of one store: each check reads, verifies and repeats everything that the store was ever told


class Load:
    """One run of load.c: its acknowledgements are read by a thread of the kernel's pipe, until it is killed."""

    def __init__(self, program, url, keys, name):
        self.process = subprocess.Popen([program, "write", url, keys, name, str(THREADS)], stdout=subprocess.PIPE)

    def kill_after(self, first, seconds):
        """Reads until `first` lines came and then for `seconds`, kills, and reads what is left in the pipe."""
        lines, deadline = [], None
        stream = self.process.stdout
        for line in stream:
            lines.append(line)
            if deadline is None and len(lines) >= first:
                deadline = time.monotonic() + seconds
            if deadline is not None and time.monotonic() >= deadline:
                break
        self.process.send_signal(signal.SIGKILL)
        lines.extend(stream)
        return lines, self.process.wait()


class Ledger:
    """What was acknowledged, as this process knows it."""

    def __init__(self):
        self.acknowledged = {}  # key: (id, version, amount)
        self.delivered = collections.defaultdict(set)  # key: delivery ids

    def take(self, lines):
        for line in lines:
            word = line.decode().split()
            if word[0] == "A":
                self.acknowledged[word[3]] = (int(word[1]), int(word[2]), int(word[4]))
            elif word[0] == "D":
                self.delivered[word[2]].add(word[1])


def compare_events(ledger, out):
    """The events as the crash left them against the list; the trouble found, in words."""
    trouble, coins, versions, by_key = [], collections.Counter(), collections.Counter(), collections.defaultdict(list)
    last = 0
    for line in out:
        if not line.startswith("E "):
            continue
        _, seq, jar, version, key, amount = line.split()
        seq, jar, version, amount = int(seq), int(jar), int(version), int(amount)
        if seq != last + 1:
            trouble.append(f"event {seq} follows event {last}")
        if version != versions[jar] + 1:
            trouble.append(f"jar {jar}: version {version} follows {versions[jar]}")
        last, versions[jar] = seq, version
        by_key[key].append((jar, version, amount))
    for key, events in by_key.items():
        if len(events) != 2:
            trouble.append(f"{key}: {len(events)} events, not the 2 of one command")
        coins[events[0][0]] += events[0][2]
    for key, (jar, version, amount) in ledger.acknowledged.items():
        if key not in by_key:
            trouble.append(f"{key} was acknowledged and is lost")
        elif by_key[key][-1] != (jar, version, amount):
            trouble.append(f"{key}: acknowledged as {(jar, version, amount)}, kept as {by_key[key][-1]}")
    return trouble, last, coins


def compare_rest(ledger, out, events, coins):
    trouble, repeats = [], 0
    jars, counts, verified = {}, [], []
    for line in out:
        word = line.split()
        if word[0] == "R":
            repeats += 1
            jar, version, amount = ledger.acknowledged[word[3]]
            if word[4] != "1" or (int(word[1]), int(word[2])) != (jar, version):
                trouble.append(f"{word[3]} was sent again: {line}, not «repeated» as version {version}")
        elif word[0] == "J":
            jars[int(word[1])] = int(word[2])
        elif word[0] == "V":
            verified.append(int(word[1]))
        elif word[0] == "N":
            counts.append(int(word[1]))
    if repeats != len(ledger.acknowledged):
        trouble.append(f"{repeats} answers to {len(ledger.acknowledged)} repeats")
    if counts != [events]:
        trouble.append(f"{events} events before the repeats, {counts} after them")
    if verified != [events]:
        trouble.append(f"the ledger was verified over {verified} of {events} events")
    if jars != dict(coins):
        trouble.append("the rows of the jars differ from the fold of their events")
    return trouble


def check(program, url, keys, ledger):
    wanted = "".join(f"{jar} {version} {key} {amount}\n" for key, (jar, version, amount) in ledger.acknowledged.items())
    done = subprocess.run([program, "check", url, keys], input=wanted.encode(), capture_output=True, timeout=3600)
    lines = done.stdout.splitlines()
    if done.returncode:
        return [f"load check ended with {done.returncode}: {done.stderr.decode().strip()}"], 0
    ledger.take(line for line in lines if line.startswith(b"D "))
    out = [line.decode() for line in lines if not line.startswith(b"D ")]
    trouble, events, coins = compare_events(ledger, out)
    return trouble + compare_rest(ledger, out, events, coins), events


def deliver_the_rest(program, url, keys, ledger):
    done = subprocess.run([program, "drain", url, keys], capture_output=True, timeout=3600)
    ledger.take(done.stdout.splitlines())
    if done.returncode:  # it also verifies the ledger once more
        return [f"load drain ended with {done.returncode}: {done.stderr.decode().strip()}"]
    trouble = [f"the message of {key} was never delivered" for key in ledger.acknowledged if key not in ledger.delivered]
    trouble += [f"the message of {key} went out as {ids}" for key, ids in ledger.delivered.items() if len(ids) != 1]
    return trouble


def kills(name, count, program, url, keys, tally):
    ledger = Ledger()
    seed = int(os.environ.get("ONEVISIT_CRASH_SEED", secrets.randbelow(10**6)))
    chance = random.Random(seed)
    print(f"{name}: the moments of the kills are of seed {seed}", flush=True)
    for number in range(1, count + 1):
        before = len(ledger.acknowledged)
        lines, status = Load(program, url, keys, f"r{number}").kill_after(chance.randrange(1, 150), chance.random() * 0.08)
        ledger.take(lines)
        trouble, events = check(program, url, keys, ledger)
        if status != -signal.SIGKILL:
            trouble.append(f"the load ended by itself: {status}")
        if len(ledger.acknowledged) == before:
            trouble.append("nothing was acknowledged: the kill met no load")
        tell(tally, trouble, f"{name}, kill {number}: {len(ledger.acknowledged)} acknowledged commands are there once, {events} events intact")
    tell(tally, deliver_the_rest(program, url, keys, ledger),
         f"{name}: every message was delivered, each under one delivery id")


def tell(tally, trouble, what):
    tally[1 if trouble else 0] += 1
    print(("not ok " if trouble else "ok ") + what, flush=True)
    for line in trouble[:10]:
        print("  " + line, flush=True)


def on_cluster(cluster, command):
    subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", cluster, "-c", command], check=True, stdout=subprocess.DEVNULL)


def url_of_database(cluster, database, files):
    return urlunsplit(urlsplit(cluster)._replace(path="/" + database, query=f"files={files}"))


def rounds(count, one):
    for begun in range(0, count, ROUND):
        one(min(ROUND, count - begun))


@contextlib.contextmanager
def place(tally):
    """A directory that stays where something failed in it."""
    home, failed = tempfile.mkdtemp(prefix="onevisit-crash-"), tally[1]
    yield home
    if tally[1] == failed:
        shutil.rmtree(home, ignore_errors=True)
    else:
        print(f"the stores are kept in {home}")


def on_sqlite(count, program, tally):
    with place(tally) as home:
        kills("sqlite", count, program, f"sqlite:{home}/store.db", f"{home}/keys", tally)


def on_postgres(count, program, cluster, tally):
    database = "onevisit_crash_" + secrets.token_hex(4)
    with place(tally) as home:
        on_cluster(cluster, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
        kills("postgres", count, program, url_of_database(cluster, database, f"{home}/files"), f"{home}/keys", tally)
        on_cluster(cluster, f"DROP DATABASE {database} WITH (FORCE)")


def finish(tally, path):
    """What a script ends with: its counts, also in the file where one is wanted, and its exit code."""
    print(f"{tally[0]} passed, {tally[1]} failed")
    if path:
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"{tally[0]} {tally[1]}\n")
    return 1 if tally[1] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("tally", nargs="?")
    parser.add_argument("--sqlite", type=int, default=20)
    parser.add_argument("--postgres", type=int, default=5)
    options = parser.parse_args()
    program = os.path.join(options.build, "tests", "crash_load")
    tally = [0, 0]
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    rounds(options.sqlite, lambda count: on_sqlite(count, program, tally))
    if cluster:
        rounds(options.postgres, lambda count: on_postgres(count, program, cluster, tally))
    elif options.postgres:
        print("postgres: left out, ONEVISIT_TEST_POSTGRES is not set")
    return finish(tally, options.tally)


if __name__ == "__main__":
    sys.exit(main())
