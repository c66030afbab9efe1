#!/usr/bin/env python3
"""kill -9 in the middle of one applicant's story, from the booking to the parcel at his door: the desk comes back where it was.

    desk.py BUILDDIR [TALLYFILE] [--rounds N]

The story is told once without a crash, and after each step everything that it shows is kept: the visit, the window, the case and its events, the
parcels, the notices. Then it is told again, and at some steps `onevisit serve` is killed, while the request is under way or after it was acknowledged; on
PostgreSQL the database server, too. After each start what was acknowledged has to be as it was in the undisturbed story; the request is sent again under its
key and has to change nothing more than it says. --rounds N: N more stories on each store, killed at every step. A mail server and a courier are
processes of their own (tests/outside/far_ends.py); the clocks run from one morning (tests/browser/clock.c).
"""
import argparse
import collections
import datetime
import html
import http.client
import json
import os
import random
import re
import secrets
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

from crash import finish, on_cluster, place, tell, url_of_database
from served import ROOT, Client, Server, publish, sign_in, sign_in_staff

HALL, ZONE, WINDOW, THING = "demo", "social", 5, "disability-support"
MORNING = "2026-11-30T09:00:00+08:00"
SLOT = {"day": "2026-11-30", "slot": 9 * 60 + 30}
ANSWERS = {"hospital_assessed": "true", "is_severe": "false", "needs_device": "false", "has_guardian": "false", "is_blind": "true",
           "family_in_hardship": "true"}
APPLICANT = {"applicant_name": "陈小满", "applicant_id": "33020019900321998X", "applicant_phone": "13800001234"}
OFFICES = ["disabled-federation", "civil-affairs", "transport"]
STAFF = ["zhou", "sun", *OFFICES]
UNANSWERED = (OSError, http.client.HTTPException, ValueError)
PATIENCE = 60  # seconds for what comes by itself, and for a store that is starting
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


# ---- a request that can be sent again ----

class Call:
    """As a page's form does it («once») or a program (Idempotency-Key): sent again it is the same request, byte by byte."""

    def __init__(self, token, method, path, data=None, headers=()):
        self.token, self.method, self.path, self.data, self.headers = token, method, path, data, dict(headers)

    def send(self, port):
        return Client(port, self.token).send(self.method, self.path, self.data, self.headers)


def program(token, path, body=None):
    return Call(token, "POST", path, json.dumps(body or {}), {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(12)})


def form(token, path, fields):
    data = urllib.parse.urlencode({"once": secrets.token_hex(16), **fields})
    return Call(token, "POST", path, data, {"Content-Type": "application/x-www-form-urlencoded"})


def form_with_files(token, path, fields, files):
    line = secrets.token_hex(16)
    parts = [f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in {"once": secrets.token_hex(16), **fields}.items()]
    for name in files:
        head = f'--{line}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        parts.append(head.encode() + PDF + b"\r\n")
    return Call(token, "POST", path, b"".join(parts) + f"--{line}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={line}"})


class Report:
    """What the courier calls back: his system sends it, signed."""

    def __init__(self, far, tracking, state):
        self.far, self.said = far, {"id": secrets.token_hex(8), "tracking": tracking, "state": state, "place": "宁波集散中心"}

    def send(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", self.far.http, timeout=300)
        connection.request("POST", "/control/report", json.dumps({**self.said, "to": f"http://127.0.0.1:{port}/courier/reports"}))
        answer = json.loads(connection.getresponse().read())
        return answer["status"], "", answer["body"].encode()


# ---- the city: the program, what is outside, the clock ----

class FarEnds:
    """The mail server and the courier."""

    def __init__(self, home, env):
        self.home = home
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable  # Debian's own has aiosmtpd
        self.log = open(f"{home}.log", "ab")
        self.process = subprocess.Popen([python, f"{ROOT}/tests/outside/far_ends.py", home], stdin=subprocess.PIPE, stderr=self.log, env=env)
        until("the far ends", lambda: os.path.exists(f"{home}/ports") or self.process.poll() is not None)
        if self.process.poll() is not None:
            sys.exit(f"desk.py: the mail server and the courier do not start: see {home}.log")
        with open(f"{home}/ports", encoding="utf-8") as ports:
            self.smtp, self.http = map(int, ports.read().split())

    def lines(self, name):
        if not os.path.exists(f"{self.home}/{name}"):
            return []
        with open(f"{self.home}/{name}", encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class City:
    def __init__(self, onevisit, home, store):
        self.onevisit, self.home, self.store = onevisit, home, store
        os.mkdir(f"{home}/far")
        with open(f"{home}/clock", "w", encoding="utf-8") as clock:
            clock.write(str(int((datetime.datetime.fromisoformat(MORNING).timestamp() - time.time()) * 1000)))
        shim = os.path.join(os.path.dirname(onevisit), "tests/libtest_clock.so")
        if not os.path.exists(shim):
            sys.exit(f"desk.py: {shim} is not there: build all first")
        self.env = {**os.environ, "LD_PRELOAD": shim, "CLOCK_FILE": f"{home}/clock"}
        self.far = FarEnds(f"{home}/far", self.env)
        self.server = None
        self.start()
        shutil.copy(f"{home}/keys/courier.secret", f"{home}/far/secret")
        with open(f"{home}/keys/sample-password", encoding="utf-8") as f:
            self.password = f.readline().strip()

    def start(self):
        outside = ["--mail", f"smtp://127.0.0.1:{self.far.smtp}", "--mail-from", "notices@city.example",
                   "--courier", f"http://127.0.0.1:{self.far.http}/courier"]
        self.server = Server(self.onevisit, self.home, self.store, outside, self.env)

    def nothing_waits(self):
        """On SQLite: no message is in the outbox."""
        db = sqlite3.connect(f"file:{self.home}/store.db?mode=ro", uri=True)
        waits = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
        db.close()
        return waits == 0

    def kill(self):
        """Whether it was we who ended it."""
        return self.server.kill() == -signal.SIGKILL

    def end(self):
        self.kill()
        self.far.end()
        done = subprocess.run([self.onevisit, "ledger", "verify", "--store", self.store], capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [f"ledger verify: {done.returncode} {(done.stdout + done.stderr)[-300:]}"]


class Broken(Exception):
    pass


def until(what, so):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = so()
        if found:
            return found
        time.sleep(0.02)
    raise Broken(f"it does not come: {what}")


# ---- what is to be seen ----

def text(markup):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", markup))).strip()


class Eyes:
    """Everything the story shows, to the applicant, the clerk and the issuing desk, without numbers that are drawn and without moments."""

    def __init__(self, port, story):
        self.port, self.story = port, story

    def get(self, who, path):
        status, _, answer = Client(self.port, self.story.tokens[who]).send("GET", path)
        if status != 200:
            raise Broken(f"GET {path}: {status} {answer[:200]}")
        return answer.decode()

    def json(self, who, path):
        return json.loads(self.get(who, path))

    def visit(self):
        v = self.json("applicant", f"/api/visits/{self.story.visit}")
        happened = re.findall(r'<p class="timeline-text">(.*?)</p>', self.get("applicant", f"/visits/{self.story.visit}"), re.S)
        return {"visit": [v["state"], v["ticket"], v.get("window")], "happened": [text(line) for line in happened],
                "visits": len(set(re.findall(r'href="/visits/(\w{32})"', self.get("applicant", "/visits"))))}

    def window(self):
        page = self.get("zhou", f"/queue/{HALL}/{ZONE}/{WINDOW}")
        there = re.search(r'<p class="ticket-number">(.*?)</p>', page)
        return {"window": [there and text(there[1]), "do-serve" in page, "do-next" in page, "to-case" in page],
                "waiting": re.search(r"Waiting \((\d+)\)", page)[1]}

    def case(self):
        no = self.story.case
        cases = [row["number"] for row in self.json("applicant", "/api/cases")["cases"]]
        if not no:
            return {"cases": len(cases)}
        c = self.json("applicant", f"/api/cases/{no}")
        events = self.json("zhou", f"/api/cases/{no}/history")["events"]
        if [e["version"] for e in events] != list(range(1, len(events) + 1)):
            raise Broken("the case's events are not 1, 2, 3 …")
        return {"cases": len(cases), "case": c["state"], "items": {i["item"]: i["state"] for i in c["items"]},
                "fields": {f["field"]: f["value"] for f in c["fields"]}, "delivery": c["delivery"], "trips": c["trips"],
                "files": {m["material"]: [[f["name"], f["sha256"]] for f in m["files"]] for m in c["materials"]},
                "papers": sorted(p["paper"] for p in c["papers"]),
                "events": sorted(f"{e['type']} {e['item']} {e['actor']}" for e in events)}

    def parcels(self):
        page = self.get("sun", f"/issue/parcels/{self.story.case}")
        found = re.findall(r'<h2 id="p-\d+">(.*?)</h2>(.*?)</section>', page, re.S)
        return {"parcels": sorted([text(head), "SF" in body] for head, body in found)}

    def notices(self):
        page = self.get("zhou", f"/desk/cases/{self.story.case}/notices")
        rows = re.findall(r'<li>([^<]*)<br><span class="quiet">.*?· ([^<]*)</span></li>', page)
        return {"notices": sorted(f"{text(subject)} {text(state)}" for subject, state in rows)}

    def all(self):
        seen = {"confirmed": "The code from the e-mail" not in self.get("applicant", "/account/notices")}
        seen |= self.window() | self.case()
        if self.story.visit:
            seen |= self.visit()
        if self.story.case:
            seen |= self.parcels() | self.notices()
        return seen


def difference(seen, wanted):
    return [f"{key}: {seen.get(key)}, without a crash {wanted.get(key)}" for key in sorted({*seen, *wanted}) if seen.get(key) != wanted.get(key)]


# ---- what happens at a step ----

class Story:
    """golden: an undisturbed story to be compared with; plan: what happens at which of its steps."""

    def __init__(self, city, golden=None, plan=None, chance=None):
        self.city, self.golden, self.plan, self.chance = city, golden, plan or {}, chance
        self.kept, self.took, self.trouble = {}, {}, []  # kept: step: what was seen after it
        self.visit = self.case = ""
        self.crashes = collections.Counter()
        port = city.server.port
        self.tokens = {"applicant": sign_in(port, 0), **{login: sign_in_staff(port, login, city.password) for login in STAFF}}

    def look(self):
        return Eyes(self.city.server.port, self).all()

    def plain(self, call, _):
        answer = call.send(self.city.server.port)
        # each thread of the service finds out by itself that its connection went with the store
        return None if answer[0] == 503 and self.crashes["store_killed"] else answer

    def answered(self, call):
        try:
            answer = call.send(self.city.server.port)
        except UNANSWERED:
            return None
        return answer if answer[0] < 500 else None

    def end_life(self, name):
        if not self.city.kill():
            self.trouble.append(f"{name}: serve had ended by itself")
        self.city.start()

    def killed_after(self, call, name):
        answer = self.answered(call)
        self.end_life(name)
        return answer

    def killed_during(self, call, name):
        killer = threading.Timer(self.chance.random() * 1.2 * self.golden.took[name], self.city.server.kill)
        killer.start()
        answer = self.answered(call)
        killer.join()
        self.end_life(name)
        return answer

    def store_killed(self, call, _):
        pg_ctl = shlex.split(os.environ["ONEVISIT_TEST_PG_CTL"]) + ["restart", "-m", "immediate"]
        restart = threading.Thread(target=subprocess.run, args=[pg_ctl], kwargs={"check": True, "cwd": "/", "stdout": subprocess.DEVNULL})
        restart.start()
        answer = self.answered(call)
        restart.join()
        return answer

    def compare(self, name, when):
        """What is seen has to become what it was without a crash, and soon."""
        wanted, last = self.golden.kept[name], {}

        def same():
            nonlocal last
            try:
                last = self.look()
            except (Broken, *UNANSWERED) as e:
                last = {"unwell": str(e)}
            return last == wanted

        try:
            until(name, same)
        except Broken:
            self.trouble += [f"{name}, {when}: {line}" for line in difference(last, wanted)]
            raise

    def keep(self, name):
        """When nothing is on its way any more to whom it is for."""
        until(f"{name}: what follows from it", self.city.nothing_waits)
        self.kept[name] = self.look()

    def step(self, name, call, learn=None):
        """One request. learn: takes from the answer what the story goes on with."""
        how, began = self.plan.get(name, "plain"), time.monotonic()
        first = getattr(self, how)(call, name)
        self.took[name] = time.monotonic() - began
        self.crashes[how] += 1
        if first and learn:
            learn(first)
        if first and how != "plain":
            self.compare(name, "acknowledged before the crash")
        again = until(f"{name}: an answer", lambda: self.answered(call))
        if again[0] not in (200, 201, 303) or (first and (first[0], first[1]) != (again[0], again[1])):
            self.trouble.append(f"{name}: answered {first}, sent again {again[0]} {again[1]} {again[2][:300]}")
            raise Broken(name)
        if learn:
            learn(again)
        if self.golden:
            self.compare(name, "sent again")
        else:
            self.keep(name)

    # ---- the story ----

    def mail_address(self):
        applicant = self.tokens["applicant"]
        self.step("an address for notices", form(applicant, "/account/notices", {"email": "xiaoman@example.com"}))
        mail = until("the mail with the code", lambda: self.city.far.lines("mails"))[0]
        code = re.search(r"\b\d{6}\b", mail["text"])[0]
        self.step("the address confirmed", form(applicant, "/account/notices/confirm", {"code": code}))

    def coming(self):
        def booked(answer):
            self.visit = json.loads(answer[2])["visit"]
        applicant = self.tokens["applicant"]
        self.step("booked", program(applicant, "/api/visits", {"hall": HALL, "thing": THING, "note": "需要轮椅通道", **SLOT}), booked)
        # whoever is in the hall already is not told of his appointment any more
        until("the mail of the appointment", lambda: any("Appointment made" in m["subject"] for m in self.city.far.lines("mails")))
        self.step("there", program(applicant, f"/api/visits/{self.visit}/arrive"))

    def window(self, command, **data):
        return program(self.tokens["zhou"], f"/api/queue/{HALL}/{ZONE}/{WINDOW}/{command}", data)

    def called(self):
        self.step("window closed", self.window("close"))
        self.step("window opened", self.window("open"))
        self.step("first called", self.window("next"))
        for n in range(1, 20):
            if self.look()["visit"][0] == "called":
                return
            self.step(f"finished, next called {n}", self.window("finish-next"))
        raise Broken("his turn does not come")

    def at_the_desk(self):
        def begun(answer):
            self.case = re.search(r"/desk/cases/(\w+)/fill", answer[1])[1]
        zhou = self.tokens["zhou"]
        self.step("at the window", self.window("serve"))
        self.step("case begun", form(zhou, f"/queue/{HALL}/{ZONE}/{WINDOW}/application/{THING}", {**ANSWERS, **APPLICANT}), begun)
        values = {"boolean": "true", "date": "2027-01-04", "number": "12"}
        draft = Eyes(self.city.server.port, self).json("applicant", f"/api/cases/{self.case}")
        fields = {f"field-{f['field']}": f["value"] or values.get(f["type"], "海曙区中山东路1号") for f in draft["fields"]}
        wanted = [f"material-{m['material']}" for m in draft["materials"] if m["source"] == "upload"]
        fill, delivery = f"/desk/cases/{self.case}/fill", {"mode": "courier", "address": "宁波市海曙区中山东路1号"}
        self.step("form filled in", form_with_files(zhou, fill, {**fields, **delivery, "version": draft["version"]}, wanted[:1]))
        self.step("handed in", form_with_files(zhou, fill, {**fields, **delivery, "submit": "1"}, wanted[1:]))
        self.step("accepted", program(zhou, f"/api/cases/{self.case}/commands/accept"))
        self.step("finished", self.window("finish"))

    def office(self, login):
        eyes = Eyes(self.city.server.port, self)
        for t in eyes.json(login, "/api/office/inbox")["tasks"]:
            if t["case"] != self.case:
                continue
            command, data = ("decide", {"item": t["what"], "granted": True, "reasons": "符合法定条件"}) if t["kind"] == "decide" else (
                "step-done", {"step": t["step"], "result": "pass", "opinion": "符合条件"})
            return f"{command}: {login} {t['item']} {t['what']}", program(self.tokens[login], f"/api/cases/{self.case}/commands/{command}", data)
        return None

    def departments(self):
        while True:
            work = next((work for work in map(self.office, OFFICES) if work), None)
            if not work:
                return
            self.step(*work)
            if work[0].startswith("decide: disabled-federation"):
                self.issue("the certificate the others wait for")

    def issue(self, what):
        self.step(f"issued: {what}", form(self.tokens["sun"], f"/issue/cases/{self.case}/issue-all", {"form": "all"}))

    def results(self):
        self.issue("what was left")
        items = Eyes(self.city.server.port, self).json("applicant", f"/api/cases/{self.case}")["items"]
        for item in [i["item"] for i in items if i["item"] == "disability-living-subsidy" and i["state"] == "issued"]:
            self.step(f"{item} goes electronically",
                      program(self.tokens["sun"], f"/api/cases/{self.case}/commands/deliver", {"item": item, "mode": "e-certificate"}))
        page = Eyes(self.city.server.port, self).get("sun", f"/issue/parcels/{self.case}")
        for n, tracking in enumerate(sorted(set(re.findall(r"SF\d{12}", page)))):
            for state in ("picked-up", "under-way", "delivered"):
                self.step(f"parcel {n} {state}", Report(self.city.far, tracking, state))

    def tell(self):
        self.mail_address()
        self.coming()
        self.called()
        self.at_the_desk()
        self.departments()
        self.results()
        last = self.look()
        if last["case"] != "archived" or last["trips"] != {"applicant": 1, "staff": 0} or last["visits"] != 1 or last["cases"] != 1 or not last["happened"]:
            raise Broken(f"it does not end well: {last}")

    def outside(self):
        """The orders and mails that came, each once however often it was sent."""
        posts = self.city.far.lines("posts")
        if not all(p["signed"] for p in posts):
            self.trouble.append("an order was not signed")
        return {"orders": len({p["body"]["order"] for p in posts}), "keys": len({p["key"] for p in posts}),
                "mails": sorted(collections.Counter(re.sub(r"\d{6,}\w?", "#", subject) for _, subject in
                                                    {(m["id"], m["subject"]) for m in self.city.far.lines("mails")}).items())}


# ---- campaigns ----

def told(city, **how):
    """The story to its end, or to where it broke."""
    story = None
    try:
        story = Story(city, **how)
        story.tell()
    except (Broken, *UNANSWERED) as e:
        story = story or argparse.Namespace(trouble=[], kept={}, crashes={}, outside=dict)
        if not story.trouble:
            story.trouble.append(f"{type(e).__name__}: {e}")
    story.sent = story.outside()
    story.trouble += city.end()
    return story


def lay_out(base, home):
    shutil.copytree(f"{base}/catalog", f"{home}/catalog")


def undisturbed(onevisit, base, tally):
    with place(tally) as home:
        lay_out(base, home)
        story = told(City(onevisit, home, f"sqlite:{home}/store.db"))
        tell(tally, story.trouble, f"a story of {len(story.kept)} steps, from the booking to the door, with one trip")
        return None if story.trouble else story


def plan_of(golden, ways, some, chance):
    steps = list(golden.kept)
    return {step: chance.choice(ways) for step in (chance.sample(steps, some) if some else steps)}


def disturbed(name, onevisit, base, store_of, golden, ways, some, seed, tally):
    """some: at so many steps; 0: at each."""
    chance = random.Random(seed)
    with place(tally) as home:
        lay_out(base, home)
        story = told(City(onevisit, home, store_of(home)), golden=golden, plan=plan_of(golden, ways, some, chance), chance=chance)
        if not story.trouble and story.sent != golden.sent:
            story.trouble += difference(story.sent, golden.sent)
        crashes = ", ".join(f"{story.crashes[way]} {way.replace('_', ' ')}" for way in dict.fromkeys(ways) if story.crashes[way])
        tell(tally, story.trouble, f"{name}, seed {seed}: {crashes}: each time it came back where it was, and nothing was done twice")


def on_postgres(cluster, one):
    database = "onevisit_desk_" + secrets.token_hex(4)
    on_cluster(cluster, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    one(lambda home: url_of_database(cluster, database, f"{home}/files"))
    on_cluster(cluster, f"DROP DATABASE {database} WITH (FORCE)")


def campaign(onevisit, base, rounds, tally):
    golden = undisturbed(onevisit, base, tally)
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    seed = int(os.environ.get("ONEVISIT_CRASH_SEED", secrets.randbelow(10**6)))
    if not golden:
        return
    kills = ["killed_after", "killed_during"]
    store = kills + ["store_killed"] if "ONEVISIT_TEST_PG_CTL" in os.environ else kills
    for number in range(max(rounds, 1)):
        some = [0, 0] if rounds else [8, 4]
        disturbed("sqlite", onevisit, base, lambda home: f"sqlite:{home}/store.db", golden, kills, some[0], seed + number, tally)
        if cluster:
            on_postgres(cluster, lambda at, n=number: disturbed("postgres", onevisit, base, at, golden, store, some[1], seed + n, tally))
    if not cluster:
        print("postgres: left out, ONEVISIT_TEST_POSTGRES is not set")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("tally", nargs="?")
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_args()
    onevisit, tally = os.path.abspath(os.path.join(options.build, "onevisit")), [0, 0]
    with place(tally) as base:
        publish(onevisit, base)
        campaign(onevisit, base, options.rounds, tally)
    return finish(tally, options.tally)


if __name__ == "__main__":
    sys.exit(main())
