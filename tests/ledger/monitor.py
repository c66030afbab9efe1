#!/usr/bin/env python3
"""monitor.py PROGRAM SOURCE: `onevisit ledger monitor` on a real log's directory, in which one thing at a time is wrong."""
import os, re, shutil, signal, sqlite3, subprocess, sys, tempfile, time

program, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
failed = 0


def check(what, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + what + ("" if good else f"\n   {why}"))


def serve(home, wait):
    log = open(f"{home}/serve.log", "w")
    run = subprocess.Popen([program, "serve", "--store", f"sqlite:{home}/s.db", "--catalog", f"{source}/catalogs/ningbo", "--proof", f"{home}/proof.json",
                            "--listen", "127.0.0.1:0", "--sample"], stderr=log, cwd=home)
    for _ in range(600):
        if "listening" in open(f"{home}/serve.log").read() or run.poll() is not None:
            break
        time.sleep(0.1)
    time.sleep(wait)
    run.send_signal(signal.SIGTERM)
    check("the service ends well", run.wait(60) == 0, open(f"{home}/serve.log").read())


def monitor(directory, key, state, *more):
    out = subprocess.run([program, "ledger", "monitor", "--log", directory, "--key", key, "--state", state, "--once", "--lang", "en", *more],
                         capture_output=True, text=True)
    words = sorted({line.split()[0] for line in out.stdout.splitlines()})
    return out.returncode, " ".join(words), out.stdout + out.stderr


with tempfile.TemporaryDirectory() as home:
    subprocess.run([program, "check", f"{source}/catalogs/ningbo", "--publish", "--proof", f"{home}/proof.json"], check=True, stdout=subprocess.DEVNULL)
    serve(home, 7)  # until the key book is written
    log = f"{home}/s.db.log"
    key = sqlite3.connect(f"{home}/s.db").execute("SELECT vkey FROM ledger_keys WHERE name = 'onevisit.example/log'").fetchone()[0]
    state = f"{home}/state"

    def expect(what, code, words, directory, *more, keep=None, with_key=key):
        used = f"{home}/scratch"
        if os.path.exists(used):
            os.remove(used)
        if keep:
            shutil.copy(keep, used)
        got, said, text = monitor(directory, with_key, used, *more)
        check(what, got == code and said == words, f"exit {got}, «{said}», not {code}, «{words}»\n{text}")

    def spoiled(name, change):
        copy = f"{home}/{name}"
        shutil.copytree(log, copy)
        change(copy)
        return copy

    def rewrite(path, change):
        data = open(path, "rb").read()
        open(path, "wb").write(change(data))

    r = monitor(log, key, state, "--catalog", f"{source}/catalogs/ningbo")
    check("an honest log is fine", r[0] == 0, r[2])
    expect("and fine again from the state", 0, "", log, keep=state)
    # A slow start publishes in several steps and leaves narrower bundles behind; the monitor reads the widest.
    bundle = max((os.path.join(d, f) for d, _, files in os.walk(f"{log}/tile/entries") for f in files), key=lambda path: int(os.path.basename(path)))
    bundle = os.path.relpath(bundle, log)

    def flip(data, pattern, value):
        at = re.search(pattern, data).end()
        return data[:at] + value + data[at + len(value):]

    code, words, text = monitor(spoiled("altered", lambda d: rewrite(f"{d}/{bundle}", lambda b: flip(b, rb"\nbody ", b"AAAA"))), key, f"{home}/s1")
    check("an altered entry is found", code == 1 and "fork" in words and ("signature" in words or "key-book" in words), text)
    code, words, text = monitor(spoiled("grammar", lambda d: rewrite(f"{d}/{bundle}", lambda b: b.replace(b"\nprev ", b"\nperv ", 1))), key, f"{home}/s2")
    check("a malformed entry is found", code == 1 and "grammar" in words and "fork" in words, text)
    code, words, text = monitor(spoiled("nobook", lambda d: os.remove(f"{d}/keys")), key, f"{home}/s3")
    check("keys that are not opened are found", code == 1 and "key-book" in words, text)
    expect("a checkpoint that is not signed is found", 1, "checkpoint",
           spoiled("unsigned", lambda d: rewrite(f"{d}/checkpoint", lambda b: b[:-12] + (b"A" if b[-12:-11] != b"A" else b"B") + b[-11:])), keep=state)
    expect("a key that is none", 2, "", log, with_key="nonsense")
    expect("a damaged state", 2, "", log, keep=f"{log}/checkpoint")
    expect("a log that cannot be reached", 4, "", f"{home}/nowhere")
    yesterday = spoiled("yesterday", lambda d: None)
    serve(home, 1)  # a second start seals nothing new or more: act to be sure
    subprocess.run([program, "ledger", "rotate", "--store", f"sqlite:{home}/s.db", "--department", "tax", "--reason", "test"], check=True,
                   capture_output=True)
    serve(home, 7)
    got, said, text = monitor(log, key, state)
    check("a rotated key is followed from the state", got == 0, text)
    expect("a log that went back is found", 1, "shrunk", yesterday, keep=state)

print(f"{failed} failed")
sys.exit(failed > 0)
