// harness.mjs: the program on a fresh store, a browser, and ok / not ok lines.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";
import { chromium } from "playwright-core";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// ---- what is counted ----

let passed = 0;
let failed = 0;

export function check(what, good, why = "") {
  if (good) passed++;
  else failed++;
  console.log(`${good ? "ok" : "not ok"} ${what}${good || !why ? "" : `\n   ${String(why).replaceAll("\n", "\n   ")}`}`);
  return Boolean(good);
}

// ---- the program ----

// Nothing is served that is not proved: where the proof of the sample city lies.
export function prove(home) {
  const proof = join(home, "proof.json");
  const done = spawnSync(join(root, "build/onevisit"), ["check", join(root, "catalogs/ningbo"), "--publish", "--proof", proof], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`the sample city is not fit:\n${done.stdout}${done.stderr}`);
  return proof;
}

export async function serve(extra = [], env = {}) {
  const home = mkdtempSync(join(tmpdir(), "onevisit-browser-"));
  const proof = prove(home);
  const program = spawn(join(root, "build/onevisit"),
    ["serve", "--store", `sqlite:${home}/s.db`, "--catalog", join(root, "catalogs/ningbo"), "--proof", proof, "--listen", "127.0.0.1:0", "--sample", "--uploads", home, ...extra],
    { cwd: home, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  let log = "";
  const port = await new Promise((found, missed) => {
    const late = setTimeout(() => missed(new Error(`the program did not start:\n${log}`)), 60000);
    program.stderr.on("data", (bytes) => {
      log += bytes;
      const line = /"port":\s*"?(\d+)/.exec(log);
      if (line) {
        clearTimeout(late);
        found(Number(line[1]));
      }
    });
    program.on("exit", () => missed(new Error(`the program ended:\n${log}`)));
  });
  return {
    home, store: `sqlite:${home}/s.db`,
    url: `http://127.0.0.1:${port}`,
    password: readFileSync(join(home, "s.db.keys/sample-password"), "utf8").split("\n")[0],
    errors: () => log.split("\n").filter((l) => l.includes('"error"')),
    async stop() {
      const ended = new Promise((done) => program.exitCode === null ? program.on("exit", done) : done(program.exitCode));
      program.kill("SIGTERM");
      const code = await ended;
      return code;
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
    verify: () => spawnSync(join(root, "build/onevisit"), ["ledger", "verify", "--store", `sqlite:${home}/s.db`], { encoding: "utf8" }),
  };
}

// Mail server and courier, as processes of their own: what they took, and what the courier calls back.
export async function far_ends(env = {}) {
  const home = mkdtempSync(join(tmpdir(), "onevisit-far-"));
  const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3"; // Debian's own has aiosmtpd
  const program = spawn(python, [join(root, "tests/outside/far_ends.py"), home], { stdio: ["pipe", "ignore", "inherit"], env: { ...process.env, ...env } });
  for (let n = 0; n < 300 && !existsSync(join(home, "ports")); n++) await new Promise((done) => setTimeout(done, 100));
  const [smtp, http] = readFileSync(join(home, "ports"), "utf8").trim().split(" ");
  const lines = (name) => existsSync(join(home, name)) ? readFileSync(join(home, name), "utf8").trim().split("\n").filter(Boolean).map((l) => JSON.parse(l)) : [];
  let reports = 0;
  return {
    options: ["--mail", `smtp://127.0.0.1:${smtp}`, "--mail-from", "notices@city.example", "--courier", `http://127.0.0.1:${http}/courier`],
    knows: (city) => writeFileSync(join(home, "secret"), readFileSync(join(city.home, "s.db.keys/courier.secret"))),
    mails: () => lines("mails"),
    async report(city, tracking, state, rest = {}) {
      const said = { to: `${city.url}/courier/reports`, id: `report-${++reports}`, tracking, state, ...rest };
      const got = await fetch(`http://127.0.0.1:${http}/control/report`, { method: "POST", body: JSON.stringify(said) });
      return (await got.json()).status;
    },
    async stop() {
      const ended = new Promise((done) => program.on("exit", done));
      program.stdin.end();
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

// ---- the browser ----

export async function browse() {
  const path = [process.env.CHROMIUM, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find((p) => p && existsSync(p));
  return chromium.launch({ executablePath: path, headless: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
}

// A person at a browser of his own: language, width, with or without JavaScript.
export async function person(browser, city, { lang = "zh", width = 1280, js = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height: width < 600 ? 812 : 900 }, javaScriptEnabled: js,
    locale: lang === "en" ? "en-GB" : "zh-CN", hasTouch: width < 600, baseURL: city.url });
  context.setDefaultTimeout(20000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/status of (4\d\d|503)/.test(m.text())) complaints.push(`${page.url()}: ${m.text()}`);
  });
  page.on("response", (r) => {
    if (r.status() >= 500) complaints.push(`${r.request().method()} ${r.url()}: ${r.status()}`);
  });
  await page.goto(`/?lang=${lang}`);
  return { context, page, lang, width, js, complaints };
}

// ---- every page: axe, no horizontal scrolling, its language ----

const seen = new Set();

function shape(url) {
  const u = new URL(url);
  return u.pathname.replace(/\/\d{8}[0-9A-Z]{7}/g, "/{no}") + (u.searchParams.get("q") ? "?q" : "");
}

// where: a word that tells states of one page apart ("correction").
export async function look(p, where = "") {
  const name = `${shape(p.page.url())}${where ? ` (${where})` : ""} ${p.lang} ${p.width}${p.js ? "" : " without JavaScript"}`;
  if (seen.has(name)) return;
  seen.add(name);
  const trouble = [];
  const wide = await p.page.evaluate(() => {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over <= 0) return "";
    const far = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
    return `wider than the window by ${over} px: ${far.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ")}`;
  });
  if (wide) trouble.push(wide);
  const lang = await p.page.evaluate(() => document.documentElement.lang);
  if (lang !== (p.lang === "en" ? "en" : "zh-CN")) trouble.push(`lang="${lang}"`);
  if (p.lang === "en") {
    const left = await untranslated(p.page);
    if (left.length) trouble.push(`Chinese without lang in an English page: ${left.slice(0, 5).join(" | ")}`);
  }
  if (p.js) trouble.push(...await axe(p.page));
  defect(name, trouble);
  check(`${name}: axe finds nothing, nothing scrolls sideways`, trouble.length === 0, trouble.join("\n"));
}

async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `axe ${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

// Text the page itself says (not what people typed) that was left in Chinese: headings, labels, buttons, legends.
function untranslated(page) {
  return page.evaluate(() => [...document.querySelectorAll("main h1, main h2, main h3, main label, main legend, main button, main th, main dt, nav a")]
    .filter((e) => !e.closest("[lang='zh-CN']") && e.closest("form[action='/sample-idp']") === null && e.closest(".file-list") === null)
    .map((e) => e.textContent.trim()).filter((t) => /\p{Script=Han}/u.test(t)));
}

function defect(name, trouble) {
  if (trouble.length && process.env.DEFECTS) appendFileSync(process.env.DEFECTS, `${name}\n${trouble.map((t) => `   ${t}\n`).join("")}`);
}

export async function picture(p, name) {
  if (process.env.SCREENSHOTS !== "1") return;
  const directory = join(root, "docs/screenshots");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}-${p.lang}-${p.width}.png`);
  await p.page.screenshot({ path, fullPage: false });
  check(`screenshot ${name} ${p.lang} ${p.width} is small`, statSync(path).size < 150000, statSync(path).size);
}

// ---- signing in ----

export async function sign_in(browser, city, number, options) {
  const p = await person(browser, city, options);
  await p.page.goto("/sign-in/applicant");
  await Promise.all([p.page.waitForNavigation(), p.page.locator(`button[name=person][value="${number}"]`).click()]);
  return p;
}


export async function staff(browser, city, login, options = {}) {
  const p = await person(browser, city, options);
  await p.page.goto("/sign-in");
  await look(p);
  await p.page.fill("[name=login]", login);
  await p.page.fill("[name=password]", city.password);
  await p.page.click("main form[action='/sign-in'] button[type=submit]");
  await p.page.waitForSelector("form[action='/sign-out']");
  return p;
}

// A device in the hall: whoever answers for the hall makes a code, the device types it.
export async function kiosk(browser, city, { manager, hall = "demo", ...options } = {}) {
  const wu = manager ?? await staff(browser, city, "wu");
  await wu.page.goto(`/halls/${hall}/kiosks`);
  await wu.page.fill("[name=name]", "北门 1 号");
  await Promise.all([wu.page.waitForNavigation(), wu.page.locator("main form[action$='/kiosks'] button[type=submit]").click()]);
  const code = (await wu.page.locator("[data-code]").first().textContent()).trim();
  const device = await person(browser, city, { width: 1280, ...options });
  await device.page.goto("/kiosk");
  await device.page.fill("[name=code]", code);
  await Promise.all([device.page.waitForNavigation(), device.page.locator("form[action='/kiosk/enrol'] button[type=submit]").click()]);
  if (!manager) await wu.context.close();
  return device;
}

// ---- on a page ----

// Something comes by itself: within half a minute.
async function until(so) {
  for (let n = 0; n < 150; n++) {
    if (await so()) return true;
    await new Promise((done) => setTimeout(done, 200));
  }
  return false;
}

export const soon = async (what, so) => check(what, await until(so));

export const field = (page, name) => page.locator(`[name="${name}"]`);

// A person presses the label, not the little circle.
export async function choose(page, name, value) {
  const id = await page.locator(`input[name="${name}"][value="${value}"]`).first().getAttribute("id");
  await page.locator(`label[for="${id}"]`).click();
}

// The box a form is in.
export async function open(page, form) {
  const details = page.locator(`details:has([id="${form}"])`);
  if (await details.count() && !(await details.evaluate((d) => d.open))) await details.locator("> summary").click();
}

export async function submit(p, form) {
  await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(`[id="${form}"] button[type=submit]`).first().click()]);
  const wrong = await p.page.locator(".error-summary").allTextContents();
  if (wrong.length) throw new Error(`${form}: ${wrong.join(" ").replace(/\s+/g, " ")}`);
}

// The program's own API, from within a session.
export async function api(p, method, path, body, form) {
  return p.page.evaluate(async ([method, path, body, form]) => {
    const headers = { "X-CSRF-Token": document.querySelector("input[name=csrf]").value };
    let data = body && JSON.stringify(body);
    if (body) headers["Content-Type"] = "application/json";
    if (form) {
      data = new FormData();
      data.append("file", new Blob([new Uint8Array(form)], { type: "application/pdf" }), "scan.pdf");
    }
    const answer = await fetch(path, { method, headers, body: data });
    const json = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  }, [method, path, body, form && [...form]]);
}

// One key that leads to another page.
export const key = (p, k) => Promise.all([p.page.waitForNavigation(), p.page.keyboard.press(k)]);

// The numbers of tickets are A023, B104 …
export const ticketOf = async (p) => /[AB]\d{3}/.exec(await p.page.textContent(".ticket-number"))?.[0] ?? "";

// The clerk calls one after another until it is this ticket's turn.
export async function callUntil(clerk, ticket) {
  for (let i = 0; i < 30; i++) {
    const at = await clerk.page.locator("#now .ticket-number").allTextContents();
    if (at[0]?.includes(ticket)) return true;
    if (at.length && (await clerk.page.locator("#do-serve").count())) await key(clerk, "s");
    await key(clerk, "n");
  }
  return false;
}

// The courier's numbers on the page.
export const trackings = async (p) => (await p.page.locator("main dd.number").allTextContents()).map((t) => t.trim()).filter((t) => /^SF\d{12}$/.test(t));

// What somebody who opens a restaurant answers.
export const restaurant = { has_company: "false", area: "320", premises_owned: "false", food_kind: "hot", cold_dishes: "true", signboard: "true",
  gas: "true", sewage: "true", delivery_only: "false", staff_certified: "true" };

// ---- real small files ----

export function pdf(text) {
  const objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${text.length + 35} >>\nstream\nBT /F1 18 Tf 20 100 Td (${text}) Tj ET  \nendstream`, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"];
  let out = "%PDF-1.4\n";
  const at = objects.map((body, i) => {
    const place = out.length;
    out += `${i + 1} 0 obj\n${body}\nendobj\n`;
    return place;
  });
  const table = out.length;
  out += `xref\n0 6\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("")}`;
  return Buffer.from(`${out}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`);
}

export function png(width = 60, height = 40) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const size = Buffer.alloc(4), sum = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : checksum(body));
    return Buffer.concat([size, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width), 0x7f);
  for (let y = 0; y < height; y++) rows[y * (1 + 3 * width)] = 0;
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function checksum(bytes) { // older Node has no crc32
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}

// ---- the frame of a journey file ----

export async function journey(name, body, { env = {}, extra = [] } = {}) {
  console.log(`# ${name}`);
  const city = await serve(extra, env);
  const browser = await browse();
  try {
    await body(city, browser);
  } catch (error) {
    check(`${name} goes through`, false, error.stack);
    for (const context of browser.contexts())
      for (const page of context.pages())
        console.log(`   at ${page.url()}: ${(await page.locator(".error-summary").allTextContents()).join(" ").replace(/\s+/g, " ")}`);
  }
  await browser.close();
  check(`${name}: the log has no error`, city.errors().length === 0, city.errors().join("\n"));
  check(`${name}: the program ends well`, (await city.stop()) === 0);
  const ledger = city.verify();
  check(`${name}: the ledger is intact afterwards`, ledger.status === 0, ledger.stderr);
  city.remove();
  if (process.env.TALLY) appendFileSync(process.env.TALLY, `${passed} ${failed}\n`);
  console.log(`# ${name}: ${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

// A journey through days: the clocks of the program, and of what it was given as env, run ahead (clock.c).
export async function days(name, begin, body, far) {
  const shim = join(root, "build/tests/libtest_clock.so");
  if (!existsSync(shim)) {
    console.log(`${name}: left out: build/tests/libtest_clock.so is not there`);
    if (process.env.TALLY) appendFileSync(process.env.TALLY, "0 0\n");
    return;
  }
  const work = mkdtempSync(join(tmpdir(), "onevisit-clock-"));
  const file = join(work, "clock");
  const clock = { at: (text) => writeFileSync(file, String(new Date(`${text}:00+08:00`) - Date.now())) };
  const env = { LD_PRELOAD: shim, CLOCK_FILE: file };
  clock.at(begin);
  const ends = far && await far_ends(env);
  await journey(name, (city, browser) => body(city, browser, clock, ends), { env, extra: ends ? ends.options : [] });
  if (ends) await ends.stop();
  rmSync(work, { recursive: true, force: true });
}
