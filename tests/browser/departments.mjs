// What departments do on a case: steps and decisions, the joint visit, another department midway.
import { api, check, choose, field, look, open, picture, png, staff, submit } from "./harness.mjs";

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

export async function rounds(all, no) {
  for (let acts = 1; acts;) {
    acts = 0;
    for (const o of Object.values(all)) acts += await ordinary(o, no);
  }
}

export async function everybody(browser, city, logins, options = {}) {
  const list = {};
  for (const login of logins) list[login] = await staff(browser, city, login, { width: 375, ...options });
  return list;
}

// ---- the joint visit ----

export async function offer(o, no) {
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

export async function say(o, no, dates) {
  const { page } = o;
  await page.goto("/office");
  check(`${o.lang}: the inbox says what is asked`, await page.locator(`a[href='/office/cases/${no}/joint']`).count() > 0);
  await page.goto(`/office/cases/${no}/joint`);
  for (const d of dates) await choose(page, "suits-say-1", String(d));
  await look(o, "saying which dates suit");
  await submit(o, "f-form-say-1");
}

export async function minutes(o, no, visit, shot) {
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

export async function choose_date(p, no, visit, shot) {
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

// ---- another department ----

export async function join_in(lead, added, no) {
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

// ---- the issuing desk: each result in the way the page proposes ----

export async function deliver(issuer, no, but = "") {
  const { page } = issuer;
  const left = page.locator(but ? `form[action$='/deliver']:not(:has(input[value='${but}']:checked))` : "form[action$='/deliver']");
  await page.goto(`/issue/cases/${no}`);
  for (let n = 0; n < 12 && await left.count(); n++) {
    const form = left.first();
    const id = await form.getAttribute("id");
    const modes = await form.locator("input[type=radio]").evaluateAll((l) => l.map((i) => [i.value, i.id, i.checked]));
    const mode = modes.find(([, , checked]) => checked) ?? modes[0];
    if (!mode[2]) await page.locator(`label[for="${mode[1]}"]`).click();
    if (mode[0] === "courier") await form.locator("input[name^=tracking]").fill(`SF10${n}2233`);
    await submit(issuer, id);
  }
}
