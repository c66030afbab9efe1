#!/usr/bin/env python3
"""Two `onevisit serve` on one PostgreSQL: people apply by turns on either, what an editor publishes on one is in force on both, one
node is killed, nothing that was shown is lost.

    serve_nodes.py BUILDDIR [TALLYFILE]

Each request of a person goes to the other node than the one before it: the session, the form's protection and what was just saved
must be known there at once. Then a node dies by kill -9, and people go on with the one that is left.
"""
import html
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
        try:
            with self.opener.open(base + path, data, timeout=60) as r:
                return r.geturl(), r.read().decode()
        except urllib.error.HTTPError as e:
            e.msg = f"{path}: {re.sub('<[^>]*>', ' ', e.read().decode()).split()}"
            raise

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


class Staff(Person):
    """Somebody of the sample city's staff; stays on the node he signed in to unless he is sent on."""

    def __init__(self, nodes, login, password):
        super().__init__(nodes, 0)
        _, page = self.ask("/sign-in", move=False)
        _, page = self.ask("/sign-in", {**self.hidden(page, "/sign-in"), "login": login, "password": password}, move=False)
        if 'action="/sign-out"' not in page:
            raise RuntimeError(f"{login} was not let in")

    def send(self, path, action, **fields):
        """Fills in the form of that action on the page, and sends it; returns where it led, and what stands there."""
        _, page = self.ask(path, move=False)
        return self.ask(action, {**self.hidden(page, action), **fields}, move=False)

    def wait_for(self, path, words):
        for _ in range(600):
            _, page = self.ask(path, move=False)
            if words in page:
                return
            time.sleep(0.2)
        raise RuntimeError(f"{path} never had {words}")


SIGNBOARD = "items/outdoor-signboard.yaml"


def publish(node, password):
    """A signboard in three days instead of four: written, checked, reviewed and published on one node."""
    editor, reviewer = Staff([node], "bian", password), Staff([node], "fang", password)
    draft, _ = editor.send("/editor", "/editor/drafts", title="a day less")
    draft = urlsplit(draft).path
    _, page = editor.ask(f"{draft}/files/{SIGNBOARD}", move=False)
    text = html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.S)[1])
    editor.send(f"{draft}/files/{SIGNBOARD}", f"{draft}/files/{SIGNBOARD}", text=text.replace("promised: 4wd", "promised: 3wd"))
    editor.wait_for(draft, f'action="{draft}/submit"')
    editor.send(draft, f"{draft}/submit", reason="three days are enough")
    reviewer.send(draft, f"{draft}/review", legality="yes", legality_reason="article 11 stands", reasonableness="yes",
                  reasonableness_reason="the last year shows it")
    editor.send(draft, f"{draft}/publish")


def promised(node):
    with urllib.request.urlopen(f"{node}/items/outdoor-signboard?lang=en", timeout=60) as r:
        return re.findall(r"(\d+) working days", r.read().decode())


def comes_to(node, wanted):
    for _ in range(600):
        if wanted(promised(node)):
            return True
        time.sleep(0.2)
    return False


def edition_travels(first, second, password, trouble):
    """Published on the first, in force on the second: without a restart, and nobody asks it to look."""
    before = promised(second)
    publish(first, password)
    if not comes_to(first, lambda days: days != before):
        trouble.append("what was published is not in force where it was published")
    after = promised(first)
    if not comes_to(second, lambda days: days == after):
        trouble.append(f"promised: {after} on the first node, {promised(second)} on the second")
    back = Staff([second], "tang", password)  # the second knows what is in force, and what was before
    _, page = back.ask("/editor/versions", move=False)
    version = re.search(r"/editor/versions\?version=(\w+)", page)
    if not version:
        trouble.append("the second node offers no version to go back to")
        return
    back.send(f"/editor/versions?version={version[1]}", "/editor/versions", version=version[1], reason="short of staff")
    for node in (second, first):
        if not comes_to(node, lambda days: days == before):
            trouble.append(f"{node} does not go back")


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
    first, first_url = serve(program, url, home, "first")
    second, second_url = serve(program, url, home, "second")
    try:
        work(program, url, home, tally, (first, first_url), (second, second_url))
    finally:
        for node in (first, second):
            if node.poll() is None:
                node.kill()


def work(program, url, home, tally, one, other):
    trouble, lost = [], threading.Event()
    (first, first_url), (second, second_url) = one, other
    people = [Person([first_url, second_url], i) for i in range(4)]
    for i, person in enumerate(people):
        person.sign_in(i)
    stop, threads, reached, wanted = let_apply(people, trouble, 3, lost)
    join(stop, threads)
    crash.tell(tally, trouble if trouble or all(r >= w for r, w in zip(reached, wanted)) else [f"{reached} of {wanted}"],
               "two nodes, each request on the other: sessions, forms and what was saved are known on both")
    with open(f"{home}/keys/sample-password", encoding="utf-8") as file:
        edition_travels(first_url, second_url, file.readline().strip(), trouble)
    crash.tell(tally, trouble, "what an editor publishes on one node is in force on the other, and can be put back from there")
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
    else:
        print(f"kept: {home}")
    return crash.finish(tally, sys.argv[2] if len(sys.argv) > 2 else None)


if __name__ == "__main__":
    sys.exit(main())
