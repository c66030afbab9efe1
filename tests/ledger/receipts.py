#!/usr/bin/env python3
"""receipts.py BUILD [TALLY]: receipts of a running service, checked by four programs: the service's own command, the
script of docs/, the browser's module under Node, and OpenSSL, which plays the witnesses. What was changed is refused by each."""
import base64
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

onevisit = os.path.abspath(f"{sys.argv[1]}/onevisit")
root = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
LONG = bool(os.environ.get("LONG"))  # more of the same
home = tempfile.mkdtemp(prefix="onevisit-receipt-")
os.environ["LC_ALL"] = "en_US.UTF-8"
passed = failed = 0


def check(what, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"not ok {what}\n   {why}", flush=True)


def run(*command, lang="en"):
    env = dict(os.environ, LC_ALL="zh_CN.UTF-8" if lang == "zh" else "en_US.UTF-8")
    return subprocess.run(command, capture_output=True, text=True, env=env)


def expect(what, status, pattern, *command, lang="en"):
    r = run(*command, lang=lang)
    check(what, r.returncode == status and re.search(pattern, r.stdout + r.stderr), f"{r.returncode}, not {status}, or no «{pattern}» in {r.stdout}{r.stderr}")


def get(path):
    try:
        with urllib.request.urlopen(url + path, timeout=20) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


def write(name, content):
    path = f"{home}/{name}"
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


# ---- the service ----
def serve(name, *options):
    log = open(f"{home}/{name}.out", "wb")
    return subprocess.Popen([onevisit, "serve", "--store", f"sqlite:{home}/{name}.db", "--catalog", f"{root}/catalogs/ningbo", "--proof", f"{home}/proof.json", "--listen", "127.0.0.1:0",
                             "--sample", *options], stderr=log, cwd=home)


def started(name):
    for _ in range(300):
        port = re.search(r'"port":"(\d+)"', open(f"{home}/{name}.out").read())
        if port:
            return f"http://127.0.0.1:{port[1]}"
        time.sleep(0.1)
    raise SystemExit("the service did not start:\n" + open(f"{home}/{name}.out").read())


def settled():
    state, still = {}, 0  # for so many looks: the service still registers keys when it begins to answer
    for _ in range(300):
        before, state = state if still else {}, json.loads(get("/api/ledger")[2])
        quiet = state["published"] and state["published"] == state["signed"]
        still = still + 1 if quiet and (not still or before["signed"] == state["signed"]) else 0
        if still == 15:
            return state
        time.sleep(0.1)
    raise SystemExit(f"nothing was published: {state}")


class Witness:
    """An Ed25519 key of OpenSSL's that cosigns."""

    def __init__(self, name):
        self.name, self.pem = name, f"{home}/{name.replace('/', '-')}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.pem], check=True, capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.pem, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        public = b"\4" + der[-32:]
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}"

    def line(self, text, at):
        message = write("message", f"cosignature/v1\ntime {at}\n{text}")
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.pem, "-in", message], check=True, capture_output=True).stdout
        return f"\u2014 {self.name} {base64.b64encode(self.id + at.to_bytes(8, 'big') + signature).decode()}\n"


def cosigned(receipt, *witnesses):
    note = receipt.split("\n\n", 1)[1]
    text = note.rsplit("\n\n", 1)[0] + "\n"
    return receipt + "".join(w.line(text, 1790000000 + i) for i, w in enumerate(witnesses))


def browser(cases):
    """The codes that verify.mjs gives for [(receipt, policy)], under Node; None where there is no Node."""
    if not shutil.which("node"):
        print("receipts: no Node here: the browser's module is left out")
        return None
    program = (f"import {{ checkReceipt }} from {json.dumps('file://' + root + '/web/assets/verify.mjs')};"
               "import { readFileSync } from 'node:fs';"
               "const cases = JSON.parse(readFileSync(0, 'utf8')), began = performance.now();"
               "const codes = cases.map(([r, p]) => checkReceipt(r, p).code);"
               "console.log(JSON.stringify({ codes, ms: (performance.now() - began) / cases.length }));")
    r = subprocess.run(["node", "--input-type=module", "-e", program], input=json.dumps(cases), capture_output=True, text=True)
    if r.returncode:
        raise SystemExit(r.stderr)
    return json.loads(r.stdout)


def script():
    """docs/verify_receipt.py as a function: its exit code for (text, log key, witnesses)."""
    source = open(f"{root}/docs/verify_receipt.py").read()
    check("the script has at most 100 lines", source.count("\n") <= 100)
    space = {"__name__": "script"}
    exec(compile(source.split("\na = argparse", 1)[0], "verify_receipt.py", "exec"), space)

    def verify(text, key, witnesses=()):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return space["verify"](text.decode(), space["vkey"](key, 1), [space["vkey"](w, 4) for w in witnesses])
        except (SystemExit, ValueError, IndexError):
            return None
    return verify


subprocess.run([onevisit, "check", f"{root}/catalogs/ningbo", "--publish", "--proof", f"{home}/proof.json"], check=True, stdout=subprocess.DEVNULL)
server = serve("s")
try:
    url = started("s")
    state = settled()
    vkey = state["keys"][0]["key"]
    size = state["published"]

    # ---- the log's files ----
    status, headers, checkpoint = get("/log/checkpoint")
    check("the checkpoint is text and kept for seconds", status == 200 and headers["Content-Type"].startswith("text/plain") and headers["Cache-Control"] == "public, max-age=2", headers)
    w = size % 256
    tail = f"{size // 256:03d}.p/{w}"
    status, headers, bundle = get(f"/log/tile/entries/{tail}")
    check("a bundle is bytes and kept for ever", status == 200 and headers["Content-Type"] == "application/octet-stream" and "immutable" in headers["Cache-Control"], f"{status} {headers}")
    status, headers, tile = get(f"/log/tile/0/{tail}")
    check("a tile has its width", status == 200 and len(tile) == 32 * w, f"{status} {len(tile)}")
    for path in ("tile/0/999", "tile/0/00", "tile/64/000", f"tile/0/000.p/{w + 1 if w < 255 else 1}", "tile/0/000.p/0", "tile/0/../../../s.db", "tile/0/..%2f..%2f..%2fs.db",
                 "tile/0/%2e%2e/%2e%2e/checkpoint", ".lock", "", "checkpoint/", "sm3/checkpoint", "sm3/../checkpoint", "tile", "tile/entries"):
        check(f"/log/{path} is not there", get(f"/log/{path}")[0] in (404, 400), get(f"/log/{path}")[0])

    entries, at = [], 0
    while at < len(bundle):
        n = int.from_bytes(bundle[at:at + 2], "big")
        entries.append(bundle[at + 2:at + 2 + n])
        at += 2 + n
    first = size // 256 * 256
    cases = {first + i: re.search(rb"^case ([0-9a-f]{32})$", e, re.M)[1].decode() for i, e in enumerate(entries)}

    # ---- receipts ----
    verify = script()
    indexes = sorted({first, first + 1, first + w // 2, size - 1})
    receipts = {}
    for i in indexes:
        status, headers, text = get(f"/receipt/{i}?case={cases[i]}")
        check(f"receipt {i} is a file", status == 200 and f"receipt-{i}.tlog-proof" in headers["Content-Disposition"], f"{status} {headers}")
        receipts[i] = text
        check(f"the script takes receipt {i}", verify(text, vkey) == 0)
        expect(f"the program takes receipt {i}", 0, "genuine", onevisit, "ledger", "receipt", write("r", text), "--key", vkey)
    one, index = receipts[indexes[1]], indexes[1]
    path = write("one.tlog-proof", one)
    expect("in Chinese", 0, "回执真实有效", onevisit, "ledger", "receipt", path, "--key", vkey, lang="zh")
    expect("the script as a program", 0, "^GOOD", sys.executable, f"{root}/docs/verify_receipt.py", path, vkey)
    others = [c for c in cases.values() if c != cases[index]]
    check("with another case's pseudonym there is none", get(f"/receipt/{index}?case={others[0]}")[0] == 404)
    check("with a wrong one neither", get(f"/receipt/{index}?case={'0' * 32}")[0] == 404)
    check("without one it is a bad request", get(f"/receipt/{index}")[0] == 400)
    check("beyond the end there is none", get(f"/receipt/{size + 1000}?case={cases[index]}")[0] == 404)
    leaf = hashlib.sha256(b"\0" + entries[index - first]).hexdigest()
    page = get(f"/receipt/{index}/page?case={cases[index]}")[2].decode()
    check("the page has a QR code and the leaf's hash", '<svg class="qr"' in page and leaf in page)
    check("the QR code's page knows the leaf", cases[index] in get(f"/verify?index={index}&leaf={leaf}")[2].decode())
    check("and not another", cases[index] not in get(f"/verify?index={index}&leaf={'0' * 64}")[2].decode())
    steps = json.loads(get(f"/api/ledger/cases/{cases[index]}")[2])["steps"]
    check("the steps of the case", [s["leaf"] for s in steps if s["index"] == index] == [leaf], steps)
    expect("a receipt from the store", 0, "", onevisit, "ledger", "receipt", f"sqlite:{home}/s.db", str(index), "-o", f"{home}/two")
    check("is the same", open(f"{home}/two", "rb").read() == one)
    expect("there is none beyond the end", 2, "not under a published", onevisit, "ledger", "receipt", f"sqlite:{home}/s.db", "99999")

    # ---- witnesses: three that OpenSSL plays ----
    w1, w2, w3 = (Witness(f"witness.test/w{i}") for i in (1, 2, 3))
    keys = [w.vkey for w in (w1, w2, w3)]
    policy = f"log {vkey}\n" + "".join(f"witness {'abc'[i]} {k}\n" for i, k in enumerate(keys))
    two, three = policy + "group g 2 a b c\nquorum g\n", policy + "group g all a b c\nquorum g\n"
    cosigned_by_two = cosigned(one.decode(), w1, w3).encode()
    path = write("two.tlog-proof", cosigned_by_two)
    expect("two of three are enough", 0, "w1 .*w3", onevisit, "ledger", "receipt", path, "--key", vkey, "--policy", write("p2", two))
    expect("two of all are not", 3, "itness", onevisit, "ledger", "receipt", path, "--policy", write("p3", three))
    check("the script counts two", verify(cosigned_by_two, vkey, keys) == 2)
    expect("the script, not enough", 3, "NOT ENOUGH WITNESSES: 2 of 3", sys.executable, f"{root}/docs/verify_receipt.py", "-k", "3", path, vkey, *keys)
    expect("the script, enough", 0, "^GOOD", sys.executable, f"{root}/docs/verify_receipt.py", "-k", "2", path, vkey, *keys)
    expect("another log's key", 1, "", onevisit, "ledger", "receipt", path, "--key", "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    expect("a key that is none", 2, "key", onevisit, "ledger", "receipt", path, "--key", "what")
    expect("no key at all", 2, "--key", onevisit, "ledger", "receipt", path)
    expect("no file", 2, "cannot be read", onevisit, "ledger", "receipt", f"{home}/none", "--key", vkey)
    expect("not a receipt", 1, "", onevisit, "ledger", "receipt", write("x", "hello\n"), "--key", vkey)

    # ---- every byte flipped ----
    flips = [cosigned_by_two[:i] + bytes([cosigned_by_two[i] ^ 1]) + cosigned_by_two[i + 1:] for i in range(len(cosigned_by_two))]
    good = [(cosigned_by_two.decode(), two), (cosigned_by_two.decode(), three), (one.decode(), f"log {vkey}\nquorum none\n")] + [(receipts[i].decode(), f"log {vkey}\nquorum none\n") for i in indexes]
    found = browser(good + [(f.decode(errors="replace"), two) for f in flips])
    if found:
        check("the browser's module: good, not enough, good …", found["codes"][:len(good)] == ["good", "no-quorum"] + ["good"] * (len(indexes) + 1), found["codes"][:len(good)])
        taken = [i for i, c in enumerate(found["codes"][len(good):]) if c == "good"]
        check(f"the browser's module refuses each of {len(flips)} flips", not taken, taken)
        print(f"receipts: verify.mjs under Node: {found['ms']:.1f} ms a receipt")
    began, taken = time.time(), [i for i in range(0, len(flips), 17) if verify(flips[i], vkey, keys) == 2]
    check(f"the script refuses a seventeenth of the flips", not taken, taken)
    taken = [i for i in range(3, len(flips), 41 if LONG else 331) if run(onevisit, "ledger", "receipt", write("f", flips[i]), "--policy", f"{home}/p2").returncode == 0]
    check("the program refuses flips", not taken, taken)
    check("the script took its time", time.time() - began < 60)

    # ---- the department's own signature, with keys from elsewhere ----
    book = write("book", get("/log/keys")[2])
    rows = sqlite3.connect(f"{home}/s.db").execute("SELECT name, vkey FROM ledger_keys").fetchall()
    listed = write("listed", "".join(f"{v}\n" for _, v in rows))
    batched = [i for i in indexes if len(re.search(rb"^sig (.*)$", entries[i - first], re.M)[1].split()) > 2]
    for i in indexes:
        for name, file in (("key book", book), ("list", listed)):
            expect(f"the department's signature of {i}, by the {name}", 0, "signature is valid", onevisit, "ledger", "receipt", write("r", receipts[i]), "--key", vkey,
                   "--departments", file)
    check("signatures of batches are among them", batched, indexes)
    signer = re.search(rb"^sig (\S+) ", entries[index - first], re.M)[1].decode()
    public = b"\1" + os.urandom(32)
    wrong = f"{signer}+{hashlib.sha256(signer.encode() + bytes([10]) + public).digest()[:4].hex()}+{base64.b64encode(public).decode()}"
    expect("another key of the same name", 1, "not by the key given", onevisit, "ledger", "receipt", path, "--key", vkey, "--departments", write("w", wrong))
    others = write("o", "".join(f"{v}\n" for n, v in rows if n != signer))
    expect("without its key it is said", 0, "was not checked", onevisit, "ledger", "receipt", path, "--key", vkey, "--departments", others)
    expect("without keys too", 0, "was not checked", onevisit, "ledger", "receipt", path, "--key", vkey)
    expect("keys that are none", 2, "", onevisit, "ledger", "receipt", path, "--key", vkey, "--departments", write("n", "nonsense\n"))

    # ---- the whole log ----
    expect("an audit by address", 0, f"intact: {size} entries", onevisit, "ledger", "audit", f"{url}/log", "--key", vkey)
    expect("an audit of the directory", 0, f"intact: {size} entries", onevisit, "ledger", "audit", f"{home}/s.db.log", "--key", vkey)
    expect("in Chinese", 0, "完好", onevisit, "ledger", "audit", f"{home}/s.db.log", "--key", vkey, lang="zh")
    expect("an audit with witnesses that have not signed", 3, "witnesses", onevisit, "ledger", "audit", f"{home}/s.db.log", "--policy", f"{home}/p2")
    expect("an audit of nothing", 2, "", onevisit, "ledger", "audit", f"{home}/none", "--key", vkey)
    expect("an audit of an address that is no log", 2, "no log at", onevisit, "ledger", "audit", f"{url}/things", "--key", vkey)
    expect("an audit of an address where nobody is", 2, "cannot be fetched", onevisit, "ledger", "audit", "http://127.0.0.1:9/log", "--key", vkey)
    expect("an audit with another key", 1, "", onevisit, "ledger", "audit", f"{home}/s.db.log", "--key",
           "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
finally:
    server.terminate()
    server.wait()

# ---- entries for departments alone ----
server = serve("s", "--readers", "192.0.2.0/24")
try:
    url = started("s")
    check("a stranger gets no entries", get(f"/log/tile/entries/{tail}")[0] == 403, get(f"/log/tile/entries/{tail}")[0])
    check("nor those of the other log", get(f"/log/sm3/tile/entries/{tail}")[0] == 403)
    check("but the checkpoint and the hashes", get("/log/checkpoint")[0] == 200 and get(f"/log/tile/0/{tail}")[0] == 200)
    check("and his receipt", get(f"/receipt/{index}?case={cases[index]}")[0] == 200)
    check("and the key book", get("/log/keys")[0] == 200)
    expect("an audit by a stranger says why not", 2, "403", onevisit, "ledger", "audit", f"{url}/log", "--key", vkey)
finally:
    server.terminate()
    server.wait()
server = serve("n", "--readers", "192.0.2.0/24,127.0.0.1", "--sm2", "--sm3-log")
try:
    url = started("n")
    state = settled()
    vkey_n = next(k["key"] for k in state["keys"] if k["name"] == "onevisit.example/log")
    size = state["published"]
    status, headers, _ = get(f"/log/tile/entries/{size // 256:03d}.p/{size % 256}")
    check("a department gets them, and no cache keeps them", status == 200 and headers["Cache-Control"] == "no-store", f"{status} {headers}")
    expect("and its audit is whole", 0, f"intact: {size} entries", onevisit, "ledger", "audit", f"{url}/log", "--key", vkey_n)
    lines = get("/log/checkpoint")[2].decode().split("\n\n")[1].strip().split("\n")
    check("an SM2 signature stands beside the Ed25519 one", len(lines) == 2, lines)
    for _ in range(100):
        if get("/log/sm3/checkpoint")[0] == 200 and get("/log/sm3/checkpoint")[2].split(b"\n")[1] == str(size).encode():
            break
        time.sleep(0.1)
    check("the second log has the same size", get("/log/sm3/checkpoint")[2].decode().split("\n")[:2] == ["onevisit.example/log/sm3", str(size)])
    check("and the same entries", get(f"/log/sm3/tile/entries/{size // 256:03d}.p/{size % 256}")[2] == get(f"/log/tile/entries/{size // 256:03d}.p/{size % 256}")[2])
    for _ in range(100):  # until the key book has the new key
        if f'"index":{size - 1}' in get("/log/keys")[2].decode().replace(" ", ""):
            break
        time.sleep(0.1)
    expect("so is its monitor, by address", 0, "0 anomalies", onevisit, "ledger", "monitor", "--log", f"{url}/log", "--key", vkey_n, "--state", f"{home}/m", "--once", "--catalog",
           f"{root}/catalogs/ningbo")
finally:
    server.terminate()
    server.wait()
expect("readers that are none", 2, "no address", onevisit, "serve", "--store", f"sqlite:{home}/s.db", "--readers", "10.1")

expect("the store and its directory are intact", 0, "public log is intact", onevisit, "ledger", "verify", f"sqlite:{home}/s.db", "--key", vkey)
expect("and the log over SM3", 0, "over SM3 is intact", onevisit, "ledger", "verify", f"sqlite:{home}/n.db")
for name in (f"{home}/n.db.log/{n}" for n in (f"sm3/tile/0/{size // 256:03d}.p/{size % 256}", f"sm3/tile/entries/{size // 256:03d}.p/{size % 256}", "sm3/checkpoint", "checkpoint")):
    whole = open(name, "rb").read()
    for at in (len(whole) // 7, len(whole) // 3):
        open(name, "wb").write(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
        expect(f"a flipped byte {at} of {name[len(home):]} is found", 1, "", onevisit, "ledger", "verify", f"sqlite:{home}/n.db")
    open(name, "wb").write(whole)
files = [os.path.join(d, f) for d, _, names in os.walk(f"{home}/s.db.log") for f in names if os.path.getsize(os.path.join(d, f))]
for name in files:
    book = name.endswith("/keys")  # no file of the tree: what it opens is compared by the store's check and by the monitor
    whole = open(name, "rb").read()
    for at in sorted({0, len(whole) // 3, len(whole) - 1} if book or LONG else {len(whole) // 3}):
        os.chmod(name, 0o644)
        open(name, "wb").write(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
        short = os.path.relpath(name, home)
        if not book:
            expect(f"a flipped byte {at} of {short} is found", 1, "", onevisit, "ledger", "audit", f"{home}/s.db.log", "--key", vkey)
        expect(f"a flipped byte {at} of {short} is found with the store", 1, "", onevisit, "ledger", "verify", f"sqlite:{home}/s.db")
        open(name, "wb").write(whole)
lock = f"{home}/s.db.keys/log.lock"
if os.path.exists(lock):
    whole = open(lock, "rb").read()
    open(lock, "wb").write(whole.replace(f"\n{size}\n".encode(), f"\n{size - 1}\n".encode()) if f"\n{size}\n".encode() in whole else b"x" + whole)
    expect("a changed lock is found", 1, "", onevisit, "ledger", "verify", f"sqlite:{home}/s.db")
    open(lock, "wb").write(whole)
expect("all put back, it is intact", 0, "intact", onevisit, "ledger", "verify", f"sqlite:{home}/s.db")

# ---- a witness that does not answer: nothing is published, and everybody is told why ----
server = serve("silent", "--policy", write("silent.policy", f"witness w {Witness('witness.test/silent').vkey} http://127.0.0.1:9\nquorum w\n"))
try:
    url = started("silent")
    for _ in range(100):
        page = get("/ledger?lang=en")[2].decode()
        if "does not answer" in page:
            break
        time.sleep(0.1)
    check("the page says who does not answer", "wait for their witnesses" in page and "w: does not answer" in page)
    state = json.loads(get("/api/ledger")[2])
    check("and the interface that nothing is published", state["signed"] > 0 and state["published"] == 0 and not state["quorum"], state)
    check("there is no checkpoint", get("/log/checkpoint")[0] == 404)
    case = sqlite3.connect(f"{home}/silent.db").execute("SELECT lower(hex(a.pseudonym)) FROM events e JOIN aggregates a ON a.id = e.aggregate WHERE e.seq = 1").fetchone()[0]
    check("a receipt is not there yet", get(f"/receipt/0?case={case}")[0] == 404)
    check("and its page says that the witnesses are missing", "witnesses are missing" in get(f"/receipt/0/page?case={case}&lang=en")[2].decode())
finally:
    server.terminate()
    server.wait()

if shutil.which("node"):
    r = run("node", f"{root}/tests/ledger/verify_test.mjs")
    found = re.search(r"(\d+) passed, (\d+) failed", r.stdout)
    check("verify.mjs against Node's own SHA-2 and Ed25519, RFC 8032 and trees of every size to 40", r.returncode == 0 and found, r.stdout + r.stderr)
    passed, failed = passed + int(found[1] if found else 0), failed + int(found[2] if found else 0)
shutil.rmtree(home)
if len(sys.argv) > 2:
    open(sys.argv[2], "w").write(f"{passed} {failed}\n")
print(f"receipts: {passed} passed, {failed} failed")
sys.exit(failed > 0)
