#!/usr/bin/env python3
"""kill -9 of a real `onevisit serve` under load over HTTP; the client keeps its own list of what was acknowledged.

    served.py BUILDDIR [TALLYFILE] [--sqlite N] [--postgres N]

Applicants begin drafts and fill in fields, each call with an Idempotency-Key, until the process is killed at a random moment. The
next one must have everything that was answered, as it was answered; a call sent again under its key is answered as before
and does nothing; the list of each applicant's cases is the client's own list, no more and no less.
"""
import argparse
import http.client
import json
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse

from crash import finish, on_cluster, place, tell, url_of_database

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HANDS, PERSONS = 8, 4
ANSWERS = {"has_company": False, "area": 320, "premises_owned": False, "food_kind": "hot", "cold_dishes": True, "signboard": True, "gas": True,
           "sewage": True, "delivery_only": False, "staff_certified": True}


class Server:
    """One life of the program."""

    def __init__(self, program, home, store, extra=(), env=None):
        self.log = open(os.path.join(home, "serve.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen([program, "serve", "--store", store, "--catalog", f"{home}/catalog", "--listen", "127.0.0.1:0",
                                         "--keys", f"{home}/keys", "--log", f"{home}/log", "--sample", *extra], cwd=home,
                                        stderr=subprocess.PIPE, text=True, env=env)
        self.port = 0
        for line in self.process.stderr:
            self.log.write(line)
            if '"listening"' in line:
                self.port = int(json.loads(line)["port"])
                break
        if not self.port:
            sys.exit(f"served.py: serve does not listen: see {home}/serve.log")
        threading.Thread(target=lambda: [self.log.write(line) for line in self.process.stderr], daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()


class Client:
    """A connection that says what it was answered, or raises OSError or HTTPException where it was not."""

    def __init__(self, port, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.token = token

    def send(self, method, path, data=None, headers=()):
        """The status, where it leads to, the text."""
        headers = {"Accept-Language": "en", **dict(headers)}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read()

    def call(self, method, path, body=None, key=None):
        headers = {}
        if key:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/json"
        status, _, text = self.send(method, path, None if body is None else json.dumps(body), headers)
        return status, json.loads(text) if text[:1] in b"{[" and text else {}


class Browser:
    """What a browser does to sign in; the session's token serves programs as well."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def browse(self, method, path, form=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if form:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}"}
        connection.request(method, path, urllib.parse.urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.headers.get("Location"), answer.read().decode()

    def submit(self, page, path, **fields):
        form = dict(re.findall(r'name="(csrf|once|state)" value="([^"]*)"', page), **fields)
        place, page = self.browse("POST", path, form)
        if not place:
            sys.exit(f"served.py: {path} refuses: {page[:400]}")
        return place


def sign_in(port, person):
    """By the sample identity page."""
    browser = Browser(port)
    place, _ = browser.browse("GET", "/sign-in/applicant")
    _, page = browser.browse("GET", place)
    browser.browse("GET", browser.submit(page, "/sample-idp", person=person))
    return browser.cookies["session"]


def sign_in_staff(port, login, password):
    browser = Browser(port)
    _, page = browser.browse("GET", "/sign-in")
    browser.submit(page, "/sign-in", login=login, password=password)
    return browser.cookies["session"]


class Case:
    def __init__(self, number, version, person):
        self.number, self.version, self.person, self.value, self.calls = number, version, person, None, []


class Hand(threading.Thread):
    """One applicant's hand: what it sent and was not answered is the last thing it did."""

    def __init__(self, campaign, number, seed):
        super().__init__(daemon=True)
        self.campaign, self.number, self.chance = campaign, number, random.Random(seed)
        self.person = number % PERSONS
        self.open, self.done, self.trouble = None, [], []

    def draft(self):
        return {"method": "POST", "path": "/api/cases", "key": secrets.token_hex(12),
                "body": {"thing": "open-a-restaurant", "phone": "13800000000", "answers": ANSWERS}}

    def save(self, case):
        value = secrets.token_hex(8)
        return {"method": "PUT", "path": f"/api/cases/{case.number}/fields", "key": secrets.token_hex(12), "case": case, "value": value,
                "body": {"fields": {self.campaign.field: value}}}

    def take(self, call, status, answer):
        """An answer is a promise: from now on it is on the list."""
        if status == 503:
            return
        if status not in (200, 201):
            self.trouble.append(f"{call['method']} {call['path']}: {status} {answer.get('detail', answer)}")
            return
        case = call.get("case")
        if not case:
            case = Case(answer["number"], answer["version"], self.person)
            call["case"] = case
            self.campaign.add(self.number, case)
        case.version = answer["version"]
        case.value = call.get("value", case.value)
        call["version"] = answer["version"]
        self.done.append(call)

    def run(self):
        client = Client(self.campaign.server.port, self.campaign.tokens[self.person])
        mine = self.campaign.cases[self.number]
        while True:
            call = self.save(self.chance.choice(mine[-20:])) if mine and self.chance.random() < 0.8 else self.draft()
            self.open = call
            try:
                status, answer = client.call(call["method"], call["path"], call["body"], call["key"])
            except (OSError, http.client.HTTPException, ValueError):
                return
            self.open = None
            self.take(call, status, answer)


class Campaign:
    def __init__(self, name, program, home, store, tally):
        self.name, self.program, self.home, self.store, self.tally = name, program, home, store, tally
        self.seed = int(os.environ.get("ONEVISIT_CRASH_SEED", secrets.randbelow(10**6)))
        self.chance = random.Random(self.seed)
        self.cases = {number: [] for number in range(HANDS)}
        self.lock = threading.Lock()
        self.count = self.acknowledged = self.uncertain = 0
        self.server = Server(program, home, store)
        self.tokens = [sign_in(self.server.port, person) for person in range(PERSONS)]
        self.field = ""
        self.learn()

    def learn(self):
        hand = Hand(self, 0, 0)
        call = hand.draft()
        status, answer = Client(self.server.port, self.tokens[0]).call("POST", "/api/cases", call["body"], call["key"])
        if status != 201:
            sys.exit(f"served.py: no draft: {status} {answer}")
        self.field = next(f["field"] for f in answer["fields"] if f["type"] == "text")
        hand.take(call, status, answer)

    def add(self, number, case):
        with self.lock:
            self.cases[number].append(case)
            self.count += 1

    def load(self, seconds):
        hands = [Hand(self, number, self.chance.random()) for number in range(HANDS)]
        for hand in hands:
            hand.start()
        timer = threading.Event()
        while not all(h.done or not h.is_alive() for h in hands):
            timer.wait(0.002)
        timer.wait(seconds)
        status = self.server.kill()
        for hand in hands:
            hand.join()
        return hands, status

    def one_case(self, client, case):
        status, answer = client.call("GET", f"/api/cases/{case.number}")
        if status != 200:
            return [f"{case.number} was acknowledged and is not there: {status}"]
        value = next(f["value"] for f in answer["fields"] if f["field"] == self.field)
        trouble = [] if answer["version"] == case.version else [f"{case.number}: version {answer['version']}, acknowledged {case.version}"]
        return trouble if value == (case.value or "") else trouble + [f"{case.number}: «{value}», acknowledged «{case.value}»"]

    def again(self, client, call, first):
        """The same call under the same key: answered, and nothing is done; an open one is done now or was done then."""
        status, answer = client.call(call["method"], call["path"], call["body"], call["key"])
        if status not in (200, 201):
            return [f"{call['path']} sent again: {status} {answer.get('detail', '')}"]
        if first:
            return []
        case = call["case"]
        return [] if (answer["number"], answer["version"]) == (case.number, case.version) else [
            f"{case.number} sent again: {answer['number']} version {answer['version']}, it was {case.version}"]

    def check(self, hands):
        trouble, touched = [], set()
        for hand in hands:
            client = Client(self.server.port, self.tokens[hand.person])
            trouble += hand.trouble
            self.acknowledged += len(hand.done)
            touched.update(call["case"] for call in hand.done)
            if hand.open:
                self.uncertain += 1
                status, answer = client.call(hand.open["method"], hand.open["path"], hand.open["body"], hand.open["key"])
                hand.take(hand.open, status, answer)
                trouble += hand.trouble
                touched.add(hand.open.get("case"))
            for call in self.chance.sample(hand.done, min(4, len(hand.done))):
                trouble += self.again(client, call, False)
        old = [case for cases in self.cases.values() for case in cases]
        for case in (touched | set(self.chance.sample(old, min(10, len(old))))) - {None}:
            trouble += self.one_case(Client(self.server.port, self.tokens[case.person]), case)
        return trouble

    def lists(self):
        """What each applicant sees of his cases, page by page, against the list."""
        trouble = []
        for person in range(PERSONS):
            client, seen, before = Client(self.server.port, self.tokens[person]), [], ""
            while True:
                status, answer = client.call("GET", "/api/cases" + (f"?before={before}" if before else ""))
                if status != 200:
                    return [f"the list of cases: {status}"]
                seen += [row["number"] for row in answer["cases"]]
                before = answer.get("before")
                if not before:
                    break
            wanted = {case.number for cases in self.cases.values() for case in cases if case.person == person}
            if len(seen) != len(set(seen)) or set(seen) != wanted:
                trouble.append(f"person {person} has {len(seen)} cases, {len(wanted)} were begun: {sorted(set(seen) ^ wanted)[:5]}")
        return trouble

    def verify(self):
        done = subprocess.run([self.program, "ledger", "verify", "--store", self.store], capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [f"ledger verify: {done.returncode} {(done.stdout + done.stderr)[-300:]}"]

    def run(self, kills):
        print(f"{self.name} over HTTP: the moments of the kills are of seed {self.seed}", flush=True)
        for number in range(1, kills + 1):
            hands, status = self.load(self.chance.random() * 0.25)
            trouble = [] if status == -signal.SIGKILL else [f"serve ended by itself: {status}"]
            whole = number % 20 == 0 or number == kills
            if whole:
                trouble += self.verify()
            self.server = Server(self.program, self.home, self.store)
            trouble += self.check(hands)
            if whole:
                trouble += self.lists()
            tell(self.tally, trouble, f"{self.name} over HTTP, kill {number}: {self.acknowledged} acknowledged calls stand,"
                 f" {self.uncertain} unanswered ones done once, {self.count} cases")
        self.server.kill()


def publish(program, home):
    shutil.copytree(os.path.join(ROOT, "catalogs/ningbo"), f"{home}/catalog")
    subprocess.run([program, "check", f"{home}/catalog", "--publish"], check=True, stdout=subprocess.DEVNULL)


def campaign(name, program, kills, store_of, tally):
    with place(tally) as home:
        publish(program, home)
        Campaign(name, program, home, store_of(home), tally).run(kills)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("tally", nargs="?")
    parser.add_argument("--sqlite", type=int, default=6)
    parser.add_argument("--postgres", type=int, default=2)
    options = parser.parse_args()
    program, tally = os.path.abspath(os.path.join(options.build, "onevisit")), [0, 0]
    if options.sqlite:
        campaign("sqlite", program, options.sqlite, lambda home: f"sqlite:{home}/store.db", tally)
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    if cluster and options.postgres:
        database = "onevisit_served_" + secrets.token_hex(4)
        on_cluster(cluster, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
        campaign("postgres", program, options.postgres, lambda home: url_of_database(cluster, database, f"{home}/files"), tally)
        on_cluster(cluster, f"DROP DATABASE {database} WITH (FORCE)")
    elif options.postgres:
        print("postgres: left out, ONEVISIT_TEST_POSTGRES is not set")
    return finish(tally, options.tally)


if __name__ == "__main__":
    sys.exit(main())
