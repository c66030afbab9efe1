#!/usr/bin/env python3
"""Witnesses and mirrors as real processes, over real HTTP: every status code, races, kill -9, split views, a copy and its restore.

    witness.py BUILDDIR [TALLYFILE]

KILLS=N in the environment: so many kills of a witness under load (default 20; a campaign is some hundreds).
"""
import base64
import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time

from logs import BUILD, PROGRAM, Log, Server, check, judge, policy, run, size_of, status_is, tool

KILLS = int(os.environ.get("KILLS", "20"))
FAULT = f"{BUILD}/tests/libledger_fault.so"


# ---- every status code ----


def codes(home):
    log, other = Log(home, "codes.example/log"), Log(home, "other.example/log", "other")
    w = Server("witness", f"{home}/codes", "witness.example/w1", [log])
    key = os.stat(f"{home}/codes/witness.key")
    check("the key is the owner's alone", key.st_mode & 0o777 == 0o600)
    public = base64.b64decode(w.vkey.split("+", 2)[2])
    keyid = hashlib.sha256(b"witness.example/w1\n" + public).hexdigest()[:8]
    check("its vkey is of type 04, with its key id", public[0] == 4 and len(public) == 33 and w.vkey.split("+")[1] == keyid, w.vkey)
    status_is("GET of a log that was never cosigned: 404", w.latest(log.name), 404)

    # nine requests in the order of a known implementation's transcript, with the codes of v1.0.0
    request = log.request(1, 3)
    line = request.rstrip(b"\n").split(b" ")[-1]
    blob = bytearray(base64.b64decode(line))
    blob[-1] ^= 1
    forged = request.replace(line, base64.b64encode(bytes(blob)))
    status_is("1: the first checkpoint, old 0: 200", w.add(log.request(0, 1)), 200, None, "— witness.example/w1 ".encode())
    status_is("2: a bad signature of the log: 403", w.add(forged), 403)
    status_is("3: an unknown origin: 404", w.add(other.request(1, 3)), 404)
    proof = request.split(b"\n")[1:3]
    status_is("4: no proof: 422", w.add(request.replace(proof[0] + b"\n" + proof[1] + b"\n", b"", 1)), 422)
    status_is("5: a wrong proof: 422", w.add(request.replace(proof[1], base64.b64encode(b"\x2a" * 32), 1)), 422)
    status_is("6: the right proof: 200", w.add(request), 200)
    status_is("7: an old size that is no longer the newest: 409 with the size", w.add(log.request(1, 5)), 409, "text/x.tlog.size", b"3\n")
    status_is("8: from the size told: 200", w.add(log.request(3, 5)), 200)
    status_is("9: old 0: 409 with the size", w.add(log.request(0, 5)), 409, "text/x.tlog.size", b"5\n")

    good = log.request(5, 8)
    root = good.split(b"\n\n")[1].split(b"\n")[2]
    hashes = good.split(b"\n\n")[0].split(b"\n")[1:]
    for what, body in {
        "an empty body": b"",
        "no «old» line": good.split(b"\n", 1)[1],
        "a size with a leading zero": good.replace(b"old 5", b"old 05", 1),
        "a size with a sign": good.replace(b"old 5", b"old +5", 1),
        "a negative size": good.replace(b"old 5", b"old -5", 1),
        "a size of 2^63": good.replace(b"old 5", b"old 9223372036854775808", 1),
        "two spaces": good.replace(b"old 5", b"old  5", 1),
        "CR LF": good.replace(b"\n", b"\r\n"),
        "no empty line": good.replace(b"\n\n", b"\n", 1),
        "no checkpoint": good.split(b"\n\n")[0] + b"\n\n",
        "a hash of 31 bytes": good.replace(hashes[0], base64.b64encode(b"x" * 31), 1),
        "a hash in base64 without padding": good.replace(hashes[0], hashes[0].rstrip(b"="), 1),
        "64 lines of proof": good.replace(b"old 5\n", b"old 5\n" + (hashes[0] + b"\n") * (64 - len(hashes)), 1),
        "no signature": good[: good.rindex("— ".encode())],
        "a note that does not end in LF": good[:-1],
        "a note that is not UTF-8": good.replace(b"codes", b"c\xffdes"),
        "a root that is not base64": good.replace(root, b"*" + root[1:], 1),
        "an extension line": b"old 5\n\n" + log.sign(b"codes.example/log\n8\n" + root + b"\nextension\n"),
        "two lines only": b"old 5\n\n" + log.sign(b"codes.example/log\n8\n"),
        "more than 64 KiB": good + b"x" * 65536,
    }.items():
        status_is(f"malformed, {what}: 400", w.add(body), 400)
    status_is("old larger than the checkpoint: 400, before any 409", w.add(b"old 9\n" + good.split(b"\n", 1)[1]), 400)
    status_is("an origin that is not known, and a bad signature: 404 goes first", w.add(forged.replace(b"codes.example", b"nobody.example")), 404)
    unsigned = b"old 5\n\n" + other.sign(b"codes.example/log\n8\n" + root + b"\n")
    status_is("signed by another key only: 403", w.add(unsigned), 403)
    status_is("old = size, another root: 422", w.add(log.request(5, 5, 2, "other")), 422)
    status_is("old = size with a proof: 422", w.add(log.request(5, 5).replace(b"old 5\n", b"old 5\n" + hashes[0] + b"\n", 1)), 422)
    status_is("a tree that forks within what was seen: 422", w.add(log.request(5, 8, 4, "fork")), 422)
    both = good + other.sign(b"codes.example/log\n8\n" + root + b"\n").split(b"\n\n")[1]
    first = w.add(both)
    status_is("a signature of a key that nobody knows beside the log's: 200", first, 200)
    again = w.add(log.request(8, 8))
    status_is("the same size and root again: 200", again, 200)
    latest = w.latest(log.name)
    check("GET gives the newest, with the log's signature and ours alone",
          latest[0] == 200 and size_of(latest[2]) == 8 and latest[2].endswith(again[2]) and latest[2].count("— ".encode()) == 2, latest)
    check("GET / names the key and what was seen", w.ask("GET", "/")[2].decode() == f"{w.vkey}\ncodes.example/log 8\n")
    status_is("GET of add-checkpoint: 405", w.ask("GET", "/add-checkpoint"), 405)

    one = policy(f"{home}/codes.policy", log, [w.vkey], 1)
    check("the cosigned note satisfies a policy of this witness", judge(one, latest[2]) == 0)
    check("and the note without it does not", judge(one, log.checkpoint(8)) == 1)

    second = subprocess.run(w.arguments, capture_output=True, text=True, timeout=20, env={**os.environ, "LC_ALL": "en"})
    check("a second witness on the same state refuses to start", second.returncode == 2 and "in use by another process" in second.stderr, second.stderr)
    check("SIGTERM ends it cleanly", w.stop() == 0)
    w.start()
    check("after a restart it is the same witness at the same size", w.latest(log.name)[2] == latest[2])
    w.stop()
    init = subprocess.run([PROGRAM, "witness", "--state", f"{home}/codes", "--name", "witness.example/w1", "--init"], capture_output=True, text=True, timeout=20)
    check("--init prints the key there is", init.returncode == 0 and init.stdout == w.vkey + "\n", init)
    with open(f"{home}/codes/logs/{hashlib.sha256(log.name.encode()).hexdigest()}", "r+b") as state:
        changed = state.read().replace(b"\n8\n", b"\n7\n")
        state.seek(0)
        state.write(changed)
    broken = subprocess.run(w.arguments, capture_output=True, text=True, timeout=20, env={**os.environ, "LC_ALL": "en"})
    check("a state that somebody changed is not believed", broken.returncode == 3 and "does not verify" in broken.stderr, broken.stderr)


def size_zero(home):
    log = Log(home, "zero.example/log", "zero")
    w = Server("witness", f"{home}/zero", "witness.example/zero", [log])
    not_empty = b"old 0\n\n" + log.sign(b"zero.example/log\n0\n" + base64.b64encode(b"\x01" * 32) + b"\n")
    status_is("size 0 with a root that is not the empty one: 422", w.add(not_empty), 422)
    one_hash = base64.b64encode(b"\x01" * 32) + b"\n"
    status_is("old 0 with a proof: 422", w.add(log.request(0, 3).replace(b"old 0\n", b"old 0\n" + one_hash, 1)), 422)
    status_is("size 0, old 0 with a proof: 422", w.add(log.request(0, 0).replace(b"old 0\n", b"old 0\n" + one_hash, 1)), 422)
    status_is("the ceremony: size 0 is cosigned", w.add(log.request(0, 0)), 200)
    check("and kept", size_of(w.latest(log.name)[2]) == 0)
    status_is("size 0 again", w.add(log.request(0, 0)), 200)
    status_is("from size 0 on it grows", w.add(log.request(0, 3)), 200)
    status_is("and does not come back: 409", w.add(log.request(0, 0)), 409, "text/x.tlog.size", b"3\n")
    w.stop()


# ---- races, kills ----


def at_once(functions):
    results, gate = [None] * len(functions), threading.Barrier(len(functions))

    def one(i):
        gate.wait()
        try:
            results[i] = functions[i]()
        except (OSError, http.client.HTTPException) as why:
            results[i] = (0, None, str(why).encode())

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(functions))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def race(home):
    log = Log(home, "race.example/log", "race")
    w = Server("witness", f"{home}/race", "witness.example/race", [log])
    old, bad = 0, []
    for turn in range(4):
        new = old + 7
        left, right = log.request(old, new), log.request(old, new, old, f"turn{turn}")
        base = left if turn == 0 else log.request(old, new)
        answers = at_once([lambda body=(base if i % 2 else right): w.add(body) for i in range(50)])
        won = [i for i, a in enumerate(answers) if a[0] == 200]
        lost = [a for a in answers if a[0] == 409 and a[2] == b"%d\n" % new]
        if len(won) != 1 or len(lost) != 49:
            bad.append((turn, sorted(a[0] for a in answers)))
            break
        wanted = (base if won[0] % 2 else right).split(b"\n\n")[1]
        if not w.latest(log.name)[2].startswith(wanted):
            bad.append((turn, "kept another root"))
        loser = log.request(new, new, old, f"turn{turn}") if won[0] % 2 else log.request(new, new)
        if w.add(loser)[0] != 422:
            bad.append((turn, "took the loser afterwards"))
        if not won[0] % 2:
            break  # the honest tree has lost: nothing to go on from
        old = new
    check("50 at once with two successors: one is cosigned, 49 hear 409, the other stays refused", not bad, bad)
    w.stop()


class Promises:
    """What a witness has given away: one root a size, and never a smaller size once a larger one was given away before."""

    def __init__(self):
        self.roots, self.largest, self.times = {}, 0, []

    def add(self, request, answer, begun_at):
        text = request.split(b"\n\n")[1]
        size, root = size_of(text), text.split(b"\n")[2]
        at = int.from_bytes(base64.b64decode(answer[2].split(b" ")[2])[4:12], "big")
        good = self.roots.setdefault(size, root) == root and size >= begun_at
        self.largest = max(self.largest, size)
        self.times.append((size, at))
        return good


class Killed:
    """A witness that is made to die while it is asked to cosign, and looked at after it came back."""

    def __init__(self, home, name):
        self.log = Log(home, f"{name}.example/log", name)
        self.witness = Server("witness", f"{home}/{name}", f"witness.example/{name}", [self.log])
        self.promises, self.wrong, self.given, self.size, self.requests = Promises(), [], 0, 0, {}

    def request(self, old, new):
        if (old, new) not in self.requests:
            self.requests[old, new] = self.log.request(old, new)
        return self.requests[old, new]

    def feed(self, n):
        """Growth by one leaf, n times, until the witness is no more."""
        bodies = [self.request(self.size + i, self.size + i + 1) for i in range(n)]
        try:
            for body in bodies:
                begun = self.promises.largest
                answer = self.witness.add(body)
                self.given += answer[0] == 200
                if answer[0] == 200 and not self.promises.add(body, answer, begun):
                    self.wrong.append(("two roots, or backwards", answer))
                elif answer[0] not in (200, 409):
                    self.wrong.append(answer)
        except (OSError, http.client.HTTPException):
            pass

    def come_back(self, what):
        held = self.size
        self.witness.process.kill()
        self.witness.process.wait()
        self.witness.start()
        latest = self.witness.latest(self.log.name)
        self.size = size_of(latest[2]) if latest[0] == 200 else 0
        if self.size < self.promises.largest:
            self.wrong.append((what, f"gave away size {self.promises.largest} and came back at {self.size}"))
        fork = self.log.request(held, held + 3, held - 1, "fork") if held else b""
        if fork and self.witness.add(fork)[0] == 200:
            self.wrong.append((what, "cosigned a fork"))
        if self.size and self.witness.add(self.log.request(self.size, self.size, 0, "fork"))[0] != 422:
            self.wrong.append((what, "took another root of the same size"))

    def end(self, what):
        check(f"{what}, {self.given} cosignatures given away: never backwards, never two roots", self.size and not self.wrong, self.wrong[:5])
        times = [at for _, at in sorted(self.promises.times)]
        check("   their times never go back, and nothing half written is left to be read",
              times == sorted(times) and len(os.listdir(f"{self.witness.state}/logs")) <= 2)
        self.witness.stop()


def kills(home):
    killed, rng = Killed(home, "kills"), random.Random(7)
    for turn in range(KILLS):
        bodies_ready = [killed.request(killed.size + i, killed.size + i + 1) for i in range(6)]
        killer = threading.Timer(rng.uniform(0.0005, 0.02), killed.witness.process.kill)
        killer.start()
        killed.feed(len(bodies_ready))
        killer.join()
        killed.come_back(turn)
    killed.end(f"{KILLS} kills at random moments")


def deaths(home):
    """The same at every single change to a file: opening, writing (also half of it), fsync, rename, fsync of the directory."""
    if not os.path.exists(FAULT):
        return print(f"skipped: {FAULT} is not built")
    killed, points = Killed(home, "deaths"), range(1, max(14, KILLS // 4))
    for torn in ("0", "1"):
        for at in points:
            killed.witness.stop()
            try:
                killed.witness.start(LD_PRELOAD=FAULT, FAULT_AT=str(at), FAULT_TORN=torn)
                killed.feed(at // 5 + 1)
            except RuntimeError:
                pass  # it has died before it listened
            killed.come_back((at, torn))
    return killed.end(f"death at {2 * len(points)} changes to files, one after another")


# ---- split views ----


def show_both(log, servers, on_a, wrong):
    """The log shows one history to the first witnesses and another to the rest, then each the other one: the two notes with what was cosigned."""
    requests = {"a": log.request(0, 10), "b": log.request(0, 12, 5, "right")}
    later = {"a": log.request(12, 14), "b": log.request(10, 12, 5, "right")}  # of the other history, from the size that is held
    notes = {side: body.split(b"\n\n", 1)[1] for side, body in requests.items()}
    for i, server in enumerate(servers):
        mine, other = ("a", "b") if i < on_a else ("b", "a")
        answer = server.add(requests[mine])
        if answer[0] != 200:
            wrong.append(answer)
        notes[mine] += answer[2]
        if any(server.add(body)[0] == 200 for body in (requests[other], later[other])):
            wrong.append(f"honest witness {i} cosigned both histories")
    return notes


def split_view(home, n, k, cheats):
    """A log with two histories, and so many witnesses that sign anything. True when some split makes both satisfy the policy."""
    tag, honest, both_ever, wrong = f"{n}{k}{cheats}", n - cheats, False, []
    logs = [Log(home, f"split{tag}-{on_a}.example/log", f"split{tag}-{on_a}") for on_a in range(honest + 1)]
    keys = [tool("key", home, f"cheat{tag}-{i}", f"cheat.example/{i}", "cosign").decode().strip() for i in range(cheats)]
    servers = [Server("witness", f"{home}/split{tag}-{i}", f"witness.example/s{i}", logs) for i in range(honest)]
    for on_a, log in enumerate(logs):
        rules = policy(f"{home}/split.policy", log, [s.vkey for s in servers] + keys, k)
        notes = show_both(log, servers, on_a, wrong)
        for side in notes:
            for i in range(cheats):
                notes[side] += tool("cosign", home, f"cheat{tag}-{i}", f"cheat.example/{i}", int(time.time()), stdin=notes[side])
        both_ever |= [judge(rules, notes[side]) for side in ("a", "b")] == [0, 0]
    for server in servers:
        server.stop(signal.SIGKILL)
    if wrong:
        check(f"honest witnesses of {k} of {n} with {cheats} cheats do what they must", False, wrong[:3])
    return both_ever


def split_views(home):
    for n, k in ((4, 3), (7, 5)):
        below, at = 2 * k - n - 1, 2 * k - n
        check(f"{k} of {n}, {below} cheating: no split of the honest ones makes both histories good", not split_view(home, n, k, below))
        check(f"{k} of {n}, {at} cheating: both can be made good: this is the limit", split_view(home, n, k, at))


# ---- the mirror ----


def tree_files(directory):
    found = {}
    for base, folders, files in os.walk(directory):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for name in files:
            path = os.path.join(base, name)
            if not name.startswith("."):
                found[os.path.relpath(path, directory)] = open(path, "rb").read()
    return found


def same_log(origin, copy, size):
    """Every file of the origin's tree of this size is in the copy, with the same bytes, and the copy has none of its own."""
    a, b = tree_files(origin), tree_files(copy)
    needed = set(tool("tiles", size).decode().split()) | {"checkpoint"}
    return needed <= set(b) and all(path in a and a[path] == bytes_ for path, bytes_ in b.items())


def mirror_once(state, log, source, *more):
    return subprocess.run([PROGRAM, "mirror", "--state", state, "--name", "mirror.example/m1", "--log", log.vkey, "--from", source, "--once", *more],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "en"})


def wait_for(good, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if good():
            return True
        time.sleep(0.02)
    return False


class Static:
    """A directory behind HTTP; what is in `broken` comes with a flipped byte, what is in `missing` not at all."""

    def __init__(self, directory):
        import http.server
        outer = self
        self.broken, self.missing, self.asked, self.stall_after, self.delay = set(), set(), [], None, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                name = self.path.lstrip("/")
                outer.asked.append(name)
                time.sleep(outer.delay)
                path = os.path.join(directory, name)
                there = os.path.isfile(path) and name not in outer.missing
                if outer.stall_after is not None and len(outer.asked) > outer.stall_after:
                    there = False
                data = bytearray(open(path, "rb").read()) if there else bytearray(b"no\n")
                if name in outer.broken and data:
                    data[len(data) // 2] ^= 1
                self.send_response(200 if there else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def mirrors(home):
    log, origin = Log(home, "mirror.example/log", "mirrored"), f"{home}/origin"
    log.publish(origin, 300)
    m = Server("mirror", f"{home}/m", "mirror.example/m1", [log], "--from", origin)
    check("a mirror takes what is published and cosigns it", wait_for(lambda: m.latest(log.name)[0] == 200 and size_of(m.latest(log.name)[2]) == 300), m.said)
    check("it serves the copy under the log's own paths",
          all(m.ask("GET", f"/{path}")[::2] == (200, open(f"{origin}/{path}", "rb").read()) for path in tree_files(origin)))
    status_is("and nothing beside it", m.ask("GET", "/tile/0/../../witness.key"), 404)
    status_is("a path that no tile has", m.ask("GET", "/tile/0/0"), 404)
    log.publish(origin, 777)
    check("it follows", wait_for(lambda: size_of(m.latest(log.name)[2]) == 777), m.said)
    rules = policy(f"{home}/m.policy", log, [m.vkey], 1)
    check("its cosignature counts in a policy", judge(rules, m.latest(log.name)[2]) == 0)
    tool("files", origin, 900)
    answer = m.add(log.request(777, 900))
    status_is("asked before publication, it fetches the entries first: 200", answer, 200)
    check("and holds them", os.path.exists(f"{home}/m/log/tile/entries/003.p/132"), sorted(tree_files(f"{home}/m/log")))
    status_is("entries that are not there yet: 503, and nothing is signed", m.add(log.request(900, 950)), 503)
    check("which the state shows", size_of(m.latest(log.name)[2]) == 900)
    log.publish(origin, 950)
    check("once they are there, it goes on", wait_for(lambda: size_of(m.latest(log.name)[2]) == 950), m.said)
    check("SIGTERM ends it cleanly", m.stop() == 0)
    done = subprocess.run([PROGRAM, "mirror", "--state", f"{home}/m", "--log", log.vkey, "--restore-to", f"{home}/restored"], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "LC_ALL": "en"})
    check("restoring gives the log back, byte for byte", done.returncode == 0 and same_log(origin, f"{home}/restored", 950), done.stderr)
    check("which stands every check of a log", tool("check", f"{home}/restored", log.vkey, code=None).returncode == 0)
    again = subprocess.run([PROGRAM, "mirror", "--state", f"{home}/m", "--log", log.vkey, "--restore-to", origin], capture_output=True, text=True, timeout=60,
                           env={**os.environ, "LC_ALL": "en"})
    check("it never overwrites a log", again.returncode == 2 and "not overwritten" in again.stderr, again.stderr)
    log.publish(f"{home}/restored", 1000)
    check("a restored log can be continued, and its mirror follows it", mirror_once(f"{home}/m", log, f"{home}/restored").returncode == 0)


def bad_sources(home):
    log, origin = Log(home, "bad.example/log", "bad"), f"{home}/bad-origin"
    log.publish(origin, 700)
    good = Static(origin)
    for i, path in enumerate(["tile/entries/000", "tile/entries/001", "tile/entries/002.p/188", "tile/1/000.p/2", "tile/0/002.p/188", "checkpoint"]):
        good.broken = {path}
        state = f"{home}/bad-{i}"
        done = mirror_once(state, log, good.url)
        signed = os.path.exists(f"{state}/logs/{hashlib.sha256(log.name.encode()).hexdigest()}")
        check(f"one flipped byte in {path}: refused, nothing is cosigned", done.returncode in (1, 2) and not signed and not os.path.exists(f"{state}/log/checkpoint"),
              f"exit {done.returncode}: {done.stderr}")
        good.broken = set()
        check("   and taken once it is right", mirror_once(state, log, good.url).returncode == 0 and same_log(origin, f"{state}/log", 700))
    other = f"{home}/bad-other"
    log.publish(other, 900, 650, "other")
    done = mirror_once(f"{home}/bad-0", log, other)
    check("a second history is refused, and said", done.returncode == 1 and "signed" in done.stderr, done.stderr)
    check("what is held stays", same_log(origin, f"{home}/bad-0/log", 700))
    smaller = f"{home}/bad-smaller"
    log.publish(smaller, 600, 10, "other")
    done = mirror_once(f"{home}/bad-0", log, smaller)
    check("also a smaller one of another history", done.returncode == 1 and "another history" in done.stderr, done.stderr)


def interrupted(home):
    log, origin = Log(home, "large.example/log", "large"), f"{home}/large-origin"
    size = 256 * 90 + 17
    log.publish(origin, size)
    source = Static(origin)
    state = f"{home}/large"
    source.stall_after = 80
    done = mirror_once(state, log, source.url)
    first = len(set(source.asked))
    check("a log that goes away in the middle: said, and nothing cosigned", done.returncode == 3 and not os.listdir(f"{state}/logs"), done.stderr)
    source.asked.clear()
    source.stall_after = None
    done = mirror_once(state, log, source.url)
    again = [p for p in source.asked if p.startswith("tile/entries/")]
    check(f"the next look goes on where it stopped ({len(again)} of 91 bundles fetched after {first} files)",
          done.returncode == 0 and len(again) < 60 and same_log(origin, f"{state}/log", size), done.stderr)
    wrong, rng, at = [], random.Random(3), size
    for turn in range(max(5, KILLS // 4)):
        at += rng.choice([1, 255, 256, 700, 2000])
        log.publish(origin, at)
        p = subprocess.Popen([PROGRAM, "mirror", "--state", state, "--name", "mirror.example/m1", "--log", log.vkey, "--from", origin, "--once"], stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.002, 0.06))
        p.kill()
        p.wait()
        cosigned = f"{state}/logs/{hashlib.sha256(log.name.encode()).hexdigest()}"
        held = tool("check", f"{state}/log", log.vkey, code=None)
        if held.returncode or size_of(open(f"{state}/log/checkpoint", "rb").read()) < size_of(open(cosigned, "rb").read()):
            wrong.append((turn, "holds less than it cosigned", held.stdout))
    done = mirror_once(state, log, origin)
    check(f"a mirror killed {max(5, KILLS // 4)} times while it fetched holds what it cosigned, and goes on",
          not wrong and done.returncode == 0 and same_log(origin, f"{state}/log", at), (wrong[:3], done.stderr))


def slow_source(home):
    log, origin = Log(home, "slow.example/log", "slow"), f"{home}/slow-origin"
    log.publish(origin, 256 * 100)
    source = Static(origin)
    source.delay = 0.1
    m = Server("mirror", f"{home}/slow", "mirror.example/m3", [log], "--from", source.url)
    wait_for(lambda: len(source.asked) > 3)
    began = time.monotonic()
    answers = [m.ask("GET", "/")[0], m.ask("GET", "/healthz")[0], m.latest(log.name)[0], m.ask("GET", "/checkpoint")[0]]
    took, asked = time.monotonic() - began, len(source.asked)
    check("while a mirror fetches a long log it answers", answers == [200, 200, 404, 404] and asked < 90, (answers, took, asked))
    check("and ends at once when it is told to", m.stop() == 0 and len(source.asked) < 100)


def mirror_deaths(home):
    if not os.path.exists(FAULT):
        return print(f"skipped: {FAULT} is not built")
    log, origin, state = Log(home, "dies.example/log", "dies"), f"{home}/dies-origin", f"{home}/dies"
    arguments = [PROGRAM, "mirror", "--state", state, "--name", "mirror.example/m2", "--log", log.vkey, "--from", origin, "--once"]
    cosigned = f"{state}/logs/{hashlib.sha256(log.name.encode()).hexdigest()}"
    wrong, size, died = [], 100, 0
    for at in range(1, max(40, KILLS)):
        size += (1, 100, 300)[at % 3]
        log.publish(origin, size)
        done = subprocess.run(arguments, capture_output=True, env={**os.environ, "LD_PRELOAD": FAULT, "FAULT_AT": str(at), "FAULT_TORN": str(at % 2)}, timeout=60)
        died += done.returncode == 99
        if os.path.exists(f"{state}/log/checkpoint"):
            held, sure = size_of(open(f"{state}/log/checkpoint", "rb").read()), tool("check", f"{state}/log", log.vkey, code=None)
            if sure.returncode or (os.path.exists(cosigned) and size_of(open(cosigned, "rb").read()) > held):
                wrong.append((at, sure.stdout))
        elif os.path.exists(cosigned):
            wrong.append((at, "cosigned, and holds nothing"))
        if at % 3 == 0:
            subprocess.run(arguments, capture_output=True, timeout=60, check=True)
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    return check(f"a mirror that dies at {died} changes to files, one after another, holds what it cosigned, and goes on",
                 not wrong and done.returncode == 0 and died > 20 and same_log(origin, f"{state}/log", size), (wrong[:3], died, done.stderr))


if __name__ == "__main__":
    sys.exit(run((codes, size_zero, race, kills, deaths, split_views, mirrors, bad_sources, interrupted, slow_source, mirror_deaths), "onevisit-witness-"))
