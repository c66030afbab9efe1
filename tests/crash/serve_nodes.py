#!/usr/bin/env python3
"""Two `onevisit serve` on one PostgreSQL: people apply by turns on either, one node is killed, nothing that was shown is lost.

    serve_nodes.py BUILDDIR [TALLYFILE]

Each request of a person goes to the other node than the one before it: the session, the form's protection and what was just saved
must be known there at once. Then a node dies by kill -9, and people go on with the one that is left.
"""
import http.cookiejar
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from urllib.parse import urlsplit, urlunsplit

import crash

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
THING = "thing=elderly-allowance&a.age_years=70&a.cannot_care_self=false&a.family_in_hardship=false"


class Person:
    """A browser without JavaScript that forgets nothing but which node it spoke to."""

    def __init__(self, nodes, number):
        self.nodes, self.turn = nodes, number
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.numbers = []

    def ask(self, path, form=None, move=True):
        """The page's address and text; moves on to the other node, or, where that is gone, to one that lives."""
        self.turn += move
        data = urllib.parse.urlencode(form).encode() if form else None
        base = self.nodes[self.turn % len(self.nodes)]
        with self.opener.open(base + path, data, timeout=60) as r:
            return r.geturl(), r.read().decode()

    def hidden(self, page, action):
        form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.S)[0]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))

    def sign_in(self, who):
        _, page = self.ask("/sign-in/applicant?return=/cases", move=False)  # the sample provider's codes are in one node's memory
        address, _ = self.ask("/sample-idp", {**self.hidden(page, "/sample-idp"), "person": who}, move=False)
        if not address.endswith("/cases"):
            raise RuntimeError(f"signing in led to {address}")

    def apply(self):
        """One application from the first page to the case's own; returns the case's address."""
        _, page = self.ask("/apply?" + THING)
        form = dict(urllib.parse.parse_qsl(THING))
        form.update(self.hidden(page, "/apply"), phone="13800000000")
        address, _ = self.ask("/apply", form)
        path = urlsplit(address).path
        self.numbers.append(path)
        _, page = self.ask(path)  # on the other node: what was answered is there
        return path


def serve(program, url, home, name):
    log = open(f"{home}/{name}.out", "wb")
    process = subprocess.Popen([program, "serve", "--store", url, "--catalog", f"{ROOT}/catalogs/ningbo", "--proof", f"{home}/proof.json",
                                "--keys", f"{home}/keys", "--log", f"{home}/log", "--listen", "127.0.0.1:0", "--sample"], stderr=log)
    for _ in range(600):
        port = re.search(r'"port":"(\d+)"', open(f"{home}/{name}.out").read())
        if port:
            return process, f"http://127.0.0.1:{port[1]}"
        time.sleep(0.1)
    raise SystemExit(open(f"{home}/{name}.out").read())


def apply_until(person, stop, trouble, lost):
    while not stop.is_set():
        try:
            person.apply()
        except (urllib.error.URLError, ConnectionError, TimeoutError, TypeError) as e:
            if not lost.is_set():
                trouble.append(f"{type(e).__name__}: {e} on {person.nodes[person.turn % len(person.nodes)]}")
                return


def let_apply(people, trouble, each, lost):
    """All at once, until each has applied so often since."""
    stop = threading.Event()
    wanted = [len(p.numbers) + each for p in people]
    threads = [threading.Thread(target=apply_until, args=(p, stop, trouble, lost)) for p in people]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not trouble and any(len(p.numbers) < n for p, n in zip(people, wanted)):
        time.sleep(0.05)
    return stop, threads, [len(p.numbers) for p in people], wanted


def join(stop, threads):
    stop.set()
    for thread in threads:
        thread.join()


def run(program, url, home, tally):
    trouble, lost = [], threading.Event()
    first, first_url = serve(program, url, home, "first")
    second, second_url = serve(program, url, home, "second")
    people = [Person([first_url, second_url], i) for i in range(4)]
    for i, person in enumerate(people):
        person.sign_in(i)
    stop, threads, reached, wanted = let_apply(people, trouble, 3, lost)
    join(stop, threads)
    crash.tell(tally, trouble if trouble or all(r >= w for r, w in zip(reached, wanted)) else [f"{reached} of {wanted}"],
               "two nodes, each request on the other: sessions, forms and what was saved are known on both")
    stop, threads, _, _ = let_apply(people, trouble, 1, lost)
    lost.set()  # from here on a request may fail: its node is gone
    first.send_signal(signal.SIGKILL)
    first.wait()
    for person in people:
        person.nodes[:] = [second_url]
    join(stop, threads)
    lost.clear()
    stop, threads, reached, wanted = let_apply(people, trouble, 3, lost)
    join(stop, threads)
    crash.tell(tally, trouble if trouble or all(r >= w for r, w in zip(reached, wanted)) else [f"{reached} of {wanted}"],
               "a node is killed: people go on with the other")
    for person in people:
        for path in person.numbers:
            if urlsplit(person.ask(path)[0]).path != path:
                trouble.append(f"{path} was shown and is lost")
    numbers = [n for p in people for n in p.numbers]
    if len(set(numbers)) != len(numbers):
        trouble.append("a number was given twice")
    crash.tell(tally, trouble, f"all {len(numbers)} cases that were shown are there, each with its own number")
    second.send_signal(signal.SIGTERM)
    if second.wait(timeout=60) != 0:
        trouble.append("the node that was left did not end as it should")
    done = subprocess.run([program, "ledger", "verify", url], capture_output=True, text=True)
    if done.returncode:
        trouble.append(f"ledger verify: {done.stdout}{done.stderr}")
    crash.tell(tally, trouble, "the ledger verifies")


def main():
    program = os.path.abspath(os.path.join(sys.argv[1], "onevisit"))
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    tally = [0, 0]
    if not cluster:
        print("serve_nodes: left out, ONEVISIT_TEST_POSTGRES is not set")
        return 0
    home = tempfile.mkdtemp(prefix="onevisit-serve-")
    database = "onevisit_serve_" + secrets.token_hex(4)
    crash.on_cluster(cluster, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    url = urlunsplit(urlsplit(cluster)._replace(path="/" + database, query=f"files={home}/files"))
    subprocess.run([program, "check", f"{ROOT}/catalogs/ningbo", "--publish", "--proof", f"{home}/proof.json"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run(program, url, home, tally)
    if tally[1] == 0:
        crash.on_cluster(cluster, f"DROP DATABASE {database} WITH (FORCE)")
        shutil.rmtree(home, ignore_errors=True)
    print(f"{tally[0]} passed, {tally[1]} failed" + (f"; kept: {home}" if tally[1] else ""))
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as out:
            out.write(f"{tally[0]} {tally[1]}\n")
    return 1 if tally[1] else 0


if __name__ == "__main__":
    sys.exit(main())
