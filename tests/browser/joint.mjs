// Four departments decide on one restaurant with one joint site visit, one more joins midway, a material follows later. The clock
// of the program goes through the days (clock.c); everybody has a browser of his own, those outdoors a phone.
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, journey, look, pdf, person, picture, png, staff } from "./harness.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const shim = join(here, "../../build/tests/libtest_clock.so");
const answers = { has_company: "false", area: "320", premises_owned: "false", food_kind: "hot", cold_dishes: "true", signboard: "true",
  gas: "true", sewage: "true", delivery_only: "false", staff_certified: "true" };
const follows = "signboard-picture"; // within three working days
const work = mkdtempSync(join(tmpdir(), "onevisit-joint-"));
const clock = join(work, "clock");
const at = (text) => writeFileSync(clock, String(new Date(`${text}:00+08:00`) - Date.now()));

const field = (page, name) => page.locator(`[name="${name}"]`);

async function choose(page, name, value) {
  const id = await page.locator(`input[name="${name}"][value="${value}"]`).first().getAttribute("id");
  await page.locator(`label[for="${id}"]`).click();
}

async function open(page, form) {
  const details = page.locator(`details:has([id="${form}"])`);
  if (await details.count() && !(await details.evaluate((d) => d.open))) await details.locator("> summary").click();
}

async function submit(p, form) {
  await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(`[id="${form}"] button[type=submit]`).first().click()]);
  const wrong = await p.page.locator(".error-summary").allTextContents();
  if (wrong.length) throw new Error(`${form}: ${wrong.join(" ").replace(/\s+/g, " ")}`);
}

// The program's own API, from within a session.
async function api(p, method, path, body, form) {
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

async function sign_in(browser, city, number, options) {
  const p = await person(browser, city, options);
  await p.page.goto("/sign-in/applicant");
  await Promise.all([p.page.waitForNavigation(), p.page.locator(`button[name=person][value="${number}"]`).click()]);
  return p;
}

// ---- the application: one material follows, with the commitment read and signed ----

async function draft(p, but) {
  await p.page.goto("/cases");
  const { number } = await api(p, "POST", "/api/cases", { thing: "open-a-restaurant", phone: "13800001234", answers });
  const c = await api(p, "GET", `/api/cases/${number}`);
  const usual = { text: "样例", choice: "样例", number: "12", date: "2027-01-04", boolean: true };
  const fields = Object.fromEntries(c.fields.map((f) => [f.field, usual[f.type]]));
  await api(p, "PUT", `/api/cases/${number}/fields`, { fields, delivery: { mode: "e-certificate", address: "海曙区中山东路1号" } });
  for (const m of c.materials.filter((m) => m.source === "upload" && m.material !== but))
    await api(p, "POST", `/api/cases/${number}/materials/${m.material}`, null, pdf(m.material));
  return number;
}

async function apply(p) {
  const no = await draft(p, follows);
  await p.page.goto(`/cases/${no}/check`);
  const text = await p.page.locator(".commitment").innerText();
  check("the commitment is shown whole", /3 个工作日/.test(text) && /终止办理/.test(text) && /信用修复/.test(text), text);
  await look(p, "with a commitment");
  await picture(p, "commitment");
  await choose(p.page, "commitment", "true");
  await Promise.all([p.page.waitForNavigation(), p.page.locator(`form[action='/cases/${no}/submit'] button[type=submit]`).click()]);
  return no;
}

// ---- what departments do without one another ----

async function ordinary(o, no, but = "site-visit") {
  let acts = 0;
  for (let round = 0; round < 9; round++) {
    const { tasks } = await api(o, "GET", "/api/office/inbox");
    const todo = tasks.filter((t) => t.case === no && ((t.kind === "step" && t.what !== but) || t.kind === "decide"));
    if (!todo.length) return acts;
    for (const t of todo) {
      const [command, data] = t.kind === "step" ? ["step-done", { step: t.step, result: "pass", opinion: "符合条件" }]
        : ["decide", { item: t.item, granted: true, reasons: "符合法定条件", tolerant: true }];
      await api(o, "POST", `/api/cases/${no}/commands/${command}`, data);
      acts++;
    }
  }
  return acts;
}

async function rounds(all, no) {
  for (let acts = 1; acts;) {
    acts = 0;
    for (const o of Object.values(all)) acts += await ordinary(o, no);
  }
}

async function everybody(browser, city, logins, options = {}) {
  const list = {};
  for (const login of logins) list[login] = await staff(browser, city, login, { width: 375, ...options });
  return list;
}

// ---- the joint visit ----

async function offer(o, no) {
  const { page } = o;
  await page.goto(`/office/cases/${no}/joint`);
  await open(page, "f-form-visit");
  for (const [i, [day, half]] of [["2026-12-02", "morning"], ["2026-12-02", "afternoon"], ["2026-12-03", "morning"]].entries()) {
    await field(page, `day${i + 1}-visit`).fill(day);
    await field(page, `half${i + 1}-visit`).selectOption(half);
  }
  await look(o, "offering dates");
  await picture(o, "joint-offer");
  await submit(o, "f-form-visit");
}

async function say(o, no, dates) {
  const { page } = o;
  await page.goto("/office");
  check(`${o.lang}: the inbox says what is asked`, await page.locator(`a[href='/office/cases/${no}/joint']`).count() > 0);
  await page.goto(`/office/cases/${no}/joint`);
  for (const d of dates) await choose(page, "suits-say-1", String(d));
  await look(o, "saying which dates suit");
  await submit(o, "f-form-say-1");
}

async function minutes(o, no, visit, shot) {
  const { page } = o;
  await page.goto(`/office/cases/${no}/joint`);
  const form = `f-form-minutes-${visit}`;
  await choose(page, `result-minutes-${visit}`, "pass");
  await field(page, `findings-minutes-${visit}`).fill("现场与图纸一致，疏散通道畅通。");
  await page.locator(`[name="photos-minutes-${visit}"]`).setInputFiles([{ name: "现场.png", mimeType: "image/png", buffer: png() }]);
  await look(o, "minutes");
  if (shot) await picture(o, "joint-minutes");
  await submit(o, form);
}

async function choose_date(p, no, visit, shot) {
  const { page } = p;
  await page.goto(`/cases/${no}`);
  await look(p, "choosing a date");
  if (shot) await picture(p, "joint-choose");
  const offered = await page.locator("input[name=date]").evaluateAll((l) => l.map((i) => i.value));
  await choose(page, "date", offered[0]);
  await Promise.all([page.waitForNavigation(), page.locator(`form[action='/cases/${no}/visits/${visit}'] button[type=submit]`).click()]);
  check("the date is fixed for all", await page.locator(`#visit-${visit}`).count() === 1 && await page.locator("input[name=date]").count() === 0);
  return offered;
}

// ---- coordination ----

async function join_in(lead, added, no) {
  const { page } = lead;
  await page.goto(`/office/cases/${no}/joint`);
  const form = await page.locator("form[action$='/add-department']").first().getAttribute("id");
  const key = form.replace("f-form-", "");
  await open(page, form);
  await field(page, `agency-${key}`).selectOption("development-reform");
  await field(page, `takes-${key}`).fill("1");
  await field(page, `reason-${key}`).fill("涉及能耗，需要意见");
  await look(lead, "asking another department");
  await submit(lead, form);
  await added.page.goto(`/office/cases/${no}`);
  const step = await added.page.locator("form[action$='/step-done']").first().getAttribute("id");
  await look(added, "joined midway");
  const take = added.page.locator("form[action$='/take-up']").first();
  await Promise.all([added.page.waitForNavigation(), take.locator("button").click()]);
  const result = step.replace("f-form-", "result-"), opinion = step.replace("f-form-", "opinion-");
  await choose(added.page, result, "pass");
  await field(added.page, opinion).fill("能耗符合要求");
  await submit(added, step);
}

async function disagree(fire, urban, wu, no) {
  await fire.page.goto(`/office/cases/${no}/joint`);
  await open(fire.page, "f-form-message");
  await field(fire.page, "text-message").fill("招牌是否遮挡消防登高面？");
  await field(fire.page, "to-message").selectOption("urban-management");
  await field(fire.page, "days-message").fill("1");
  await submit(fire, "f-form-message");
  await urban.page.goto(`/office/cases/${no}/joint`);
  await field(urban.page, "text-answer-1").fill("不遮挡，留有 1.2 米。");
  await look(urban, "a question");
  await submit(urban, "f-form-answer-1");
  await open(urban.page, "f-form-escalate");
  await field(urban.page, "reason-escalate").fill("招牌与登高面的间距各有规定");
  await field(urban.page, "days-escalate").fill("2");
  await submit(urban, "f-form-escalate");
  await wu.page.goto("/overview");
  check("the supervisor sees what waits for a ruling", await wu.page.locator(`a[href='/overview/cases/${no}/joint']`).count() > 0);
  await look(wu, "a ruling waits");
  await wu.page.goto(`/overview/cases/${no}/joint`);
  await look(wu, "ruling");
  await picture(wu, "joint-ruling");
  await field(wu.page, "ruling-rule-1").fill("间距不少于 1.2 米");
  await field(wu.page, "reasons-rule-1").fill("两项规定取其严者");
  await submit(wu, "f-form-rule-1");
}

// ---- the end ----

async function deliver(sun, no) {
  const { tasks } = await api(sun, "GET", "/api/issue/inbox");
  for (const t of tasks.filter((t) => t.case === no && t.kind === "issue")) await api(sun, "POST", `/api/cases/${no}/commands/issue`, { item: t.item });
  const rest = (await api(sun, "GET", "/api/issue/inbox")).tasks.filter((t) => t.case === no && t.kind === "deliver");
  for (const t of rest) await api(sun, "POST", `/api/cases/${no}/commands/deliver`, { item: t.item, mode: "courier", tracking: "SF100" }).catch(() =>
    api(sun, "POST", `/api/cases/${no}/commands/deliver`, { item: t.item, mode: "window" }));
}

async function credit(browser, city, wu, no) {
  const { page } = wu;
  await page.goto("/credit");
  await look(wu, "empty");
  await field(page, "number").fill(no);
  await field(page, "reasons").fill("承诺补交的材料系伪造");
  await field(page, "basis").fill("国办发〔2020〕42号");
  await Promise.all([page.waitForNavigation(), page.locator("form[action='/credit/records'] button").click()]);
  await look(wu, "a record");
  check("whoever made a record does not repair it", await page.locator("form[action$='/repair']").count() === 0);
  const p = await sign_in(browser, city, "0", { width: 375 });
  const next = await draft(p, follows);
  await p.page.goto(`/cases/${next}/check`);
  check("barred: no commitment is offered", await p.page.locator(".commitment").count() === 0 && await p.page.locator("a[href='/my-credit']").count() === 1);
  await look(p, "barred");
  await p.page.goto("/my-credit");
  await field(p.page, "reasons").fill("材料由他人代办，本人不知情");
  await look(p, "a record");
  await Promise.all([p.page.waitForNavigation(), p.page.locator("form[action='/my-credit/appeal'] button").click()]);
  check("the appeal is sent", await p.page.locator(".notice-good").count() === 1);
}

async function whole(city, browser) {
  at("2026-11-30T09:00");
  const applicant = await sign_in(browser, city, "0", { width: 375 });
  const no = await apply(applicant);
  const chen = await staff(browser, city, "chen");
  await chen.page.goto(`/desk/cases/${no}`);
  await choose(chen.page, "tolerant-accept", "true");
  await submit(chen, "f-form-accept");
  await applicant.page.goto(`/cases/${no}`);
  check("the applicant sees what is to follow, and by when", /12月3日/.test(await applicant.page.locator("[aria-labelledby=deferred]").innerText()));
  await look(applicant, "materials to follow");

  const logins = ["market-regulation", "fire-rescue", "urban-management", "housing-construction", "public-security", "tax",
    "health", "ecology-environment", "development-reform"]; // the gas company says nothing: silence is consent

  let all = await everybody(browser, city, logins);
  await rounds(all, no);
  await offer(all["fire-rescue"], no);
  const facts = await all["fire-rescue"].page.locator("section.panel table tbody tr").count();
  check("four departments go together", facts === 4, facts);
  const asked = [];
  for (const login of logins.filter((l) => l !== "fire-rescue"))
    if ((await api(all[login], "GET", "/api/office/inbox")).tasks.some((t) => t.case === no && t.kind === "dates")) asked.push(login);
  check("three others are asked for dates", asked.length === 3, asked.join(" "));
  await say(all[asked[0]], no, [0, 1, 2]);
  await say(all[asked[1]], no, [1]);
  await say(all[asked[2]], no, [1, 2]);
  const offered = await choose_date(applicant, no, 1, true);
  check("only the date that suits all is offered", offered.join() === "1", offered.join());

  // one more department, a question, a disagreement, while they wait for the day
  await join_in(all["market-regulation"], all["development-reform"], no);
  const wu = await staff(browser, city, "wu", { lang: "en" });
  await disagree(all["fire-rescue"], all["urban-management"], wu, no);

  // the day: one department does not come
  at("2026-12-02T14:30");
  all = await everybody(browser, city, [...asked, "fire-rescue"]);
  const missing = asked.find((l) => l !== "market-regulation");
  const came = ["fire-rescue", ...asked.filter((l) => l !== missing)];
  await all["fire-rescue"].page.goto(`/office/cases/${no}`);
  check("the gas company consented by silence, and it shows", /默认同意/.test(await all["fire-rescue"].page.locator("main").innerText()));
  for (const login of came) await minutes(all[login], no, 1, login === "fire-rescue");
  const fire = all["fire-rescue"].page;
  await open(fire, "f-form-close-1");
  await field(fire, "reason-close-1").fill("临时出勤");
  await field(fire, "day1-close-1").fill("2026-12-03");
  await look(all["fire-rescue"], "closing the visit");
  await submit(all["fire-rescue"], "f-form-close-1");
  await all[missing].page.goto(`/office/cases/${no}/joint`);
  await choose(all[missing].page, "suits-say-2", "0");
  await submit(all[missing], "f-form-say-2");
  const again = await sign_in(browser, city, "0", { width: 375, lang: "en" });
  await choose_date(again, no, 2, false);

  at("2026-12-03T09:30");
  all = await everybody(browser, city, logins);
  const english = await staff(browser, city, missing, { lang: "en", width: 375 });
  await minutes(english, no, 2, true);
  const { page } = await sign_in(browser, city, "0", { width: 375 }).then(async (p) => {
    await p.page.goto(`/cases/${no}/materials`);
    const m = p.page.locator(`#m-${follows}`);
    await m.locator("input[type=file]").setInputFiles([{ name: "statement.pdf", mimeType: "application/pdf", buffer: pdf("statement") }]);
    await Promise.all([p.page.waitForNavigation(), m.locator("form[enctype] button[type=submit]").click()]);
    return p;
  });
  const sun = await staff(browser, city, "sun");
  for (let round = 0; round < 3; round++) {
    await rounds(all, no);
    await deliver(sun, no);
  }
  await page.goto(`/cases/${no}`);
  check("everything is delivered, nobody came", /已办结/.test(await page.locator("main > p .tag").first().innerText()));
  const boss = await staff(browser, city, "wu", { lang: "en" });
  await boss.page.goto(`/overview/cases/${no}`);
  await look(boss, "archived");
  check("the time of the case is told apart", /waiting between departments/.test(await boss.page.locator("main").innerText()));
  await picture(boss, "joint-times");
  await boss.page.goto("/overview");
  await look(boss, "medians");
  await picture(boss, "overview-times");
  await credit(browser, city, await staff(browser, city, "wu"), no);
  for (const p of [applicant, again, chen, wu, boss, english, sun, ...Object.values(all)])
    check("no complaint", p.complaints.length === 0, p.complaints.join("\n"));
}

if (existsSync(shim)) {
  at("2026-11-30T09:00");
  await journey("joint", whole, { env: { LD_PRELOAD: shim, CLOCK_FILE: clock } });
} else {
  console.log("joint: left out: build/tests/libtest_clock.so is not there");
  if (process.env.TALLY) appendFileSync(process.env.TALLY, "0 0\n");
}
rmSync(work, { recursive: true, force: true });
