"""What the tests of witnesses share: logs (by forger), witnesses and mirrors (by onevisit), policies, a tally.

Used by scripts that are called as SCRIPT BUILDDIR [TALLYFILE].
"""
import base64
import hashlib
import http.client
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.path.abspath(sys.argv[1])
PROGRAM, TOOL = f"{BUILD}/onevisit", f"{BUILD}/tests/forger"
TALLY = [0, 0]


def check(what, good, why=""):
    TALLY[0 if good else 1] += 1
    print(("ok " if good else "not ok ") + what + ("" if good else f"\n   {why}"), flush=True)
    return good


def tool(*arguments, stdin=b"", code=0):
    done = subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, timeout=60)
    if code is not None and done.returncode != code:
        raise RuntimeError(f"forger {arguments}: exit {done.returncode}: {done.stderr.decode()}")
    return done if code is None else done.stdout


class Log:
    """A log's key; what it signs is up to the test."""

    def __init__(self, home, name, file="log"):
        self.home, self.name, self.file = home, name, file
        self.vkey = tool("key", home, file, name).decode().strip()

    def checkpoint(self, size, *fork):
        return tool("checkpoint", self.home, self.file, self.name, size, *fork)

    def request(self, old, size, *fork):
        return tool("request", self.home, self.file, self.name, old, size, *fork)

    def publish(self, directory, size, *fork):
        tool("publish", self.home, self.file, self.name, directory, size, *fork)

    def sign(self, text):
        """A note of any text: forger signs checkpoints only, so the key is used here by way of OpenSSL."""
        secret = base64.b64decode(open(f"{self.home}/{self.file}.key", encoding="utf-8").read().strip().split("+", 4)[4])[1:]
        der = bytes.fromhex("302e020100300506032b657004220420") + secret
        with tempfile.NamedTemporaryFile(suffix=".der", dir=self.home) as key, tempfile.NamedTemporaryFile(dir=self.home) as data:
            key.write(der)
            key.flush()
            data.write(text)
            data.flush()
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key.name, "-keyform", "DER", "-in", data.name],
                                       capture_output=True, check=True).stdout
        keyid = bytes.fromhex(self.vkey.split("+")[1])
        return text + b"\n" + f"— {self.name} ".encode() + base64.b64encode(keyid + signature) + b"\n"


class Server:
    """`onevisit witness` or `onevisit mirror`."""

    def __init__(self, command, state, name, logs, *more):
        self.state = state
        keys = list(itertools.chain.from_iterable(("--log", log.vkey if isinstance(log, Log) else log) for log in logs))
        self.arguments = [PROGRAM, command, "--state", state, "--name", name, "--listen", "127.0.0.1:0", *keys, *more]
        self.start()

    def start(self, **environment):
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "en", **environment})
        self.port, self.said = 0, []
        for line in self.process.stderr:
            self.said.append(line)
            if '"listening"' in line:
                self.port, self.vkey = int(json.loads(line)["port"]), json.loads(line)["vkey"]
                break
        if not self.port:
            raise RuntimeError("".join(self.said))
        threading.Thread(target=lambda pipe, said: said.extend(pipe), args=(self.process.stderr, self.said), daemon=True).start()
        return self

    def ask(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()
        finally:
            connection.close()

    def add(self, body):
        return self.ask("POST", "/add-checkpoint", body)

    def latest(self, origin):
        return self.ask("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(30)


def size_of(note):
    return int(note.split(b"\n")[1])


def policy(path, log, witnesses, k):
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"log {log.vkey}\n" + "".join(f"witness w{i} {vkey}\n" for i, vkey in enumerate(witnesses)))
        out.write(f"group q {k} " + " ".join(f"w{i}" for i in range(len(witnesses))) + "\nquorum q\n")
    return path


def judge(path, note):
    return tool("judge", path, stdin=note, code=None).returncode


def status_is(what, answer, status, kind=None, body=None):
    good = answer[0] == status and (kind is None or answer[1] == kind) and (body is None or body in answer[2])
    return check(what, good, f"wanted {status} {kind} {body}, got {answer}")


def run(parts, prefix):
    """Each part is called with one directory for all, which is removed; the exit code of the script."""
    # in memory where there is room: a killed process loses no written page, on whatever disk
    home = tempfile.mkdtemp(prefix=prefix, dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        for part in parts:
            began = time.monotonic()
            part(home)
            print(f"   {part.__name__}: {time.monotonic() - began:.1f} s")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"{TALLY[0]} passed, {TALLY[1]} failed")
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as out:
            out.write(f"{TALLY[0]} {TALLY[1]}\n")
    return 1 if TALLY[1] else 0
