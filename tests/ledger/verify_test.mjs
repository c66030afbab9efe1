// verify_test.mjs: the arithmetic of web/assets/verify.mjs against Node's own, published vectors, and trees of every shape.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { checkReceipt, ed25519, included, parseKey, parsePolicy, sha256, sha512 } = await import(join(root, "web/assets/verify.mjs"));
let passed = 0, failed = 0;
function check(what, good) {
  if (good) passed++;
  else {
    failed++;
    console.log(`not ok ${what}`);
  }
}
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const raw = (key) => Uint8Array.from(key.export({ format: "der", type: "spki" }).subarray(-32));

// every length around the ends of a block
for (let n = 0; n < 300; n++) {
  const m = Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) & 255);
  check(`SHA-256 of ${n} bytes`, same(sha256(m), createHash("sha256").update(m).digest()));
  check(`SHA-512 of ${n} bytes`, same(sha512(m), createHash("sha512").update(m).digest()));
}

// RFC 8032 §7.1: key, message, signature
const rfc = [
  ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
  ["3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
  ["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
];
for (const [key, message, signature] of rfc) check(`RFC 8032: ${key.slice(0, 8)}`, ed25519(bytes(key), bytes(message), bytes(signature)));
for (let i = 0; i < 12; i++) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const m = Uint8Array.from({ length: 17 * i }, () => i), key = raw(publicKey), s = Uint8Array.from(sign(null, m, privateKey));
  check("Node's signature is good", ed25519(key, m, s));
  for (const at of [0, 13, 31, 32, 45, 62]) check("a flipped bit of a signature is refused", !ed25519(key, m, s.map((b, k) => (k === at ? b ^ 4 : b))));
  check("another key is refused", !ed25519(key.map((b, k) => (k === 3 ? b ^ 1 : b)), m, s));
  check("another message is refused", !ed25519(key, Uint8Array.of(...m, 1), s));
}
// RFC 8032 §5.1.7: S must be below the order; y below p; x = 0 has no sign
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const little = (n) => Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
const [key0, , s0] = rfc[0].map(bytes);
const high = BigInt(`0x${Buffer.from(s0.subarray(32)).reverse().toString("hex")}`) + order;
check("S + L is refused", !ed25519(key0, bytes(""), Uint8Array.of(...s0.subarray(0, 32), ...little(high))));
check("a key of y ≥ p is refused", !ed25519(little(2n ** 255n - 19n + 1n), bytes(""), s0));
check("the key «x = 0, odd» is refused", !ed25519(little(1n | (1n << 255n)), bytes(""), s0));
check("short ones are refused", !ed25519(key0.subarray(1), bytes(""), s0) && !ed25519(key0, bytes(""), s0.subarray(1)));

// keys and policies
const w1 = "witness.example/w1+8da96255+BKibOmQOXiAtKp7ed/O01VFGKEoeMCzcBGPnHdCfD+Yj";
check("a published key is read", parseKey(w1).type === 4 && parseKey(w1).name === "witness.example/w1");
const refused = (text) => {
  try {
    parsePolicy(text);
    return false;
  } catch (error) {
    return error.code === "bad-policy";
  }
};
const log = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
check("a policy with a comment, a group and an address is read", parsePolicy(`# us\nlog ${log} https://x\nwitness a ${w1}\ngroup g 1 a\nquorum g\n`).quorum === "g");
for (const bad of ["", `log ${log}`, `log ${log}\nquorum x`, `log ${log}\nquorum none\nquorum none`, `log ${w1}\nquorum none`, `log ${log.replace("33d7", "33d8")}\nquorum none`,
  `log ${log}\nwitness a ${log}\nquorum a`, `log ${log}\nwitness a ${w1}\ngroup g 2 a\nquorum g`, `log ${log}\ngroup g any a\nwitness a ${w1}\nquorum g`, `log ${log}\nhello\nquorum none`])
  check(`refused: ${bad.slice(-40)}`, refused(bad));

// trees of every size to 40: every leaf's path is good, at no other place, and not with a bit flipped
const node = (l, r) => sha256(Uint8Array.of(1, ...l, ...r));
const leaves = Array.from({ length: 40 }, (_, i) => sha256(Uint8Array.of(0, i)));
const split = (n) => 2 ** Math.floor(Math.log2(n - 1));
const top = (l) => (l.length === 1 ? l[0] : node(top(l.slice(0, split(l.length))), top(l.slice(split(l.length)))));
const path = (i, l) => {
  if (l.length === 1) return [];
  const k = split(l.length);
  return i < k ? [...path(i, l.slice(0, k)), top(l.slice(k))] : [...path(i - k, l.slice(k)), top(l.slice(0, k))];
};
for (let n = 1; n <= 40; n++) {
  const l = leaves.slice(0, n), head = top(l);
  for (let i = 0; i < n; i++) {
    const p = path(i, l), at = (index, size, leaf, steps) => included(BigInt(index), BigInt(size), leaf, steps, head);
    check(`leaf ${i} of ${n}`, at(i, n, l[i], p));
    check(`leaf ${i} of ${n} is not at ${i + 1}`, !at(i + 1, n, l[i], p));
    check(`leaf ${i} of ${n} without a step`, p.length === 0 || !at(i, n, l[i], p.slice(1)));
    check(`leaf ${i} of ${n} with a step more`, !at(i, n, l[i], [...p, l[0]]));
    check(`leaf ${i} of ${n} with a flipped step`, p.length === 0 || !at(i, n, l[i], p.with ? p.with(0, p[0].map((b) => b ^ 1)) : p.map((h, k) => (k ? h : h.map((b) => b ^ 1)))));
  }
}
check("what is no receipt is told", checkReceipt("hello", `log ${log}\nquorum none\n`).code === "bad-proof");
console.log(`verify.mjs: ${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
