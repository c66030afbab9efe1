#!/usr/bin/env python3
"""Against another house's programs: Debian's sigsum-go cosigns our checkpoints, and verifies our log's and our witness's signatures.

    sigsum.py BUILDDIR [TALLYFILE]

The package is in Debian 13; its programs are static and run on 12. It is fetched by apt (never installed), checked by apt against Debian's
signatures, and kept in the user's cache. Where it cannot be had the test says so and ends well.
"""
import base64
import glob
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time

from logs import Log, Server, check, judge, policy, run, status_is, tool

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "onevisit-test", "sigsum")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "trixie"


def apt_options(where):
    for name in ("state/lists/partial", "cache/archives/partial"):
        os.makedirs(f"{where}/{name}", exist_ok=True)
    open(f"{where}/status", "a", encoding="utf-8").close()
    settings = {"Dir::Etc::sourcelist": f"{where}/list", "Dir::Etc::sourceparts": "/dev/null", "Dir::State": f"{where}/state",
                "Dir::State::status": f"{where}/status", "Dir::Cache": f"{where}/cache", "Acquire::Languages": "none",
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false", "APT::Sandbox::User": "root", "Acquire::Retries": "2"}
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def fetch():
    """The mirror is the one this machine's apt uses."""
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, timeout=60, check=True).stdout
    uri = next(line for line in targets.splitlines() if line.rstrip("/").endswith("/debian"))
    os.makedirs(CACHE, exist_ok=True)
    with open(f"{CACHE}/list", "w", encoding="utf-8") as out:
        out.write(f"deb [signed-by={KEYRING}] {uri} {SUITE} main\n")
    options = apt_options(CACHE)
    subprocess.run(["apt-get", *options, "update"], capture_output=True, timeout=240, check=True)
    subprocess.run(["apt-get", *options, "download", "sigsum-go"], capture_output=True, timeout=240, check=True, cwd=CACHE)


def programs():
    """The directory of the programs, or None and why not."""
    unpacked = f"{CACHE}/unpacked"
    try:
        if not os.path.exists(f"{unpacked}/usr/bin/sigsum-witness"):
            if not glob.glob(f"{CACHE}/sigsum-go_*.deb"):
                fetch()
            package = sorted(glob.glob(f"{CACHE}/sigsum-go_*.deb"))[-1]
            subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True, timeout=60)
        subprocess.run([f"{unpacked}/usr/bin/sigsum-key", "--version"], check=True, capture_output=True, timeout=20)
        return f"{unpacked}/usr/bin", ""
    except (OSError, subprocess.SubprocessError, StopIteration, IndexError) as why:
        return None, str(why)


def sigsum_log(home, bin_dir):
    """A log whose name is what sigsum wants of one: made of its own key."""
    draft = Log(home, "draft", "draft")
    public = base64.b64decode(draft.vkey.split("+", 2)[2])[1:]
    name = "sigsum.org/v1/tree/" + hashlib.sha256(public).hexdigest()
    keyid = hashlib.sha256(name.encode() + b"\n\x01" + public).hexdigest()[:8]
    secret = open(f"{home}/draft.key", encoding="utf-8").read().strip().split("+", 4)[4]
    with open(f"{home}/sigsum.key", "w", encoding="utf-8") as out:
        out.write(f"PRIVATE+KEY+{name}+{keyid}+{secret}\n")
    with open(f"{home}/sigsum.hex", "w", encoding="utf-8") as out:
        out.write(public.hex() + "\n")
    subprocess.run([f"{bin_dir}/sigsum-key", "from-hex", "-k", f"{home}/sigsum.hex", "-o", f"{home}/sigsum.pub"], check=True)
    return Log(home, name, "sigsum"), public


def text_of(arguments, **more):
    return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=20, **more).stdout.strip()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def their_witness(home, bin_dir, log):
    subprocess.run([f"{bin_dir}/sigsum-key", "generate", "-o", f"{home}/their"], check=True, capture_output=True)
    key_hash = text_of([f"{bin_dir}/sigsum-key", "to-hash", "-k", f"{home}/their.pub"])
    vkey = text_of([f"{bin_dir}/sigsum-key", "to-vkey", "-k", f"{home}/their.pub", "-n", f"sigsum.org/v1/witness/{key_hash}", "-t", "cosignature/v1"])
    port = free_port()
    process = subprocess.Popen([f"{bin_dir}/sigsum-witness", "-k", f"{home}/their", "--log-key", f"{home}/sigsum.pub", "--state-file", f"{home}/their.state",
                                f"127.0.0.1:{port}"], env={**os.environ, "GODEBUG": "httpmuxgo121=0"}, stderr=subprocess.DEVNULL)

    def add(body):
        for _ in range(100):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("POST", "/add-checkpoint", body)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type"), answer.read()
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise RuntimeError("sigsum-witness does not answer")

    ours = Server("witness", f"{home}/ours", "witness.example/w1", [log])
    rules = policy(f"{home}/both.policy", log, [vkey, ours.vkey], 2)
    alone = policy(f"{home}/theirs.policy", log, [vkey], 1)
    try:
        for old, size in ((0, 1), (1, 3), (3, 300), (300, 300)):
            request = log.request(old, size)
            theirs, mine = add(request), ours.add(request)
            note = request.split(b"\n\n", 1)[1]
            check(f"{old} → {size}: their witness and ours say 200", theirs[0] == mine[0] == 200, (theirs, mine))
            check("   their cosignature verifies by our code", judge(alone, note + theirs[2]) == 0 and judge(alone, note) == 1)
            check("   and together they are a quorum of two", judge(rules, note + theirs[2] + mine[2]) == 0 and judge(rules, note + theirs[2]) == 1)
        for what, body in {"an old size": log.request(3, 400), "a fork": log.request(300, 400, 200, "fork"), "another root of one size": log.request(300, 300, 5, "fork"),
                           "not a request": b"x"}.items():
            theirs, mine = add(body), ours.add(body)
            same = theirs[0] == mine[0] and (theirs[0] != 409 or theirs[1:] == mine[1:])
            check(f"{what}: both refuse with {mine[0]}", same, (theirs, mine))
    finally:
        process.terminate()
        process.wait()
        ours.stop()


def our_signatures(home, bin_dir, log, public):
    """sigsum-verify takes a leaf of sigsum's kind in our log, cosigned by our witness: it checks all three signatures itself."""
    ours = Server("witness", f"{home}/ours-2", "witness.example/w2", [log])
    subprocess.run([f"{bin_dir}/sigsum-key", "generate", "-o", f"{home}/submit"], check=True, capture_output=True)
    with open(f"{home}/data", "wb") as out:
        out.write(b"a decision\n")
    request = text_of([f"{bin_dir}/sigsum-submit", "-k", f"{home}/submit"], stdin=open(f"{home}/data", "rb"))
    fields = dict(line.split("=", 1) for line in request.splitlines() if "=" in line)
    checksum = hashlib.sha256(bytes.fromhex(fields["message"])).digest()
    key_hash = hashlib.sha256(bytes.fromhex(fields["public_key"])).digest()
    root = hashlib.sha256(b"\x00" + checksum + bytes.fromhex(fields["signature"]) + key_hash).digest()
    note = log.sign(f"{log.name}\n1\n".encode() + base64.b64encode(root) + b"\n")
    answer = ours.add(b"old 0\n\n" + note)
    status_is("our witness cosigns a tree of one sigsum leaf", answer, 200)
    ours.stop()
    witness = base64.b64decode(ours.vkey.split("+", 2)[2])[1:]
    blob = base64.b64decode(answer[2].split(b" ")[2])
    signature = base64.b64decode(note.rstrip(b"\n").split(b" ")[-1])[4:]

    def proof(cosignature):
        return (f"version=2\nlog={hashlib.sha256(public).hexdigest()}\nleaf={key_hash.hex()} {fields['signature']}\n\n"
                f"size=1\nroot_hash={root.hex()}\nsignature={signature.hex()}\n"
                f"cosignature={hashlib.sha256(witness).hexdigest()} {int.from_bytes(blob[4:12], 'big')} {cosignature.hex()}\n")

    with open(f"{home}/sigsum.policy", "w", encoding="utf-8") as out:
        out.write(f"log {public.hex()}\nwitness w {witness.hex()}\nquorum w\n")
    for what, cosignature, good in (("our log's signature and our cosignature", blob[12:], True), ("a cosignature with one bit flipped", blob[12:-1] + bytes([blob[-1] ^ 1]), False)):
        with open(f"{home}/proof", "w", encoding="utf-8") as out:
            out.write(proof(cosignature))
        done = subprocess.run([f"{bin_dir}/sigsum-verify", "-k", f"{home}/submit.pub", "-p", f"{home}/sigsum.policy", f"{home}/proof"], stdin=open(f"{home}/data", "rb"),
                              capture_output=True, text=True, timeout=20)
        check(f"sigsum-verify {'takes' if good else 'refuses'} {what}", (done.returncode == 0) == good, done.stderr)


def against_sigsum(home):
    bin_dir, why = programs()
    if not bin_dir:
        print(f"skipped: Debian's sigsum-go cannot be had here ({why})")
        return
    log, public = sigsum_log(home, bin_dir)
    their_witness(home, bin_dir, log)
    our_signatures(home, bin_dir, log, public)


if __name__ == "__main__":
    sys.exit(run((against_sigsum,), "onevisit-sigsum-"))
