#!/usr/bin/env python3
"""The command line as a user meets it: exit codes, messages in both languages, and that what is refused changes nothing.

    cli.py PROGRAM [TALLYFILE]
"""
import gzip
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CATALOG = os.path.join(ROOT, "catalogs/ningbo")  # main() puts a published copy in its place
ANSWERS = ["has_company=false", "area=320", "premises_owned=false", "food_kind=hot", "cold_dishes=true", "signboard=true", "gas=true",
           "sewage=true", "delivery_only=false", "staff_certified=true"]
TALLY = [0, 0]


def check(what, good, why=""):
    TALLY[0 if good else 1] += 1
    print(("ok " if good else "not ok ") + what + ("" if good else f"\n   {why}"), flush=True)
    return good


def run(*arguments, lang="en", **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "LC_ALL": lang}, **more)


def expect(what, code, arguments, says="", where="stderr", lang="en", **more):
    done = run(*arguments, lang=lang, **more)
    said = getattr(done, where)
    check(what, done.returncode == code and says in said, f"exit {done.returncode}, wanted {code} and «{says}»: {(done.stdout[-300:] + done.stderr[-600:]).strip()}")
    return done


class City:
    """`onevisit serve --sample` on a store."""

    def __init__(self, home, store, *more):
        began = time.monotonic()
        self.process = subprocess.Popen([PROGRAM, "serve", "--store", store, "--catalog", CATALOG, "--listen", "127.0.0.1:0", "--sample", *more],
                                        cwd=home, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "en"})
        self.log, self.port = [], 0
        for line in self.process.stderr:
            self.log.append(line)
            if '"listening"' in line:
                self.port = int(json.loads(line)["port"])
                break
        if self.port:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10).read()
        self.took = time.monotonic() - began

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        return self.process.wait(timeout=30)


def everything_of(path):
    """A digest of the events and accounts as SQLite gives them."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]
        return hashlib.sha256(repr([(t, sorted(map(repr, db.execute(f'SELECT * FROM "{t}"')))) for t in tables]).encode()).hexdigest()


def words():
    expect("--version", 0, ["--version"], "onevisit", "stdout")
    expect("no argument shows the help and is exit 2", 2, [], "Usage", "stdout")
    expect("an unknown subcommand is named", 2, ["fly"], "fly")
    for name in ("check", "plan", "serve", "ledger", "backup", "restore", "import", "export"):
        zh, en = run(name, "--help", lang="zh"), run(name, "--help", "--lang", "en", lang="zh")
        check(f"{name} --help, in Chinese and in English", zh.returncode == en.returncode == 0 and "用法" in zh.stdout and "sage" in en.stdout.split("\n")[0]
              and "用法" not in en.stdout, f"{zh.returncode} {en.returncode} {zh.stdout[:80]!r} {en.stdout[:80]!r} {en.stderr[:80]}")
        wrong = run(name, "--no-such-option")
        check(f"{name} refuses an unknown option", wrong.returncode == 2 and wrong.stderr, wrong.returncode)


def catalogues(home):
    expect("check: the sample city is fit", 0, ["check", CATALOG])
    done = run("check", CATALOG, "--json")
    check("check --json says so in JSON", json.loads(done.stdout)["fit"] is True)
    broken = os.path.join(home, "broken")
    shutil.copytree(CATALOG, broken)
    path = os.path.join(broken, "items/outdoor-signboard.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "colour: red\n")
    line = len(text.splitlines()) + 1
    expect("check: a finding is exit 1, with file, line and column", 1, ["check", broken], f"items/outdoor-signboard.yaml:{line}:1", "stdout")
    done = run("check", broken, "--json")
    found = json.loads(done.stdout)["findings"]
    check("check --json: the same finding in both languages", done.returncode == 1 and found and found[0]["line"] == line and found[0]["wrong"]["zh"] and found[0]["wrong"]["en"], done.stdout[:300])
    done = expect("serve: a broken catalogue is exit 2", 2, ["serve", "--catalog", broken, "--store", f"sqlite:{home}/none.db", "--listen", "127.0.0.1:0"], "outdoor-signboard.yaml")
    check("serve: with line and column, and no store made", f":{line}:1:" in done.stderr and not os.path.exists(f"{home}/none.db"), done.stderr[-300:])
    expect("check: what is no folder is exit 2", 2, ["check", os.path.join(home, "nothing")], "nothing")


def published(home):
    """The sample city in a folder of its own, refused until it is proved."""
    global CATALOG
    CATALOG = shutil.copytree(CATALOG, os.path.join(home, "ningbo"), ignore=shutil.ignore_patterns("proof.json"))
    start = ["serve", "--catalog", CATALOG, "--store", f"sqlite:{home}/none.db", "--listen", "127.0.0.1:0"]
    expect("serve: a catalogue that is not proved is exit 2, with the command to run", 2, start, f"onevisit check {CATALOG} --publish")
    expect("serve: the same in Chinese", 2, start, "还没有证明", lang="zh")
    expect("check --publish proves it and says where", 0, ["check", CATALOG, "--publish"], f"{CATALOG}/proof.json")
    check("the proof's file is no part of the catalogue", json.loads(run("check", CATALOG, "--json").stdout)["fit"] is True)
    expect("check --publish is of the whole", 2, ["check", CATALOG, "--publish", "--thing", "open-a-restaurant"], "--thing")
    check("no store was made", not os.path.exists(f"{home}/none.db"))


def entered(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return [kind for (kind,) in db.execute("SELECT type FROM events WHERE kind = 'catalogue' ORDER BY seq")]


def versions(home, path, url):
    """What is published is what was proved; what does not pass is not published; a version is entered once."""
    proof, other = os.path.join(CATALOG, "proof.json"), os.path.join(home, "other")
    start = ["serve", "--store", f"sqlite:{home}/none.db", "--listen", "127.0.0.1:0", "--catalog"]
    check("two starts, one publication on the ledger", entered(path) == ["published"], entered(path))
    with open(proof, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        (body,) = db.execute("SELECT body FROM events WHERE kind = 'catalogue'").fetchone()
    data = json.loads(body)
    check("with the proof's SHA-256 and what was proved", data["proof"] == digest and data["things"] == 78 and data["proved"] > 700 and data["negative"] > 0, data)
    shutil.copytree(CATALOG, other)
    with open(os.path.join(other, "things/open-a-restaurant.yaml"), "a", encoding="utf-8") as file:
        file.write("# a remark\n")
    expect("serve: one byte changed after the proof is refused", 2, [*start, other], "changed after it was proved")
    expect("serve: the same in Chinese", 2, [*start, other], "改动过", lang="zh")
    with open(os.path.join(other, "proof.json"), "r+b") as file:
        file.truncate(5000)
    expect("serve: half a proof is refused", 2, [*start, other], "damaged")
    shutil.copy(proof, os.path.join(other, "proof.json"))
    os.remove(os.path.join(other, "negative.yaml"))
    expect("check --publish: a promise that fails is not published", 1, ["check", other, "--publish"], "nothing is published")
    with open(os.path.join(other, "proof.json"), "rb") as file:
        check("and the proof that was there stays", hashlib.sha256(file.read()).hexdigest() == digest)
    check("no store was made", not os.path.exists(f"{home}/none.db"))
    expect("check --publish: a folder that cannot be written is told", 3, ["check", CATALOG, "--publish", "--proof", f"{home}/no/such/proof.json"], "proof.json")
    expect("the same version proved again", 0, ["check", CATALOG, "--publish"])
    for _ in range(2):
        check("serve starts with it", City(home, url).stop() == 0)
    check("another proof is one more entry, once", entered(path) == ["published", "proved-again"], entered(path))
    city = City(home, url)
    site = f"http://127.0.0.1:{city.port}/api/catalogue"
    said = json.load(urllib.request.urlopen(site, timeout=10))
    whole = urllib.request.urlopen(f"{site}/proof", timeout=10).read()
    check("/api/catalogue/proof has the fingerprint that /api/catalogue says", hashlib.sha256(whole).hexdigest() == said["proof"] != digest, said["proof"])
    opened = [dict(entry["fields"]) for entry in said["opened"]]
    check("both entries are opened for everybody, each with its proof's fingerprint", len(opened) == 2 and digest in str(opened[0]) and said["proof"] in str(opened[1])
          and said["opened"][0]["index"] == said["ledger"]["published_at_index"], opened)
    check("serve ends", city.stop() == 0)
    listed = expect("versions: what is in force, and since when", 0, ["versions", "--store", url], said["version"], "stdout").stdout
    check("one version, by the system", listed.count("\n") == 1 and "  system  " in listed, listed)
    back = os.path.join(home, "back")
    expect("versions --export: its files as a folder", 0, ["versions", "--store", url, "--export", back])
    check("the files are those of the folder", run("diff", CATALOG, back).returncode == 0)
    expect("versions --export: a folder that is there is left alone", 2, ["versions", "--store", url, "--export", back], "cannot be written")
    expect("versions --export: a version that never was", 2, ["versions", "--store", url, "--export", f"{back}2", "--version", "0" * 64], "not published")
    city = City(home, f"sqlite:{home}/second.db", "--catalog", back)
    check("serve takes the exported folder as it is", city.port and city.stop() == 0)
    with open(os.path.join(back, "city.yaml"), "a", encoding="utf-8") as file:
        file.write("# next year\n")
    expect("a newer folder is proved", 0, ["check", back, "--publish"])
    for folder in (back, CATALOG):
        check("serve takes the folder that it is given", City(home, url, "--catalog", folder).stop() == 0)
    lines = run("versions", "--store", url).stdout.splitlines()
    check("the older folder is in force again, and both times stand there", len(lines) == 3 and lines[0].split()[1] == lines[2].split()[1] == said["version"] != lines[1].split()[1], lines)


def plans():
    given = [word for answer in ANSWERS for word in ("--answer", answer)]
    done = expect("plan: the restaurant", 0, ["plan", CATALOG, "open-a-restaurant", *given, "--json"])
    plan = json.loads(done.stdout)
    check("plan --json: eleven items, no trip online", len(plan["items"]) == 11 and plan["trips"]["online"] == 0, plan["trips"])
    done = expect("plan --svg", 0, ["plan", CATALOG, "open-a-restaurant", *given, "--svg"], "<svg", "stdout")
    import xml.dom.minidom
    check("plan --svg is well-formed", xml.dom.minidom.parseString(done.stdout) is not None)
    expect("plan: a wrong answer is refused and named", 2, ["plan", CATALOG, "open-a-restaurant", *given, "--answer", "area=many"], "area")
    expect("plan: the same in Chinese", 2, ["plan", CATALOG, "open-a-restaurant", "--answer", "area=many"], "area", lang="zh")
    expect("plan: a missing answer is named", 2, ["plan", CATALOG, "open-a-restaurant"], "has_company")
    expect("plan: an unknown thing is named", 2, ["plan", CATALOG, "open-a-spaceport"], "open-a-spaceport")


def advice(home):
    few = ["--people", "8", "--top", "3"]
    done = expect("advise: the work list", 0, ["advise", CATALOG, *few, "--json"])
    listed = json.loads(done.stdout)["advice"]
    check("advise --json: three reforms, the best first, each with its person",
          len(listed) == 3 and listed[0]["trips"] >= listed[1]["trips"] > 0 and all(a["example"]["answers"] for a in listed), listed[:1])
    best = listed[0]["example"]
    given = [word for q, a in best["answers"].items() for word in ("--answer", f"{q}={a}")]
    plan = json.loads(run("plan", CATALOG, best["thing"], *given, "--json").stdout)
    check("the evidence is a plan that anybody compiles", plan["trips"]["online"] == best["before"]["trips"] and plan["days"] == best["before"]["days"], best)
    expect("advise, in Chinese", 0, ["advise", CATALOG, *few], "少跑", "stdout", lang="zh")
    with open(f"{home}/cases.csv", "w", encoding="utf-8") as out:
        out.write("# thing,cases\nopen-a-guesthouse,800\n")
    done = expect("advise: cases a year weigh", 0, ["advise", CATALOG, *few, "--cases", f"{home}/cases.csv", "--by", "materials", "--json"])
    check("only the thing that has cases counts", all(a["things"] == ["open-a-guesthouse"] for a in json.loads(done.stdout)["advice"]), done.stdout[:300])
    with open(f"{home}/cases.csv", "a", encoding="utf-8") as out:
        out.write("open-a-spaceport,1\n")
    expect("advise: a thing that is not there, with its line", 2, ["advise", CATALOG, "--cases", f"{home}/cases.csv"], "cases.csv:3")
    expect("advise: an order that is none", 2, ["advise", CATALOG, "--by", "luck"], "--help")


def differences(home):
    changed = f"{home}/changed"
    shutil.copytree(CATALOG, changed)
    expect("diff: a catalogue and itself", 0, ["diff", CATALOG, changed], "78 things are unchanged", "stdout")
    path = f"{changed}/items/outdoor-signboard.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("presence: []", "presence:\n  - {why: identity, basis: {law: 某法, article: 第一条}}"))
    expect("diff: who is worse off", 1, ["diff", CATALOG, changed, "--thing", "open-a-restaurant"], "[worse]", "stdout")
    expect("diff, in Chinese", 1, ["diff", CATALOG, changed, "--thing", "open-a-restaurant"], "更差", "stdout", lang="zh")
    expect("diff: a thing that neither has", 2, ["diff", CATALOG, changed, "--thing", "open-a-spaceport"], "thing")
    expect("diff: one folder is not enough", 2, ["diff", CATALOG], "--help")


def flip(path, column):
    """Another byte in one event row; the store as it was is given back afterwards by the caller."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        seq, value = db.execute(f"SELECT seq, {column} FROM events WHERE length({column}) > 3 ORDER BY seq LIMIT 1 OFFSET 5").fetchone()
        changed = value[:2] + (bytes([value[2] ^ 1]) if isinstance(value, bytes) else chr(ord(value[2]) ^ 1)) + value[3:]
        db.execute(f"UPDATE events SET {column} = ? WHERE seq = ?", (changed, seq))
        return seq


def ledger(home, path, url):
    expect("ledger verify: intact", 0, ["ledger", "verify", "--store", url], "intact", "stdout")
    expect("ledger verify, in Chinese", 0, ["ledger", "verify", "--store", url], "完好", "stdout", lang="zh")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        columns = [(row[1], row[2]) for row in db.execute("PRAGMA table_info(events)")]
    for column, kind in columns:
        if kind.upper() not in ("TEXT", "BLOB", "BYTES"):
            continue
        bad = os.path.join(home, "flipped.db")
        shutil.copy(path, bad)
        try:
            seq = flip(bad, column)
        except TypeError:  # the column is empty in a sample store
            continue
        expect(f"ledger verify: a flipped byte in events.{column} is found", 1, ["ledger", "verify", "--store", f"sqlite:{bad}"], str(seq))
    for what, statement in (("removed", "DELETE FROM events WHERE seq = 7"), ("two reordered", "UPDATE events SET at = at + 1 WHERE seq = 9")):
        bad = os.path.join(home, "changed.db")
        shutil.copy(path, bad)
        with closing(sqlite3.connect(bad, isolation_level=None)) as db:
            db.execute(statement)
        expect(f"ledger verify: an event {what} is found", 1, ["ledger", "verify", "--store", f"sqlite:{bad}"])
    expect("ledger verify: no store there cannot be checked", 3, ["ledger", "verify", "--store", f"sqlite:{home}/none.db"], "cannot be reached")


def backups(home, path, url):
    backup = os.path.join(home, "b.ovb")
    expect("backup", 0, ["backup", "--store", url, backup])
    expect("backup does not overwrite", 2, ["backup", "--store", url, backup])
    back = os.path.join(home, "back.db")
    expect("restore", 0, ["restore", "--store", f"sqlite:{back}", backup])
    check("what came back is what was there", everything_of(back) == everything_of(path))
    expect("ledger verify: intact after the restore", 0, ["ledger", "verify", "--store", f"sqlite:{back}"])
    expect("restore refuses a store that is in use", 2, ["restore", "--store", f"sqlite:{back}", backup])
    with open(backup, "rb") as file:
        data = bytearray(file.read())
    for name, bad in (("damaged", data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:]), ("truncated", data[:-100]), ("empty", b"")):
        with open(f"{home}/{name}", "wb") as file:
            file.write(bad)
        done = run("restore", "--store", f"sqlite:{home}/{name}.db", f"{home}/{name}")
        check(f"restore: a backup that is {name} is refused and leaves nothing", done.returncode in (2, 3) and done.stderr and not os.path.exists(f"{home}/{name}.db"),
              f"{done.returncode} {done.stderr}")
        expect(f"restore: nothing of the {name} one stands in the way of a good one", 0, ["restore", "--store", f"sqlite:{home}/{name}.db", backup])


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/"><trace><string key="concept:name" value="case-1"/>
<event><string key="concept:name" value="Receive"/><string key="org:resource" value="R1"/><date key="time:timestamp" value="2011-10-11T13:45:40.276+02:00"/></event>
<event><string key="concept:name" value="Decide"/><date key="time:timestamp" value="2011-10-13T08:37:37.026+02:00"/></event></trace></log>
"""


def histories(home):
    url, out = f"sqlite:{home}/history.db", f"{home}/out.xes"
    with gzip.open(f"{home}/in.xes.gz", "wt", encoding="utf-8") as file:
        file.write(XES)
    expect("import xes", 0, ["import", "xes", f"{home}/in.xes.gz", "--store", url])
    expect("export xes", 0, ["export", "xes", "--store", url, "-o", out])
    with open(out, encoding="utf-8") as file:
        text = file.read()
    check("export xes: the same events", "case-1" in text and "Receive" in text and "Decide" in text and ".276" in text, text[:400])
    with open(f"{home}/cut.xes", "w", encoding="utf-8") as file:
        file.write(XES[:-60])
    done = run("import", "xes", f"{home}/cut.xes", "--store", f"sqlite:{home}/cut.db")
    check("import xes: a truncated log is refused", done.returncode == 2 and done.stderr, f"{done.returncode} {done.stderr}")


def stores(home, city, path, url):
    taken = run("serve", "--catalog", CATALOG, "--store", f"sqlite:{home}/other.db", "--listen", f"127.0.0.1:{city.port}")
    check("serve refuses a port in use and says which", taken.returncode in (2, 3) and str(city.port) in taken.stderr, f"{taken.returncode} {taken.stderr[-300:]}")
    second = run("serve", "--catalog", CATALOG, "--store", url, "--listen", "127.0.0.1:0")
    check("a second writer of the same store is refused", second.returncode in (2, 3) and "onevisit:" in second.stderr, f"{second.returncode} {second.stderr[-300:]}")
    expect("backup works while the city is served", 0, ["backup", "--store", url, f"{home}/online.ovb"])
    expect("so does ledger verify", 0, ["ledger", "verify", "--store", url])


def stores_in_bad_shape(home, path):
    newer = os.path.join(home, "newer.db")
    shutil.copy(path, newer)
    with closing(sqlite3.connect(newer, isolation_level=None)) as db:
        table = next(r[0] for r in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%migration%' OR name LIKE '%schema%' ORDER BY name"))
        columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
        row = list(db.execute(f"SELECT * FROM {table} WHERE room = 'engine' ORDER BY number DESC LIMIT 1").fetchone())
        row[columns.index("number")] = 999
        db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    before = everything_of(newer)
    done = run("serve", "--catalog", CATALOG, "--store", f"sqlite:{newer}", "--listen", "127.0.0.1:0")
    check("a store newer than the program is refused and unchanged", done.returncode in (2, 3) and "newer" in done.stderr and everything_of(newer) == before, f"{done.returncode} {done.stderr[-300:]}")
    with open(f"{home}/text.db", "w", encoding="ascii") as file:
        file.write("this is no database, it is a letter\n" * 200)
    done = run("serve", "--catalog", CATALOG, "--store", f"sqlite:{home}/text.db", "--listen", "127.0.0.1:0")
    check("a file that is no store is refused", done.returncode in (2, 3) and done.stderr, f"{done.returncode} {done.stderr[-300:]}")


def mounted(home, size):
    place = tempfile.mkdtemp(dir=home)
    ok = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True).returncode == 0
    return place if ok else None


def places(home, path):
    place = mounted(home, "40m")
    if not place:
        print("a read-only store and a full disk: left out (mounting needs root)")
        return
    try:
        shutil.copy(path, f"{place}/s.db")
        shutil.copytree(path + ".keys", f"{place}/s.db.keys")
        before = everything_of(f"{place}/s.db")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        done = run("serve", "--catalog", CATALOG, "--store", f"sqlite:{place}/s.db", "--listen", "127.0.0.1:0")
        check("a read-only store is refused with a clear message", done.returncode in (2, 3) and "onevisit:" in done.stderr, f"{done.returncode} {done.stderr[-300:]}")
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        with open(f"{place}/filler", "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        done = run("import", "xes", f"{home}/in.xes.gz", "--store", f"sqlite:{place}/s.db")
        check("a full disk is told", done.returncode in (2, 3) and "onevisit:" in done.stderr, f"{done.returncode} {done.stderr[-300:]}")
        done = run("backup", "--store", f"sqlite:{place}/s.db", f"{place}/b.ovb")
        check("a backup onto a full disk is told and leaves no file", done.returncode in (2, 3) and not os.path.exists(f"{place}/b.ovb"), f"{done.returncode} {done.stderr[-300:]}")
        os.unlink(f"{place}/filler")
        check("what was there is there, and goes on when there is room", everything_of(f"{place}/s.db") == before)
        expect("the store is intact after the full disk", 0, ["ledger", "verify", "--store", f"sqlite:{place}/s.db"])
    finally:
        subprocess.run(["umount", place], check=False)


def main():
    home = tempfile.mkdtemp(prefix="onevisit-cli-")
    path, url = f"{home}/s.db", f"sqlite:{home}/s.db"
    try:
        published(home)
        words()
        catalogues(home)
        plans()
        advice(home)
        differences(home)
        city = City(home, url)
        check("serve --sample listens", city.port, "".join(city.log)[-500:])
        print(f"   the first start with a new store took {city.took:.2f} s")
        stores(home, city, path, url)
        check("serve ends well when told to", city.stop() == 0)
        city = City(home, url)
        print(f"   the second start took {city.took:.2f} s")
        check("serve goes on with its store, and ends well", city.port and city.stop() == 0)
        versions(home, path, url)
        ledger(home, path, url)
        backups(home, path, url)
        histories(home)
        stores_in_bad_shape(home, path)
        places(home, path)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"{TALLY[0]} passed, {TALLY[1]} failed")
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as out:
            out.write(f"{TALLY[0]} {TALLY[1]}\n")
    return 1 if TALLY[1] else 0


if __name__ == "__main__":
    sys.exit(main())
