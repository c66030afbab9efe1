// verify.mjs: checks a receipt (.tlog-proof) in the browser, with nothing but this file: no library, no crypto.subtle (which
// pages served by plain http in a hall's network do not have). The formats: docs/ledger.md. Node imports it for its tests.

// ---- SHA-2 ----
// The constants are the first bits of the fractional parts of roots of primes: computed, not copied (FIPS 180-4 §4.2, §5.3).

const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((p) => n % p)) primes.push(n);

function root(n, k) { // the k-th root of a BigInt, rounded down
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / Number(k)) + 1);
  for (;;) {
    const y = ((k - 1n) * x + n / x ** (k - 1n)) / k;
    if (y >= x) return x;
    x = y;
  }
}
const fraction = (p, k) => BigInt.asUintN(64, root(BigInt(p) << (64n * k), k));
const K512 = primes.map((p) => fraction(p, 3n));
const H512 = primes.slice(0, 8).map((p) => fraction(p, 2n));
const K256 = K512.slice(0, 64).map((k) => Number(k >> 32n));
const H256 = H512.map((h) => Number(h >> 32n));

// The message with 1, zeros and its length in bits, to a multiple of the block.
function padded(bytes, block) {
  const n = Math.ceil((bytes.length + 1 + block / 8) / block) * block;
  const out = new Uint8Array(n);
  out.set(bytes);
  out[bytes.length] = 0x80;
  new DataView(out.buffer).setBigUint64(n - 8, BigInt(bytes.length) * 8n);
  return new DataView(out.buffer);
}

export function sha256(bytes) {
  const m = padded(bytes, 64), h = [...H256], w = new Int32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < m.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = m.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, z] = h;
    for (let i = 0; i < 64; i++) {
      const s = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
      const t = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [z, g, f, e, d, c, b, a] = [g, f, e, (d + s) | 0, c, b, a, (s + t) | 0];
    }
    [a, b, c, d, e, f, g, z].forEach((v, i) => { h[i] = (h[i] + v) | 0; });
  }
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((v, i) => out.setInt32(4 * i, v));
  return new Uint8Array(out.buffer);
}

export function sha512(bytes) {
  const m = padded(bytes, 128), h = [...H512], w = new Array(80);
  const u64 = (x) => BigInt.asUintN(64, x), turn = (x, n) => (x >> n) | u64(x << (64n - n));
  for (let at = 0; at < m.byteLength; at += 128) {
    for (let i = 0; i < 16; i++) w[i] = m.getBigUint64(at + 8 * i);
    for (let i = 16; i < 80; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = u64(w[i - 16] + w[i - 7] + (turn(x, 1n) ^ turn(x, 8n) ^ (x >> 7n)) + (turn(y, 19n) ^ turn(y, 61n) ^ (y >> 6n)));
    }
    let [a, b, c, d, e, f, g, z] = h;
    for (let i = 0; i < 80; i++) {
      const s = u64(z + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (u64(~e) & g)) + K512[i] + w[i]);
      const t = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [z, g, f, e, d, c, b, a] = [g, f, e, u64(d + s), c, b, a, u64(s + t)];
    }
    [a, b, c, d, e, f, g, z].forEach((v, i) => { h[i] = u64(h[i] + v); });
  }
  const out = new DataView(new ArrayBuffer(64));
  h.forEach((v, i) => out.setBigUint64(8 * i, v));
  return new Uint8Array(out.buffer);
}

// ---- Ed25519 (RFC 8032 §5.1), verification only: nothing here is secret ----

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (x) => ((x % P) + P) % P;
function power(x, n) {
  let r = 1n;
  for (x = mod(x); n; n >>= 1n, x = (x * x) % P) if (n & 1n) r = (r * x) % P;
  return r;
}
const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_M1 = power(2n, (P - 1n) / 4n);

// Little-endian bytes ⇄ number.
const number = (bytes) => [...bytes].reduceRight((n, b) => (n << 8n) | BigInt(b), 0n);
const point = (x, y) => [x, y, 1n, (x * y) % P]; // extended coordinates X:Y:Z:T

function unpack(bytes) { // null: not a point
  let y = number(bytes);
  const odd = y >> 255n;
  y &= 2n ** 255n - 1n;
  if (y >= P) return null;
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = (u * v ** 3n % P) * power(u * v ** 7n, (P - 5n) / 8n) % P;
  const check = mod(v * x * x);
  if (check === mod(-u)) x = (x * SQRT_M1) % P;
  else if (check !== u) return null;
  if (x === 0n && odd) return null;
  return point((x & 1n) === odd ? x : P - x, y);
}

function pack([x, y, z]) {
  const i = power(z, P - 2n), n = mod(y * i) | ((mod(x * i) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, (_, k) => Number((n >> BigInt(8 * k)) & 255n));
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = (y1 - x1) * (y2 - x2) % P, b = (y1 + x1) * (y2 + x2) % P, c = t1 * 2n * D * t2 % P, d = z1 * 2n * z2 % P;
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [e * f % P, g * h % P, f * g % P, e * h % P];
}

function twice([x, y, z]) {
  const a = x * x % P, b = y * y % P, c = 2n * z * z % P, h = a + b, e = h - (x + y) * (x + y) % P, g = a - b, f = c + g;
  return [e * f % P, g * h % P, f * g % P, e * h % P];
}

const BASE = unpack(Uint8Array.from({ length: 32 }, (_, i) => (i ? 0x66 : 0x58)));

export function ed25519(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const a = unpack(key), s = number(signature.subarray(32));
  if (!a || s >= L) return false;
  const k = number(sha512(join(signature.subarray(0, 32), key, message))) % L;
  const minus = [P - a[0], a[1], 1n, P - a[3]], both = add(BASE, minus); // s·B − k·A in one pass
  let r = [0n, 1n, 1n, 0n];
  for (let bit = 252n; bit >= 0n; bit--) {
    r = twice(r);
    const pick = [null, BASE, minus, both][Number((s >> bit) & 1n) | (Number((k >> bit) & 1n) << 1)];
    if (pick) r = add(r, pick);
  }
  return same(pack(r), signature.subarray(0, 32));
}

// ---- bytes and text ----

const utf8 = (text) => new TextEncoder().encode(text);
const same = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);
const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function base64(text) { // null: not as it has to be written
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) return null;
  const raw = atob(text);
  return btoa(raw) === text ? Uint8Array.from(raw, (c) => c.charCodeAt(0)) : null;
}

const whole = (text) => (/^(0|[1-9][0-9]{0,17})$/.test(text) ? BigInt(text) : null);

class Refusal extends Error {
  constructor(code, what = "") {
    super(`${code} ${what}`);
    this.code = code;
    this.what = what;
  }
}

// ---- keys and policies ----

const ED25519 = 1, COSIGNATURE = 4, SM2 = 255; // lines of SM2 keys are passed over here, as of any key not known

// name+hex8(key id)+base64(type || key); the id is the start of SHA-256(name || LF || type || key).
export function parseKey(text) {
  const [, name, id, body] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const raw = body && base64(body);
  if (!raw || raw.length !== (raw[0] === SM2 ? 80 : 33) || hex(sha256(join(utf8(`${name}\n`), raw)).subarray(0, 4)) !== id) throw new Refusal("bad-policy", text);
  return { name, id, type: raw[0], key: raw.subarray(1) };
}

// c2sp.org/tlog-policy: whom one believes.
export function parsePolicy(text) {
  const policy = { logs: [], witnesses: [], groups: new Map(), quorum: undefined };
  for (const raw of text.split(/\r?\n/)) {
    const [word, ...rest] = raw.trim().split(/[ \t]+/);
    if (!word || word.startsWith("#")) continue;
    const bad = () => new Refusal("bad-policy", raw.trim());
    if (word === "log" && rest.length >= 1 && rest.length <= 2) {
      const key = parseKey(rest[0]);
      if (key.type === COSIGNATURE) throw bad();
      policy.logs.push(key);
    } else if (word === "witness" && rest.length >= 2 && rest.length <= 3 && !policy.groups.has(rest[0])) {
      const key = parseKey(rest[1]);
      if (key.type !== COSIGNATURE) throw bad();
      policy.witnesses.push({ ...key, nick: rest[0] });
      policy.groups.set(rest[0], null);
    } else if (word === "group" && rest.length >= 3 && !policy.groups.has(rest[0])) {
      const [name, how, ...members] = rest;
      const need = how === "all" ? members.length : how === "any" ? 1 : Number(whole(how) ?? 0n);
      const taken = [...policy.groups.values()].some((g) => g && g.members.some((m) => members.includes(m)));
      if (need < 1 || need > members.length || new Set(members).size < members.length || taken || members.some((m) => !policy.groups.has(m))) throw bad();
      policy.groups.set(name, { need, members });
    } else if (word === "quorum" && rest.length === 1 && policy.quorum === undefined && (rest[0] === "none" || policy.groups.has(rest[0]))) {
      policy.quorum = rest[0];
    } else throw bad();
  }
  if (!policy.logs.length || policy.quorum === undefined) throw new Refusal("bad-policy");
  return policy;
}

function reached(policy, name, cosigned) {
  const group = policy.groups.get(name);
  return group ? group.members.filter((m) => reached(policy, m, cosigned)).length >= group.need : cosigned.has(name);
}

// ---- the receipt ----

const HEAD = "c2sp.org/tlog-proof@v1\n";

export function parseProof(text) {
  const bad = (what) => new Refusal("bad-proof", what);
  if (!text.startsWith(HEAD)) throw bad("tlog-proof");
  const end = text.indexOf("\n\n");
  if (end < 0) throw bad("checkpoint");
  const lines = text.slice(HEAD.length, end).split("\n");
  let entry = null;
  if (lines[0]?.startsWith("extra ")) entry = base64(lines.shift().slice(6)) ?? (() => { throw bad("extra"); })();
  const index = lines[0]?.startsWith("index ") ? whole(lines.shift().slice(6)) : null;
  if (index === null) throw bad("index");
  const path = lines.map((line) => base64(line));
  if (path.some((h) => h?.length !== 32) || path.length > 63) throw bad("path");
  return { entry, index, path, note: text.slice(end + 2) };
}

function parseNote(note) {
  const bad = (what) => new Refusal("bad-note", what);
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0 || !note.endsWith("\n")) throw bad("checkpoint");
  const text = note.slice(0, cut + 1);
  const signatures = note.slice(cut + 2, -1).split("\n").map((line) => {
    const [, name, body] = /^\u2014 ([^+\s]+) (\S+)$/u.exec(line) ?? [];
    const raw = body && base64(body);
    if (!raw || raw.length < 5) throw bad("signature");
    return { name, id: hex(raw.subarray(0, 4)), body: raw.subarray(4) };
  });
  const [origin, size, rootText, ...rest] = text.split("\n");
  const tree = { origin, size: whole(size ?? ""), root: base64(rootText ?? "") };
  // eslint-disable-next-line no-control-regex
  if (!origin || /[\x00-\x09\x0b-\x1f]/.test(text) || tree.size === null || tree.root?.length !== 32 || rest.length !== 1) throw bad("checkpoint");
  return { text, signatures, ...tree };
}

const node = (left, right) => sha256(join(Uint8Array.of(1), left, right));

// RFC 9162 §2.1.3.2
export function included(index, size, leaf, path, rootHash) {
  if (index >= size) return false;
  let f = index, s = size - 1n, r = leaf;
  for (const p of path) {
    if (s === 0n) return false;
    if (f & 1n || f === s) {
      r = node(p, r);
      while (f && !(f & 1n)) [f, s] = [f >> 1n, s >> 1n];
    } else {
      r = node(r, p);
    }
    [f, s] = [f >> 1n, s >> 1n];
  }
  return s === 0n && same(r, rootHash);
}

const FIELDS = ["case", "seq", "prev", "type", "item", "dept", "time", "body", "keys", "sig"];

// What the entry says: gov-event/v1, every line in its place.
export function parseLeaf(entry) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(entry);
  } catch {
    throw new Refusal("bad-leaf", "entry");
  }
  const [head, ...lines] = text.split("\n");
  const leaf = {};
  FIELDS.forEach((name, i) => {
    if (!lines[i]?.startsWith(`${name} `)) throw new Refusal("bad-leaf", "entry");
    leaf[name] = lines[i].slice(name.length + 1);
  });
  if (head !== "gov-event/v1" || lines.length !== 11 || lines[10] !== "" || whole(leaf.time) === null) throw new Refusal("bad-leaf", "entry");
  return leaf;
}

function checkSignatures(policy, note) {
  const logs = policy.logs.filter((k) => k.name === note.origin && k.type === ED25519);
  if (!logs.length) throw new Refusal("unsigned-note", note.origin);
  let signed = false;
  const cosigned = new Map();
  for (const one of note.signatures) {
    const log = logs.find((k) => k.name === one.name && k.id === one.id);
    const witness = policy.witnesses.find((k) => k.name === one.name && k.id === one.id);
    if (log) {
      if (!ed25519(log.key, utf8(note.text), one.body)) throw new Refusal("bad-signature", one.name);
      signed = true;
    } else if (witness) {
      const at = one.body.length === 72 ? new DataView(one.body.buffer, one.body.byteOffset).getBigUint64(0) : -1n;
      const message = utf8(`cosignature/v1\ntime ${at}\n${note.text}`);
      if (at < 0n || at >= 1n << 63n || !ed25519(witness.key, message, one.body.subarray(8))) throw new Refusal("bad-signature", one.name);
      cosigned.set(witness.nick, { name: witness.name, at });
    }
  }
  if (!signed) throw new Refusal("unsigned-note", note.origin);
  return cosigned;
}

// {code: "good" | "no-quorum" | why it is refused, alone: the policy asks for no witness, what, leaf, index, size, origin, cosigned: [{name, at}], missing: [name]}
export function checkReceipt(proofText, policyText) {
  const found = {};
  try {
    const policy = parsePolicy(policyText), proof = parseProof(proofText);
    if (!proof.entry) throw new Refusal("bad-proof", "extra");
    const note = parseNote(proof.note);
    const leaf = sha256(join(Uint8Array.of(0), proof.entry));
    Object.assign(found, { leaf: parseLeaf(proof.entry), hash: hex(leaf), index: proof.index, size: note.size, origin: note.origin });
    const cosigned = checkSignatures(policy, note);
    if (!included(proof.index, note.size, leaf, proof.path, note.root)) throw new Refusal("not-included");
    found.cosigned = [...cosigned.values()];
    found.missing = policy.witnesses.filter((w) => !cosigned.has(w.nick)).map((w) => w.name);
    return { ...found, alone: policy.quorum === "none", code: policy.quorum === "none" || reached(policy, policy.quorum, cosigned) ? "good" : "no-quorum" };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return { ...found, code: refusal.code, what: refusal.what };
  }
}

// What was pasted: line ends of any system, perhaps without the last one.
export const tidy = (text) => `${text.replace(/\r\n?/g, "\n").trim()}\n`;

// ---- the page /verify ----

function words(code) {
  return document.querySelector(`[data-words] [data-code="${CSS.escape(code)}"]`)?.textContent.trim() ?? code;
}

function element(name, text, className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

function when(seconds) {
  return new Date(Number(seconds) * 1000).toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai", dateStyle: "long", timeStyle: "medium" });
}

function facts(found) {
  const list = element("dl", "", "summary");
  const add = (label, value) => {
    const row = document.createElement("div");
    row.append(element("dt", words(`label-${label}`)), element("dd", value));
    list.append(row);
  };
  if (found.leaf) {
    add("type", words(`type:${found.leaf.type}`).replace(/^type:/, ""));
    if (found.leaf.item !== "-") add("item", words(`item:${found.leaf.item}`).replace(/^item:/, ""));
    add("dept", words(`dept:${found.leaf.dept}`).replace(/^dept:/, ""));
    add("time", when(found.leaf.time));
    add("index", `${found.index} / ${found.size}`);
    add("case", found.leaf.case);
    add("hash", found.hash);
  }
  if (found.cosigned) add("cosigned", found.cosigned.map((c) => `${c.name}, ${when(c.at)}`).join(" · ") || words("nobody"));
  if (found.missing?.length) add("missing", found.missing.join(" · "));
  return list;
}

function show(place, found, ms) {
  const good = found.code === "good";
  place.className = `notice notice-${good ? "good" : "warn"}`;
  place.replaceChildren(element("h2", words(good ? "verdict-good" : found.code === "no-quorum" ? "verdict-no-quorum" : "verdict-bad")));
  place.append(element("p", words(good && found.alone ? "good-alone" : found.code) + (found.what && !good ? ` (${found.what})` : "")));
  if (good || found.code === "no-quorum") place.append(facts(found));
  place.append(element("p", words("here").replace("%s", Math.max(1, Math.round(ms))), "quiet"));
  place.tabIndex = -1;
  place.focus();
}

function start(form) {
  const button = form.querySelector("[data-here]"), place = document.querySelector("[data-result]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const file = form.elements.file.files[0];
    let text = tidy(form.elements.proof.value);
    if (file) {
      try {
        text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
      } catch {
        text = "";
      }
    }
    const began = performance.now();
    show(place, checkReceipt(text, form.elements.policy.value), performance.now() - began);
  });
}

const form = globalThis.document?.querySelector("form[data-verify]");
if (form) start(form);
