#!/usr/bin/env python3
"""Several processes on one PostgreSQL, at the same cases, while things go wrong: nothing acknowledged is lost, nothing is done twice.

    nodes.py BUILDDIR [TALLYFILE] [--rounds N]

Three processes of tests/crash/load.c write to one database (ONEVISIT_TEST_POSTGRES; ONEVISIT_TEST_PG_CTL starts it again). Each round
one thing happens to them: a kill -9, a pause so long that the others take its lease, every connection cut, PostgreSQL restarted or
killed. Then all are killed, and what crash.py checks is checked: each acknowledged command is there once, sent again it is
«repeated», events 1, 2, 3 … and coins 1, 2, 3 … have no gap, the ledger verifies, every message went out.
"""
import collections
import os
import random
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit, urlunsplit

import crash

NODES = 3
PAUSE = 4.5  # seconds: over LOCK_MS of src/store/store_postgres.c


class Node:
    """A process that writes, and a thread that reads what was acknowledged to it."""

    def __init__(self, program, url, keys, name):
        self.lines = []
        self.process = subprocess.Popen([program, "write", url, keys, name, "6"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def acknowledged(self):
        return sum(line.startswith(b"A") for line in list(self.lines))

    def end(self):
        ended_before = self.process.poll()
        self.process.send_signal(signal.SIGKILL)
        self.reader.join()
        words = self.process.stderr.read().decode()
        self.process.wait()
        return None if ended_before is None else f"a node ended by itself ({ended_before}): {words.strip()[-300:]}"


def wait_for(nodes, more, trouble, seconds=60):
    """Each of these acknowledges so many more commands."""
    wanted = [node.acknowledged() + more for node in nodes]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(node.acknowledged() >= number for node, number in zip(nodes, wanted)):
            return
        if any(node.process.poll() is not None for node in nodes):
            break
        time.sleep(0.02)
    trouble.append(f"nodes do not go on: {[node.acknowledged() for node in nodes]} of {wanted}")


def psql(url, text):
    done = subprocess.run(["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True, capture_output=True, text=True)
    return done.stdout.split()


def pg_ctl(*arguments):
    subprocess.run([*shlex.split(os.environ["ONEVISIT_TEST_PG_CTL"]), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)


def kill_one(nodes, url, trouble):
    nodes[0].process.send_signal(signal.SIGKILL)
    nodes[0].process.wait()
    wait_for(nodes[1:], 20, trouble)


def pause_one(nodes, url, trouble):
    nodes[0].process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    wait_for(nodes[1:], 10, trouble)
    nodes[0].process.send_signal(signal.SIGCONT)
    wait_for(nodes, 10, trouble)


def cut_connections(nodes, url, trouble):
    for _ in range(5):
        psql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        time.sleep(0.2)
    wait_for(nodes, 10, trouble)


def restart(nodes, url, trouble):
    pg_ctl("restart", "-m", "fast")
    wait_for(nodes, 10, trouble)


def crash_postgres(nodes, url, trouble):
    pg_ctl("restart", "-m", "immediate")
    wait_for(nodes, 10, trouble)


EVENTS = [kill_one, pause_one, cut_connections, restart, crash_postgres]


def coins_without_gap(url):
    numbers = psql(url, "SELECT (body::json->>'number')::bigint FROM events WHERE type = 'put' ORDER BY 1")
    return [] if numbers == [str(i + 1) for i in range(len(numbers))] else ["the numbers of the coins are not 1, 2, 3 …"]


def shared_jars(ledger):
    """Jars whose events came from more than one node: else the test would show nothing."""
    nodes = collections.defaultdict(set)
    for key, (jar, _, _) in ledger.acknowledged.items():
        nodes[jar].add(key.split("-")[0])
    return sum(len(found) > 1 for found in nodes.values())


def round_of(number, what, program, url, keys, ledger, tally):
    trouble = []
    nodes = [Node(program, url, keys, f"r{number}n{i}") for i in range(NODES)]
    random.shuffle(nodes)
    wait_for(nodes, 20, trouble)
    if not trouble:
        what(nodes, url, trouble)
    for node in nodes:
        ended = node.end()
        if ended and not (what is kill_one and node is nodes[0]):
            trouble.append(ended)
        ledger.take(node.lines)
    more, events = crash.check(program, url, keys, ledger)
    trouble += more + coins_without_gap(url)
    crash.tell(tally, trouble, f"{what.__name__.replace('_', ' ')}: {len(ledger.acknowledged)} acknowledged commands of {NODES} nodes"
               f" are there once, {events} events without a gap")


def main():
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 1
    program = os.path.join(sys.argv[1], "tests", "crash_load")
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    tally = [0, 0]
    if not cluster or "ONEVISIT_TEST_PG_CTL" not in os.environ:
        print("nodes: left out, there is no PostgreSQL of our own to start again")
        return 0
    home = tempfile.mkdtemp(prefix="onevisit-nodes-")
    database = "onevisit_nodes_" + secrets.token_hex(4)
    crash.on_cluster(cluster, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    url = urlunsplit(urlsplit(cluster)._replace(path="/" + database))
    ledger = crash.Ledger()
    for number in range(rounds):
        for i, what in enumerate(EVENTS):
            round_of(number * len(EVENTS) + i, what, program, url, f"{home}/keys", ledger, tally)
    trouble = crash.deliver_the_rest(program, url, f"{home}/keys", ledger)
    if shared_jars(ledger) < 10:
        trouble.append("the nodes hardly met at a jar")
    crash.tell(tally, trouble, "every message was delivered, each under one delivery id; the nodes met at the same jars")
    if tally[1] == 0:
        crash.on_cluster(cluster, f"DROP DATABASE {database} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
    return crash.finish(tally, next((a for a in sys.argv[2:3] if not a.startswith("--")), None))


if __name__ == "__main__":
    sys.exit(main())
