#!/usr/bin/env python3
"""A real engine whose policy asks for a witness and a mirror: the mirror holds the entries before the checkpoint is published.

    mirror_engine.py BUILDDIR [TALLYFILE]
"""
import os
import subprocess
import sys

from logs import BUILD, PROGRAM, Server, check, judge, run, same_log, size_of, tool

ENGINE = f"{BUILD}/tests/ledger_load"
ORIGIN = "jars.example/log"


def engine(home, round_, commands, wait_ms=10000):
    return subprocess.run([ENGINE, "write", home, str(round_), str(commands), str(wait_ms)], capture_output=True, text=True, timeout=120)


def asked_before_publication(home):
    os.makedirs(f"{home}/keys")
    vkey = tool("key", f"{home}/keys", "log", ORIGIN).decode().strip()
    log = f"{home}/city.db.log"
    os.makedirs(log)
    witness = Server("witness", f"{home}/w", "witness.example/w1", [vkey])
    # it hardly ever looks by itself: what it holds it was asked to
    mirror = Server("mirror", f"{home}/m", "mirror.example/m1", [vkey], "--from", log, "--every", "3600")
    with open(f"{home}/keys/policy", "w", encoding="utf-8") as out:
        out.write(f"log {vkey}\nwitness w {witness.vkey} http://127.0.0.1:{witness.port}\nwitness m {mirror.vkey} http://127.0.0.1:{mirror.port}\n"
                  "group both all w m\nquorum both\n")
    done = engine(home, 1, 300)
    note = open(f"{log}/checkpoint", "rb").read() if os.path.exists(f"{log}/checkpoint") else b"\n0\n"
    check("the engine publishes with the witness and the mirror", done.returncode == 0 and size_of(note) == 300 and judge(f"{home}/keys/policy", note) == 0,
          (done.stdout[-200:], done.stderr[-300:], note))
    check("the mirror holds what it has cosigned", size_of(open(f"{home}/m/log/checkpoint", "rb").read()) == 300)
    mirror.stop()
    done = engine(home, 2, 5, 300)
    check("without the mirror nothing more is published", size_of(open(f"{log}/checkpoint", "rb").read()) == 300, done.stderr[-300:])
    mirror.arguments[mirror.arguments.index("127.0.0.1:0")] = f"127.0.0.1:{mirror.port}"
    mirror.start()
    done = engine(home, 3, 95)
    note = open(f"{log}/checkpoint", "rb").read()
    check("when it is back it catches up, and all is published", size_of(note) == 400 and judge(f"{home}/keys/policy", note) == 0, done.stderr[-300:])
    mirror.stop()
    witness.stop()
    once = [PROGRAM, "mirror", "--state", f"{home}/m", "--log", vkey]
    done = subprocess.run([*once, "--name", "mirror.example/m1", "--from", log, "--once"], capture_output=True, text=True, timeout=60)
    check("it takes the published note with everybody's cosignatures", done.returncode == 0 and open(f"{home}/m/log/checkpoint", "rb").read() == note, done.stderr)
    mirror.start()
    audit = [PROGRAM, "ledger", "audit", "--policy", f"{home}/keys/policy"]
    done = subprocess.run([*audit, f"http://127.0.0.1:{mirror.port}"], capture_output=True, text=True, timeout=60)
    check("it can be audited in the log's place", done.returncode == 0, done.stdout + done.stderr)
    mirror.stop()
    done = subprocess.run([*once, "--restore-to", f"{home}/restored"], capture_output=True, text=True, timeout=60)
    check("and gives the log back, byte for byte", done.returncode == 0 and same_log(log, f"{home}/restored", 400), done.stderr)
    done = subprocess.run([*audit, f"{home}/restored"], capture_output=True, text=True, timeout=60)
    check("which is audited as the log was", done.returncode == 0, done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(run((asked_before_publication,), "onevisit-mirror-"))
