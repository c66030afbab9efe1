#!/usr/bin/env python3
"""Log directories judged by others: Go's sumdb libraries, every flipped byte, tiles rebuilt from the bundles.

    directory.py BUILDDIR [TALLYFILE]
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.abspath(os.path.join(sys.argv[1], "tests/logtool"))
VECTORS = os.path.join(ROOT, "../shared/vectors")
GOPATH = "/usr/share/gocode"
ORIGIN = "city.example/log"
TALLY = [0, 0]


def check(what, good, why=""):
    TALLY[0 if good else 1] += 1
    print(("ok " if good else "not ok ") + what + ("" if good else f"\n   {why}"), flush=True)
    return good


def tool(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def grow(home, name, size, step):
    log = os.path.join(home, name)
    done = tool("grow", log, os.path.join(home, "keys"), ORIGIN, size, step)
    assert done.returncode == 0, done.stderr
    return log, done.stdout.strip()


def build_oracle(home, name, source):
    """The program of a Go source on Debian's packages, or None, saying so."""
    go = "/usr/bin/go" if os.path.exists("/usr/bin/go") else shutil.which("go")
    if not go or not os.path.isdir(os.path.join(GOPATH, "src/golang.org/x/mod/sumdb/tlog")):
        print(f"   (left out: {name} needs Debian's golang-go and golang-golang-x-mod-dev)")
        return None
    if not os.path.exists(source):
        print(f"   (left out: {name} is not beside this clone)")
        return None
    program = os.path.join(home, name)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOFLAGS": ""}
    done = subprocess.run([go, "build", "-o", program, source], capture_output=True, text=True, env=environment)
    check(f"{name} builds", done.returncode == 0, done.stderr)
    return program if done.returncode == 0 else None


def right(program, *arguments):
    """What an oracle says: it prints «false» or «wrong», or panics, where something is."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode == 0 and "false" not in done.stdout and "wrong" not in done.stdout


def served_files(log):
    for folder, folders, files in os.walk(log):
        folders[:] = [f for f in folders if not f.startswith(".")]
        yield from (os.path.join(folder, f) for f in files if not f.startswith("."))


class Flipped:
    """One byte of a file, other while the block runs."""

    def __init__(self, path, at):
        self.path, self.at = path, at

    def write(self):
        with open(self.path, "r+b") as f:
            f.seek(self.at)
            byte = f.read(1)
            f.seek(self.at)
            f.write(bytes([byte[0] ^ 1 << self.at % 8]))

    def __enter__(self):
        self.write()

    def __exit__(self, *_):
        self.write()


def signed_part(log):
    """The bytes of the checkpoint that the log's key vouches for: all but the witness's line."""
    with open(os.path.join(log, "checkpoint"), "rb") as f:
        return f.read().index("— witness.example".encode())


def flips_are_found(log, vkey):
    done = tool("flip", log, vkey)
    end = signed_part(log)
    missed = [line.split() for line in done.stdout.splitlines()]
    bad = [m for m in missed if m[0] != "checkpoint" or int(m[1]) < end]
    check(f"every flipped byte of every served file is found, but in a signature that nobody knows ({done.stderr.strip()})",
          done.returncode in (0, 1) and not bad and "flips" in done.stderr, f"{bad[:5]} {done.stderr}")
    check("the log is right again afterwards", tool("check", log, vkey).returncode == 0)


def oracle_finds_flips(name, program, arguments, log, files, count):
    chance = random.Random(962)
    missed = []
    for _ in range(count):
        path = chance.choice(files)
        end = signed_part(log) if path.endswith("/checkpoint") else os.path.getsize(path)
        at = chance.randrange(end)
        with Flipped(path, at):
            if right(program, *arguments):
                missed.append((path, at))
    check(f"{name} finds {count} flips as well", not missed, missed)


def judged_by_the_small_oracle(home):
    program = build_oracle(home, "oracle_tiles", os.path.join(VECTORS, "oracle_tiles.go"))
    if not program:
        return
    for size in (1, 2, 15, 64, 100):
        log, vkey = grow(home, f"small{size}", size, 7)
        check(f"oracle_tiles: the root and every proof of a log of {size}", right(program, log, vkey, "checkpoint"))
    files = [os.path.join(log, f) for f in ("checkpoint", "tile/0/000.p/100", "tile/entries/000.p/100")]
    oracle_finds_flips("oracle_tiles", program, (log, vkey, "checkpoint"), log, files, 40)


def judged_by_the_large_oracle(home):
    program = build_oracle(home, "oracle", os.path.join(ROOT, "tests/ledger/oracle.go"))
    if not program:
        return
    chance = random.Random(6962)
    for size in [255, 256, 257, 70000] + [chance.randrange(5000) for _ in range(8)]:
        log, vkey = grow(home, f"large{size}", size, chance.randrange(1, 2000) if size < 70000 else 9000)
        if size:
            check(f"oracle: a log of {size}", right(program, log, vkey) and tool("check", log, vkey).returncode == 0)
    log, vkey = grow(home, "flips", 700, 700)  # no older partial files, which the oracle does not read
    oracle_finds_flips("oracle", program, (log, vkey), log, sorted(served_files(log)), 40)


def rebuilt_alike(home):
    log, vkey = grow(home, "whole", 66000, 4000)
    copy = os.path.join(home, "copy")
    shutil.copytree(os.path.join(log, "tile/entries"), os.path.join(copy, "tile/entries"))
    shutil.copy(os.path.join(log, "checkpoint"), copy)
    check("without its hash tiles the log is not right", tool("check", copy, vkey).returncode == 1)
    done = tool("rebuild", copy, 66000)
    check("the hash tiles are rebuilt from the bundles", done.returncode == 0, done.stderr)
    check("and the log is right", tool("check", copy, vkey).returncode == 0)
    mine = {os.path.relpath(f, copy): open(f, "rb").read() for f in served_files(copy)}
    other = [f for f, b in mine.items() if open(os.path.join(log, f), "rb").read() != b]
    check(f"byte for byte ({len(mine)} files)", len(mine) > 500 and not other, other[:5])


def main():
    home = tempfile.mkdtemp(prefix="onevisit-ledger-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        log, vkey = grow(home, "log", 60, 20)
        flips_are_found(log, vkey)
        judged_by_the_small_oracle(home)
        judged_by_the_large_oracle(home)
        rebuilt_alike(home)
    finally:
        shutil.rmtree(home)
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w") as f:
            print(*TALLY, file=f)
    return TALLY[1] != 0


sys.exit(main())
