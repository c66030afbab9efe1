#!/usr/bin/env python3
"""tests/ledger/publish.py BUILD [TALLY]: publishing with witnesses that come and go, keys that change, and stores that come back.

A real engine (ledger_load) with five real witnesses of which three must cosign; then the program itself (onevisit serve)
on a store that was restored from yesterday's backup.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
LOAD, PROGRAM = f"{BUILD}/tests/ledger_load", f"{BUILD}/onevisit"
ORIGIN = "jars.example/log"
SOURCE = os.environ.get("ONEVISIT_SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


HELD = []


def must(condition, what):
    if not condition:
        sys.exit(f"publish.py: not so: {what}")
    HELD.append(what)
    print(f"ok {what}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Witness:
    def __init__(self, home, number, log_vkey):
        self.name, self.port, self.state = f"witness-{number}.example/w", free_port(), str(home / f"w{number}")
        self.command = [PROGRAM, "witness", "--state", self.state, "--name", self.name]
        self.vkey = subprocess.run([*self.command, "--init"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.command += ["--log", log_vkey, "--listen", f"127.0.0.1:{self.port}"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if '"listening"' in line:
                return
        sys.exit("publish.py: a witness did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stderr.close()


def load(verb, home, *arguments, code=0):
    done = subprocess.run([LOAD, verb, str(home), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if done.returncode != code:
        sys.exit(f"publish.py: load {verb} ended with {done.returncode}: {done.stderr}")
    done.published = [tuple(map(int, line.split()[1:])) for line in done.stdout.splitlines() if line.startswith("P ")]
    return done


def note(home):
    return (home / "city.db.log/checkpoint").read_text(encoding="utf-8")


def size_of(home):
    return int(note(home).split("\n")[1])


def cosigners(home):
    return [line.split()[1] for line in note(home).splitlines() if line.startswith("— witness-")]


def vkey_of(home):
    with sqlite3.connect(home / "city.db") as db:
        return db.execute("SELECT vkey FROM ledger_keys WHERE name = ?", (ORIGIN,)).fetchone()[0]


def test_witnesses(home):
    load("open", home)
    must(note(home).split("\n")[:3] == [ORIGIN, "0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="], "an empty ledger shows the empty tree")
    load("write", home, "first", 3)
    witnesses = [Witness(home, i, vkey_of(home)) for i in range(5)]
    lines = [f"witness w{i} {w.vkey} http://127.0.0.1:{w.port}/" for i, w in enumerate(witnesses)]
    (home / "keys/policy").write_text("\n".join([f"log {vkey_of(home)}", *lines, "group departments 3 w0 w1 w2 w3 w4", "quorum departments", ""]))
    done = load("write", home, "five", 8)
    must(done.published[-1] == (11, 0) and size_of(home) == 11, "with five witnesses everything sealed is published")
    must(len(cosigners(home)) == 5, "all five cosign")
    witnesses[3].stop()
    witnesses[4].stop()
    load("write", home, "three", 8)
    must(size_of(home) == 19 and len(cosigners(home)) == 3, "with two away three cosign, and that is enough")
    witnesses[2].stop()
    done = load("write", home, "two", 8, 300)
    must(size_of(home) == 19 and done.published[-1] == (19, 1), "with three away the old checkpoint stays, and one is said to be missing")
    lock = int((home / "keys/log.lock").read_text(encoding="utf-8").split("\n")[1])
    must(lock > 19, "the lock knows what was offered to witnesses")
    witnesses[2].start()
    load("write", home, "again", 1)
    must(size_of(home) == 28 and len(cosigners(home)) == 3, "when it is back what waited is published")
    for w in witnesses[3:]:
        w.start()
    load("write", home, "all", 1)
    must(size_of(home) == 29 and len(cosigners(home)) == 5, "witnesses that missed much catch up by one proof")
    return witnesses


def test_lost_directory(home):
    before = note(home).split("\n\n")[0]
    shutil.rmtree(home / "city.db.log")
    load("open", home)
    must(note(home).split("\n\n")[0] == before, "a lost directory is written again from the store")
    load("check", home)
    (home / "city.db.log/tile/0/000.p/29").unlink()
    load("open", home)
    load("check", home)
    must((home / "city.db.log/tile/0/000.p/29").exists(), "so is a lost tile")


def test_restored_store(home, witnesses):
    with sqlite3.connect(home / "city.db") as live, sqlite3.connect(home / "yesterday.db") as copy:
        live.backup(copy)
    load("write", home, "today", 8)
    published = note(home)
    for suffix in ("-wal", "-shm", ""):
        (home / f"city.db{suffix}").unlink(missing_ok=True)
    shutil.copy(home / "yesterday.db", home / "city.db")
    done = load("open", home, code=2)
    must("ledger-behind" in done.stderr and "restored from an old backup" in done.stderr, "yesterday's store is refused by the lock")
    (home / "keys/log.lock").unlink()
    done = load("open", home, code=2)
    must("ledger-behind" in done.stderr, "and by the published directory")
    shutil.rmtree(home / "city.db.log")
    done = load("write", home, "other", 3, 500)
    must(done.published[-1][0] == 0 and "witness-disagrees" in done.stderr, "without both the witnesses know more (409): nothing is published")
    done = load("write", home, "fork", 12, 500)
    must(done.published[-1][0] == 0 and "witness-disagrees" in done.stderr, "a fork that has grown past them they refuse (422)")
    must(not (home / "city.db.log/checkpoint").exists(), "no forked checkpoint went out")
    size = int(published.split("\n")[1])
    for w in witnesses:
        held = "".join(p.read_text(encoding="utf-8", errors="replace") for p in pathlib.Path(w.state).rglob("*") if p.is_file())
        must(published.split("\n")[2] in held, f"{w.name} still stands by the tree of {size}")


def test_rotation(home):
    """A new key of the log: made, introduced beside the old one, then alone."""
    load("write", home, "old", 3)
    old = vkey_of(home)
    with tempfile.TemporaryDirectory() as other:
        load("write", pathlib.Path(other), "x", 1)
        shutil.copy(f"{other}/keys/log.key", home / "keys/log.next.key")
    load("write", home, "both", 3)
    must(note(home).count(f"— {ORIGIN} ") == 2, "while it is introduced both keys sign")
    (home / "keys/log.next.key").rename(home / "keys/log.key")
    load("write", home, "new", 3)
    must(note(home).count(f"— {ORIGIN} ") == 1, "then the new one alone")
    load("check", home)
    with sqlite3.connect(home / "city.db") as db:
        keys = [row[0] for row in db.execute("SELECT vkey FROM ledger_keys WHERE name = ?", (ORIGIN,))]
    must(len(keys) == 2 and old in keys, "the store keeps both public keys, and verifies under them")


def test_sigsum(home):
    """Somebody else's witness cosigns what our engine publishes."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import sigsum  # takes BUILD from the command line too

    programs, why = sigsum.programs()
    if not programs:
        print(f"   (left out: sigsum-witness cannot be had: {why})")
        return
    log, _ = sigsum.sigsum_log(str(home), programs)
    (home / "keys").mkdir()
    shutil.copy(home / "sigsum.key", home / "keys/log.key")
    subprocess.run([f"{programs}/sigsum-key", "generate", "-o", f"{home}/their"], check=True, capture_output=True)
    name = "sigsum.org/v1/witness/" + sigsum.text_of([f"{programs}/sigsum-key", "to-hash", "-k", f"{home}/their.pub"])
    vkey = sigsum.text_of([f"{programs}/sigsum-key", "to-vkey", "-k", f"{home}/their.pub", "-n", name, "-t", "cosignature/v1"])
    port = free_port()
    (home / "keys/policy").write_text(f"log {log.vkey}\nwitness w {vkey} http://127.0.0.1:{port}\nquorum w\n")
    witness = subprocess.Popen([f"{programs}/sigsum-witness", "-k", f"{home}/their", "--log-key", f"{home}/sigsum.pub", "--state-file",
                                f"{home}/their.state", f"127.0.0.1:{port}"], env={**os.environ, "GODEBUG": "httpmuxgo121=0"},
                               stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        os.environ["LOAD_ORIGIN"] = log.name
        load("write", home, "first", 8)
        load("write", home, "second", 8)
        must(size_of(home) == 16 and f"— {name} " in note(home), "sigsum-witness cosigns what our engine publishes, under sigsum's name for a log")
    finally:
        del os.environ["LOAD_ORIGIN"]
        witness.terminate()
        witness.wait()


def serve(home, *more, seconds=20):
    """Starts the program and ends it when it listens: (exit code, what it said)."""
    command = [PROGRAM, "serve", "--store", f"sqlite:{home}/city.db", "--catalog", f"{SOURCE}/catalogs/ningbo", "--proof", f"{home}/proof.json", "--listen", "127.0.0.1:0",
               "--sample", *more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "en_GB.UTF-8"})
    said = []
    end = time.monotonic() + seconds
    for line in process.stderr:
        said.append(line)
        if '"listening"' in line or time.monotonic() > end:
            process.send_signal(signal.SIGTERM)
    process.stderr.close()
    return process.wait(), "".join(said)


def test_program(home):
    subprocess.run([PROGRAM, "check", f"{SOURCE}/catalogs/ningbo", "--publish", "--proof", f"{home}/proof.json"], check=True, capture_output=True)
    code, said = serve(home)
    must(code == 0 and (home / "city.db.log/checkpoint").exists(), "the program publishes beside its store")
    backup = home / "yesterday.ovb"
    subprocess.run([PROGRAM, "backup", "--store", f"sqlite:{home}/city.db", str(backup)], check=True, capture_output=True)
    subprocess.run([PROGRAM, "user", "add", "later", "--name", "Later", "--role", "clerk", "--agency", "centre", "--stdin", "--store",
                    f"sqlite:{home}/city.db"], input="a long enough password\n", text=True, check=True,
                   capture_output=True)
    code, said = serve(home)
    must(code == 0, "and goes on")
    for path in home.glob("city.db*"):
        if path.is_file():
            path.unlink()
    subprocess.run([PROGRAM, "restore", "--store", f"sqlite:{home}/city.db", str(backup)], check=True, capture_output=True)
    code, said = serve(home)
    must(code == 2 and "restored from an old backup" in said, f"yesterday's backup under today's keys: «{said.strip()[:100]}…», exit code 2")
    (home / "city.db.keys").rename(home / "old.keys")
    (home / "city.db.log").rename(home / "old.log")
    code, said = serve(home, "--origin", "new.example/log")
    must(code == 0 and (home / "city.db.log/checkpoint").read_text(encoding="utf-8").startswith("new.example/log\n"),
         "under a new name and new keys it goes on")
    done = subprocess.run([PROGRAM, "ledger", "verify", "--store", f"sqlite:{home}/city.db"], capture_output=True, text=True)
    must(done.returncode == 0, "and verifies from the first entry to the last")


def test_empty(home):
    """What is out before the first event: the empty tree, of which the store has no row."""
    subprocess.run([LOAD, "write", home, "1", "0"], check=True, capture_output=True)
    verify = [PROGRAM, "ledger", "verify", "--store", f"sqlite:{home}/city.db"]
    done = subprocess.run(verify, capture_output=True, text=True)
    must(done.returncode == 0, f"an empty ledger that is published verifies: «{done.stderr.strip()}»")
    out = home / "city.db.log/checkpoint"
    out.write_text(out.read_text(encoding="utf-8").replace("47DEQ", "57DEQ"), encoding="utf-8")
    must(subprocess.run(verify, capture_output=True).returncode == 1, "another root of the empty tree is found")


def main():
    top = pathlib.Path(tempfile.mkdtemp(prefix="onevisit-publish-"))
    witnesses = []
    try:
        for name in ("empty", "city", "rotation", "program", "sigsum"):
            (top / name).mkdir()
        test_empty(top / "empty")
        witnesses = test_witnesses(top / "city")
        test_lost_directory(top / "city")
        test_restored_store(top / "city", witnesses)
        test_rotation(top / "rotation")
        test_program(top / "program")
        test_sigsum(top / "sigsum")
    finally:
        for w in witnesses:
            w.process.kill()
            w.process.wait()
    shutil.rmtree(top)
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text(f"{len(HELD)} 0\n", encoding="utf-8")


if __name__ == "__main__":
    main()
