#!/usr/bin/env python3
"""verify_receipt.py [-k K] RECEIPT LOG-VKEY [WITNESS-VKEY ...]: checks a receipt without the city, from docs/ledger.md alone.
Exit code 0: it holds; 1: it does not; 2: unusable arguments; 3: fewer than K of the witnesses (without -k: all) have cosigned.
"""
import argparse, base64, hashlib, sys, time

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)

def unpack(raw):  # Ed25519, RFC 8032 §5.1, points as X:Y:Z:T
    y, odd = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT % P
    need(y < P and (v * x * x - u) % P == 0 and not (x == 0 and odd), "a key or signature is not a point of the curve")
    x = x if x & 1 == odd else P - x
    return x, y, 1, x * y % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        total, point, n = add(total, point) if n & 1 else total, add(point, point), n >> 1
    return total

def signed(key, message, signature):
    if len(signature) != 64 or (s := int.from_bytes(signature[32:], "little")) >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    a, b = times(s, unpack(b"\x58" + 31 * b"\x66")), add(unpack(signature[:32]), times(k, unpack(key)))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0

def need(good, why):
    if not good:
        print(f"REFUSED: {why}")
        sys.exit(1)

def un64(text, why):
    need(base64.b64encode(base64.b64decode(text, validate=True)).decode() == text, why)
    return base64.b64decode(text)

def vkey(text, kind):
    name, hint, body = text.split("+", 2)
    raw = base64.b64decode(body, validate=True)
    if len(raw) != 33 or raw[0] != kind or hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != hint:
        raise argparse.ArgumentTypeError(f"{text} is not a key of type {kind}")
    return name, bytes.fromhex(hint), raw[1:]

def verify(receipt, log, witnesses):
    head, note = receipt.split("\n\n", 1)
    first, extra, index, *path = head.split("\n")
    text, lines = note.rsplit("\n\n", 1)
    origin, size, root = text.split("\n")
    need(first == "c2sp.org/tlog-proof@v1" and extra[:6] == "extra " and index[:6] == "index " and lines[-1:] == "\n", "no receipt")
    need(origin == log[0], "this receipt is of another log")
    text, seen, cosigned = f"{text}\n".encode(), False, {}
    for line in lines[:-1].split("\n"):
        dash, name, blob = line.split(" ")
        blob = un64(blob, "a signature is not base64")
        need(dash == "\u2014" and name and len(blob) > 4, "a signature line is malformed")
        if (name, blob[:4]) == log[:2]:
            need(signed(log[2], text, blob[4:]), "the log's signature is not valid")
            seen = True
        for key in [w[2] for w in witnesses if (name, blob[:4]) == w[:2]]:
            at = int.from_bytes(blob[4:12], "big")
            need(signed(key, f"cosignature/v1\ntime {at}\n".encode() + text, blob[12:]), f"the cosignature of {name} is not valid")
            cosigned[key] = f"{name} at {time.strftime('%F %T', time.gmtime(at))} UTC"
    need(seen, "the log has not signed this checkpoint")
    entry = un64(extra[6:], "the entry is not base64")
    f, s, r = int(index[6:]), int(size) - 1, hashlib.sha256(b"\0" + entry).digest()  # RFC 9162 §2.1.3.2
    need(f"{f} {s + 1}" == f"{index[6:]} {size}" and 0 <= f <= s, "the entry is not under this checkpoint")
    for p in [un64(line, "a hash is not base64") for line in path]:
        need(s > 0 and len(p) == 32, "the proof does not fit")
        left = f & 1 or f == s
        r = hashlib.sha256(b"\1" + (p + r if left else r + p)).digest()
        while left and f and not f & 1:
            f, s = f >> 1, s >> 1
        f, s = f >> 1, s >> 1
    need(s == 0 and r == un64(root, "the root is not base64"), "the entry is not under this checkpoint")
    print(f"GOOD: entry {index[6:]} of {origin}, checkpoint of {size}; cosigned by: {', '.join(cosigned.values()) or 'nobody'}")
    print(entry.decode(), end="")
    return len(cosigned)

a = argparse.ArgumentParser(usage=__doc__)
a.add_argument("-k", type=int)
a.add_argument("receipt", type=argparse.FileType("rb"))
a.add_argument("log", type=lambda t: vkey(t, 1))
a.add_argument("witness", type=lambda t: vkey(t, 4), nargs="*")
a = a.parse_args()
k = len(a.witness) if a.k is None else a.k
try:
    n = verify(a.receipt.read().decode(), a.log, a.witness)
except (ValueError, IndexError):
    need(False, "this is no receipt")
sys.exit(0 if n >= k else print(f"NOT ENOUGH WITNESSES: {n} of {k}") or 3)
