// The restaurant, from the first question to the certificate numbers: zero trips online, one through a window.
import { spawnSync } from "node:child_process";
import { deliver } from "./departments.mjs";
import { check, choose, far_ends, field, journey, look, pdf, person, picture, png, restaurant as answers, soon, staff, trackings } from "./harness.mjs";

// what the test looks for again; every other entry gets something of its kind
const entries = { lease_until: "2031-12-31", waste_kg_per_day: "42.5", seal_kind: "公章", owner_name: "王建国", equipment_model: "YJ-200", sign_size: "4 × 1.2 m" };
const agencies = ["market-regulation", "health", "public-security", "tax", "fire-rescue", "urban-management", "ecology-environment",
  "housing-construction", "gas-supply"];

async function press(p, selector) {
  const before = p.page.url();
  await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(selector).first().click()]);
  return before;
}

async function submit(p, form) {
  await press(p, `${form} button[type=submit]`);
}

// ---- the applicant ----

async function questions(p, shots) {
  const { page } = p;
  await look(p);
  if (shots) await picture(p, "home");
  await page.fill("#q", p.lang === "en" ? "open a restaurant" : "开饭馆");
  await submit(p, "form.search");
  await look(p);
  await press(p, "a[href='/things/open-a-restaurant']");
  await look(p);
  await press(p, "main a.button");
  for (let n = 0; page.url().includes("/ask") && n < 20; n++) {
    await look(p, n < 2 ? `question ${n + 1}` : "questions");
    if (shots && n === 1) await picture(p, "question");
    const id = await page.locator("input[name=q]").inputValue();
    if (n === 1) { // a wrong answer is told and nothing is lost
      await field(page, `a.${id}`).fill("many");
      await submit(p, "form.question");
      check(`${p.lang}: a wrong answer is named`, await page.locator(".error-summary").count() === 1);
      await look(p, "wrong answer");
    }
    if (await field(page, `a.${id}`).first().getAttribute("type") === "radio") await choose(page, `a.${id}`, answers[id]);
    else await field(page, `a.${id}`).fill(answers[id]);
    await submit(p, "form.question");
  }
}

async function plan(p, shots) {
  const promise = await p.page.locator("#trips").textContent();
  check(`${p.lang} ${p.width}: the plan promises no trip`, /need not come|不用跑|无需|零|不用|不必/.test(promise), promise);
  await look(p, "plan");
  if (shots) await picture(p, "plan");
  const picture_ok = await p.page.evaluate(() => [...document.images].every((i) => i.complete && i.naturalWidth > 0));
  check(`${p.lang} ${p.width}: the plan's chart is there`, picture_ok);
}

async function begin(p, number) {
  await press(p, "a.button[href*='/apply']");
  if (p.page.url().includes("/sign-in")) await press(p, "a[href^='/sign-in/applicant']");
  await look(p);
  await press(p, `button[name=person][value="${number}"]`);
  await look(p);
  await field(p.page, "phone").fill("13800001234");
  await submit(p, "form[action='/apply']");
  const no = /\/cases\/([0-9A-Z]+)/.exec(p.page.url());
  check(`${p.lang} ${p.width}: a draft has begun`, no, p.page.url());
  return no[1];
}

// Every entry on the page that is still empty, by its kind: what is known from the account stays.
async function fill(page, form, prefix) {
  const boxes = await page.locator(`${form} input[name^="${prefix}"]`).evaluateAll((list) => list.map((i) =>
    ({ name: i.name, kind: i.type === "radio" || i.type === "date" ? i.type : i.inputMode === "decimal" ? "number" : "text", value: i.value })));
  const usual = { date: "2027-01-04", number: "12", text: "样例" };
  for (const { name, kind, value } of boxes) {
    const known = entries[name.slice(prefix.length)];
    if (kind === "radio") await choose(page, name, "true");
    else if (known || !value) await field(page, name).first().fill(known ?? usual[kind]);
  }
  return boxes.length;
}

// The form, page by page.
async function fill_form(p, no) {
  const { page } = p;
  await page.goto(`/cases/${no}/form`);
  check(`${p.lang} ${p.width}: the account's name is filled in already`, await page.locator("input[name='fields.contact_name']").inputValue() !== "");
  for (let n = 0; n < 12 && new URL(page.url()).pathname.endsWith("/form"); n++) {
    await look(p, n < 2 ? `page ${n + 1}` : "pages");
    const some = await fill(page, `form[action='/cases/${no}/form']`, "fields.");
    check(`${p.lang} ${p.width}: page ${n + 1} of the form is short`, some > 0 && some < 32, some);
    await submit(p, `form[action='/cases/${no}/form']`);
    check(`${p.lang} ${p.width}: page ${n + 1} of the form is saved`, await page.locator(".error-summary").count() === 0, await page.locator(".error-summary").allTextContents());
  }
}

// One by one, as a person does, without or with JavaScript.
async function upload(p, no) {
  await p.page.goto(`/cases/${no}/materials`);
  await look(p, "empty");
  const names = await p.page.locator("input[type=file]").evaluateAll((list) => list.map((i) => i.name));
  for (const [i, name] of names.entries()) {
    const file = i % 2 ? { name: `图 ${i}.png`, mimeType: "image/png", buffer: png() } : { name: `scan-${i}.pdf`, mimeType: "application/pdf", buffer: pdf(name) };
    const form = p.page.locator("form", { has: field(p.page, name) });
    await field(p.page, name).setInputFiles([file]);
    await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), form.locator("button[type=submit]").last().click()]);
    if (await p.page.locator(".error-summary").count()) check(`${p.lang} ${p.width}: ${name} is taken`, false, await p.page.locator(".error-summary").textContent());
  }
  await p.page.goto(`/cases/${no}/materials`);
  await look(p, "full");
  const kept = await p.page.locator(".file-list li").count();
  check(`${p.lang} ${p.width}: ${names.length} uploads are kept`, kept === names.length, kept);
}

async function complete(p, no, shots) {
  const { page } = p;
  await page.goto(`/cases/${no}`);
  await look(p, "draft");
  if (shots) await picture(p, "tasks");
  await fill_form(p, no);
  await page.goto(`/cases/${no}/check`); // before anything was uploaded
  await look(p, "lacking");
  await upload(p, no);
  await page.goto(`/cases/${no}/delivery`);
  await look(p);
  await choose(page, "mode", "e-certificate");
  await field(page, "address").fill(p.lang === "en" ? "1 Zhongshan East Road, Haishu" : "海曙区中山东路1号");
  await submit(p, `form[action='/cases/${no}/delivery']`);
  await page.goto(`/cases/${no}/check`);
  await look(p, "complete");
  if (shots) await picture(p, "check");
  await submit(p, `form[action='/cases/${no}/submit']`);
  await look(p, "submitted");
  check(`${p.lang} ${p.width}: the application is received`, await page.locator(".notice-good").count() > 0);
}

async function mend(p, no) {
  const { page } = p;
  await page.goto("/cases");
  await look(p);
  await page.goto(`/cases/${no}`);
  await look(p, "correction");
  check(`${p.lang} ${p.width}: the applicant sees what is to be corrected`, await page.locator("#asked").count() === 1);
  await page.goto(`/cases/${no}/form`);
  await look(p, "correction");
  await field(page, "fields.sign_size").fill("3.8 × 1.2 m");
  await submit(p, `form[action='/cases/${no}/form']`);
  await page.goto(`/cases/${no}/materials`);
  await look(p, "correction");
  const material = page.locator("#m-floor-plan");
  await material.locator("input[type=file]").setInputFiles([{ name: "floor plan, mended.pdf", mimeType: "application/pdf", buffer: pdf("mended") }]);
  await Promise.all([page.waitForNavigation(), material.locator("form[enctype] button[type=submit]").click()]);
  await page.goto(`/cases/${no}/check`);
  await look(p, "correction");
  await submit(p, `form[action='/cases/${no}/resubmit']`);
  check(`${p.lang} ${p.width}: handed in again`, await page.locator("form[action$='/resubmit']").count() === 0);
}

// ---- staff ----

async function ask_correction(clerk, no, shots) {
  const { page } = clerk;
  await page.goto("/desk");
  await look(clerk, "waiting");
  if (shots) await picture(clerk, "desk");
  check(`${clerk.lang}: the clerk finds the case`, await page.locator(`a[href='/desk/cases/${no}']`).count() === 1);
  await press(clerk, `a[href='/desk/cases/${no}']`);
  await look(clerk, "submitted");
  await page.locator("details:has(#f-form-correct) > summary").click();
  await page.locator("label[for='c-material-floor-plan']").click();
  await field(page, "standard-material-floor-plan").fill("请标明厨房与餐厅的面积");
  await page.locator("label[for='c-field-sign_size']").click();
  await field(page, "standard-field-sign_size").fill("不超过 4 m");
  await submit(clerk, "#f-form-correct");
  await look(clerk, "correction asked");
  check(`${clerk.lang}: the notice of corrections is served`, await page.locator(".notice-good").count() === 1, await page.locator(".error-summary").allTextContents());
}

// Only keys: the skip link, then Tab until the button has the focus.
async function accept_by_keyboard(clerk, no) {
  const { page } = clerk;
  await page.goto("/desk");
  await page.keyboard.press("j");
  for (let n = 0; n < 30 && !(await page.evaluate((href) => document.activeElement?.getAttribute("href") === href, `/desk/cases/${no}`)); n++) await page.keyboard.press("j");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const on = () => page.evaluate(() => document.activeElement?.closest("#f-form-accept") && document.activeElement.matches("button[type=submit]"));
  let steps = 0;
  for (; steps < 200 && !(await on()); steps++) await page.keyboard.press("Tab");
  const ring = await page.evaluate(() => {
    const s = getComputedStyle(document.activeElement);
    return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
  });
  check(`${clerk.lang}: the focus can be seen on «accept», ${steps} tabs away`, ring && steps < 200);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await look(clerk, "accepted");
  check(`${clerk.lang}: accepted by keyboard alone`, await page.locator(".notice-good").count() === 1, await page.locator(".error-summary").allTextContents());
}

async function one_act(officer) {
  const { page, lang } = officer;
  const forms = await page.locator("form[action$='/step-done'], form[action$='/decide']").evaluateAll((list) => list.map((f) => ({ id: f.id, decide: f.action.endsWith("/decide") })));
  if (!forms.length) return false;
  const { id, decide } = forms[0];
  const key = id.replace(/^f-form-/, "");
  const words = lang === "en" ? "The place and the papers meet the standard." : "场所与材料符合标准。";
  const form = `[id="${id}"]`;
  const radio = page.locator(`${form} input[type=radio][value="${decide ? "true" : "pass"}"]`);
  await page.locator(`label[for="${await radio.getAttribute("id")}"]`).click();
  await page.locator(`${form} textarea`).first().fill(words);
  await submit(officer, form);
  const wrong = await page.locator(".error-summary").allTextContents();
  if (wrong.length) throw new Error(`${key}: ${wrong.join(" ").replace(/\s+/g, " ")}`);
  return true;
}

// Officers stay signed in from one run to the next.
const signed_in = new Map();

async function officer(browser, city, login, lang) {
  const key = `${login} ${lang}`;
  if (!signed_in.has(key)) signed_in.set(key, { agency: login, ...(await staff(browser, city, login, { lang, width: 1280 })) });
  return signed_in.get(key);
}

async function departments(browser, city, no, lang, shots) {
  const officers = [];
  for (const agency of agencies) officers.push(await officer(browser, city, agency, lang));
  const waiting = async () => {
    const list = [];
    for (const o of officers) {
      await o.page.goto("/office");
      if (await o.page.locator(`a[href='/office/cases/${no}']`).count()) list.push(o);
    }
    return list;
  };
  let most = 0, acts = 0, first = true;
  for (let round = 0; round < 12; round++) {
    const list = await waiting();
    if (!list.length) break;
    most = Math.max(most, list.length);
    if (round === 0) await look(list[0], "waiting");
    for (const o of list) {
      await o.page.goto(`/office/cases/${no}`);
      await look(o, acts === 0 ? "first" : "later");
      if (shots && first && o.agency === "fire-rescue") {
        await picture(o, "officer");
        first = false;
      }
      while (await one_act(o)) acts++;
    }
  }
  check(`${lang}: ${most} departments have the case at the same time`, most >= 4);
  check(`${lang}: nothing waits in the departments after ${acts} steps and decisions`, (await waiting()).length === 0);
  for (const o of officers) {
    await look(o, "empty");
    check(`${lang}: no complaint at ${o.agency}`, o.complaints.length === 0, o.complaints.join("\n"));
  }
}

async function issue(issuer, no, by_courier) {
  const { page } = issuer;
  await page.goto("/issue");
  await look(issuer, "waiting");
  await press(issuer, `a[href='/issue/cases/${no}']`);
  await look(issuer, "granted");
  await submit(issuer, "#f-form-all");
  await look(issuer, "issued");
  if (by_courier) await by_courier();
  await deliver(issuer, no);
  check(`${issuer.lang}: everything is delivered`, await page.locator("form[action$='/deliver'], form[action$='/issue']").count() === 0);
}

// ---- by courier, through the courier's own process ----

async function parcels(far, city, issuer, p, no) {
  const { page, lang } = issuer;
  const booked = async () => {
    await page.goto(`/issue/parcels/${no}`);
    const all = await page.locator("main section").count();
    return all > 0 && (await trackings(issuer)).length === all;
  };
  await soon(`${lang}: the courier takes the results on`, booked);
  const list = await trackings(issuer), inside = await page.locator("main section dd.number").count() - list.length;
  check(`${lang}: what goes by courier goes in one parcel (${inside})`, list.length === 1 && inside > 0, list);
  const [first] = list;
  check(`${lang}: ${first} is picked up`, await far.report(city, first, "picked-up", { place: "宁波海曙营业部" }) === 200);
  await far.report(city, first, "under-way", { place: "宁波集散中心" });
  await p.page.goto(`/cases/${no}/parcels`);
  await look(p);
  check(`${lang}: the applicant sees where it is`, (await p.page.locator("main").innerText()).includes("宁波集散中心"));
  await picture(p, "parcels");
  check(`${lang}: the courier reports that it failed`, await far.report(city, first, "failed", { reason: "收件地址无人" }) === 200);
  await page.goto("/issue/parcels");
  await look(issuer, "came back");
  await press(issuer, `a[href='/issue/parcels/${no}']`);
  await look(issuer, "failed");
  check(`${lang}: what could not be delivered waits at the issuing desk, with the reason`, (await page.locator("main").innerText()).includes("收件地址无人"));
  await picture(issuer, "came-back");
  if (lang === "en") {
    await submit(issuer, `form[action='/issue/parcels/${no}/pick-up']`);
    await look(issuer, "kept");
    return pick_up(issuer, no, inside);
  }
  await submit(issuer, `form[action='/issue/parcels/${no}/again']`);
  await soon(`${lang}: it is ordered again`, async () => await booked() && !(await trackings(issuer)).includes(first));
  const [anew] = await trackings(issuer);
  check(`${lang}: it is delivered at the second attempt`, await far.report(city, anew, "delivered") === 200);
  return soon(`${lang}: the courier's word reaches the case`, async () => {
    await page.goto(`/issue/cases/${no}`);
    return await page.locator("form[action$='/deliver']").count() === 0;
  });
}

// At the window: without the card nothing, with a wrong one nothing, with the right one everything that came back.
async function pick_up(issuer, no, inside) {
  const { page, lang } = issuer;
  const forms = page.locator("form[action$='/deliver']");
  await soon(`${lang}: only what is picked up is left`, async () => {
    await page.goto(`/issue/cases/${no}`);
    return await forms.count() === inside;
  });
  const cards = [["", false], ["0000", false], ...Array(inside).fill(["9996", true])];
  for (const [card, good] of cards) {
    const form = forms.first(), before = await forms.count(), window = form.locator("input[type=radio][value=window]");
    if (!before || !(await window.count())) return check(`${lang}: it can be picked up`, false);
    await page.locator(`label[for="${await window.getAttribute("id")}"]`).click();
    await form.locator("input[name^=identity]").fill(card);
    await submit(issuer, `#${await form.getAttribute("id")}`);
    const handed = before - await forms.count();
    check(`${lang}: the card «${card}» ${good ? "will do" : "will not"}`, handed === (good ? 1 : 0), await page.locator(".error-summary").allTextContents());
    if (!good) await look(issuer, `card ${card || "none"}`);
  }
}

// ---- papers ----

async function papers(p, no) {
  const { page, lang, width } = p;
  await page.goto(`/cases/${no}`);
  const links = await page.locator(`main a[href^='/cases/${no}/papers']`).evaluateAll((l) => l.map((a) => a.getAttribute("href")));
  let good = 0, text = "";
  for (const href of links.filter((_, i) => i < 4 || i === links.length - 1)) {
    const [one, two] = [await (await page.request.get(href)).body(), await (await page.request.get(href)).body()];
    if (one.subarray(0, 5).toString() === "%PDF-" && one.equals(two)) good++;
    text = spawnSync("pdftotext", ["-raw", "-", "-"], { input: one, encoding: "utf8" }).stdout || text;
  }
  check(`${lang} ${width}: ${links.length} papers and certificates, the same bytes each time`, links.length > 15 && good === 5, `${links.length} ${good}`);
  const code = /([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\s+([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})/.exec(text);
  if (!check(`${lang} ${width}: the code stands on the paper`, code, text.slice(0, 300))) return;
  await page.goto("/paper");
  await look(p, "empty");
  await field(page, "code").fill(`${code[1]}-${code[2]}`);
  await submit(p, "main form[action='/paper']");
  await look(p, "genuine");
  check(`${lang} ${width}: the paper is genuine, and no name is shown`, await page.locator(".notice-good").count() === 1 && !/陈小满|林海生/.test(await page.locator("main").innerText()));
  await picture(p, "paper");
  await page.goto(`/paper?code=${code[2]}-${code[1]}`);
  await look(p, "not known");
  check(`${lang} ${width}: a wrong code is not`, await page.locator(".notice-bad").count() === 1);
}

async function how_to_be_told(far, p) {
  const { page, lang } = p, address = `li.${lang}@example.org`;
  await page.goto("/account/notices");
  await look(p);
  await field(page, "email").fill(address);
  await submit(p, "main form[action='/account/notices']");
  await look(p, "to be confirmed");
  await soon(`${lang}: a code comes by mail`, () => far.mails().some((m) => m.to.includes(address)));
  await field(page, "code").fill(/\d{6}/.exec(far.mails().find((m) => m.to.includes(address)).text)[0]);
  await submit(p, "main form[action='/account/notices/confirm']");
  await look(p, "confirmed");
  check(`${lang}: the address is confirmed`, await page.locator(".notice-good").count() === 1);
}

async function was_told(far, clerk, no) {
  const { page, lang } = clerk, of = (word) => far.mails().filter((m) => m.to.includes(`li.${lang}@example.org`) && m.subject.includes(word));
  await soon(`${lang}: the applicant is told of the failed delivery`, () => of("Could not be delivered").length > 0);
  check(`${lang}: he was told once that it is accepted`, of("Accepted:").length === 1, JSON.stringify(of("")));
  check(`${lang}: every mail has an id of its own`, new Set(of("").map((m) => m.id)).size === of("").length);
  await page.goto(`/desk/cases/${no}/notices`);
  await look(clerk);
  check(`${lang}: the desk sees what was sent`, await page.locator("main ul.plain li").count() > 5);
}

async function results(p, no) {
  const { page } = p;
  await page.goto(`/cases/${no}`);
  await look(p, "archived");
  const numbers = await page.locator("main li.panel dd.number").allTextContents();
  const known = numbers.map((t) => t.trim()).filter((t) => /^(3302\d{2}\d{4}\d{6}[0-9A-Z]|甬.*〔\d{4}〕\d+号)$/.test(t));
  check(`${p.lang} ${p.width}: eleven results, each with a number of its own`, known.length === 11 && new Set(known).size === 11, numbers.join(" "));
  const facts = await page.locator("main dl.summary").first().innerText();
  const code = /\b(\d{6})\b/.exec(facts.replace(no, ""))?.[1];
  return { code, facts };
}

async function track(browser, city, no, code, options) {
  const p = await person(browser, city, options);
  await p.page.goto("/progress");
  await look(p, "form");
  await field(p.page, "number").fill(no);
  await field(p.page, "code").fill(code);
  await submit(p, "main form[action='/progress']");
  await look(p, "found");
  const text = await p.page.locator("main").innerText();
  check(`${p.lang} ${p.width}: anybody with number and code sees the progress, and no name`, text.includes(no) && !text.includes("陈小满") && !text.includes("林海生"));
  await p.page.goto(`/progress?number=${no}&code=000000`);
  check(`${p.lang} ${p.width}: a wrong code shows nothing`, !(await p.page.locator("main").innerText()).includes("business") && await p.page.locator(".error-summary, .notice-warn, h1").count() > 0);
  await p.context.close();
}

async function online(city, browser, { lang, width, js, number, shots }) {
  console.log(`## online, ${lang}, ${width} px, ${js ? "with" : "without"} JavaScript`);
  const p = await person(browser, city, { lang, width, js });
  await questions(p, shots);
  await plan(p, shots);
  const no = await begin(p, number);
  if (js) await how_to_be_told(far, p);
  await complete(p, no, shots);
  const clerk = await staff(browser, city, "chen", { lang, width: 1280 });
  await ask_correction(clerk, no, shots);
  await mend(p, no);
  await accept_by_keyboard(clerk, no);
  if (shots) {
    await p.page.goto(`/cases/${no}`);
    await picture(p, "progress");
  }
  await departments(browser, city, no, lang, shots);
  const issuer = await staff(browser, city, "sun", { lang, width: 1280 });
  await issue(issuer, no, js && (() => parcels(far, city, issuer, p, no)));
  const { code, facts } = await results(p, no);
  const trips = js && lang === "en" ? 1 : 0; // what came back from the courier was picked up
  check(`${lang} ${width}: ${trips} trips`, new RegExp(`(so far|实际已跑) ${trips}(?!\\d)`).test(facts), facts);
  await papers(p, no);
  if (js) await was_told(far, clerk, no);
  await track(browser, city, no, code ?? "", { lang, width, js });
  const other = await person(browser, city, { lang, width });
  await other.page.goto(`/sign-in/applicant?return=/cases/${no}`);
  await press(other, `button[name=person][value="${(number + 1) % 6}"]`);
  check(`${lang} ${width}: another person does not see the case`, !(await other.page.locator("main").innerText()).includes("YJ-200"));
  await look(other, "refused");
  for (const one of [p, clerk, issuer, other]) {
    check(`${lang} ${width}: no complaint in the browser`, one.complaints.length === 0, one.complaints.join("\n"));
    await one.context.close();
  }
}

async function through_a_window(city, browser, lang) {
  console.log(`## through a window, ${lang}`);
  const clerk = await staff(browser, city, "zhou", { lang, width: 1280 });
  const { page } = clerk;
  await page.goto("/desk/new");
  await look(clerk);
  await page.goto("/desk/new?q=餐馆");
  await press(clerk, "a[href='/desk/new/open-a-restaurant']");
  await look(clerk);
  await submit(clerk, "form[action='/desk/new/open-a-restaurant']");
  await look(clerk, "nothing filled in");
  check(`${lang}: an empty intake is refused`, await page.locator(".error-summary").count() === 1);
  await field(page, "applicant_name").fill("林海生");
  await field(page, "applicant_id").fill("330200197809089978");
  await field(page, "applicant_phone").fill("13900005678");
  for (const [id, value] of Object.entries(answers)) {
    if (await field(page, id).first().getAttribute("type") === "radio") await choose(page, id, value);
    else await field(page, id).fill(value);
  }
  await submit(clerk, "form[action='/desk/new/open-a-restaurant']");
  const no = /\/desk\/cases\/([0-9A-Z]+)/.exec(page.url())?.[1];
  if (!check(`${lang}: the window has begun a case`, no, `${page.url()} ${await page.locator(".error-summary").allTextContents()}`)) return;
  await page.goto(`/desk/cases/${no}/fill`);
  await look(clerk);
  await fill(page, "#f-form-fill", "field-");
  await choose(page, "mode", "e-certificate");
  await field(page, "address").fill("海曙区中山东路1号");
  for (const [i, input] of (await page.locator("#f-form-fill input[type=file]").all()).entries()) await input.setInputFiles([{ name: `scan ${i}.pdf`, mimeType: "application/pdf", buffer: pdf(`window ${i}`) }]);
  await press(clerk, "#f-form-fill button[name=submit]");
  check(`${lang}: handed in at the window`, await page.locator("#f-form-accept").count() === 1 || await page.locator(".notice-good").count() === 1, await page.locator(".error-summary").allTextContents());
  await page.goto(`/desk/cases/${no}`);
  await submit(clerk, "#f-form-accept");
  await look(clerk, "accepted");
  const trips = (await page.locator("main dl.summary").first().innerText()).replace(/\s+/g, " ");
  await departments(browser, city, no, lang, false);
  const issuer = await staff(browser, city, "sun", { lang, width: 1280 });
  await issue(issuer, no);
  await page.goto(`/desk/cases/${no}`);
  await look(clerk, "closed");
  const after = (await page.locator("main dl.summary").first().innerText()).replace(/\s+/g, " ");
  check(`${lang}: through the window it is one trip`, /(so far|实际已跑) 1(?!\d)/.test(after), `${trips} / ${after}`);
  const supervisor = await staff(browser, city, "wu", { lang, width: 1280 });
  await supervisor.page.goto("/overview");
  await look(supervisor);
  await picture(supervisor, "overview");
  await supervisor.page.goto(`/overview/cases/${no}`);
  await look(supervisor);
  for (const one of [clerk, issuer, supervisor]) {
    check(`${lang}: no complaint in the browser`, one.complaints.length === 0, one.complaints.join("\n"));
    await one.context.close();
  }
}

const runs = {
  "zh-375": (city, browser) => online(city, browser, { lang: "zh", width: 375, js: true, number: 0, shots: true }),
  "en-1280": (city, browser) => online(city, browser, { lang: "en", width: 1280, js: true, number: 1, shots: true }),
  "en-375-no-js": (city, browser) => online(city, browser, { lang: "en", width: 375, js: false, number: 2, shots: false }),
  "window-zh": (city, browser) => through_a_window(city, browser, "zh"),
  "window-en": (city, browser) => through_a_window(city, browser, "en"),
};

const only = process.argv[2];
const far = await far_ends();
await journey("open a restaurant", async (city, browser) => {
  far.knows(city);
  for (const [name, run] of Object.entries(runs)) {
    if (only && only !== name) continue;
    try {
      await run(city, browser);
    } catch (error) {
      check(`${name} goes to its end`, false, error.stack.split("\n").slice(0, 6).join("\n"));
      for (const context of browser.contexts())
        for (const page of context.pages())
          console.log(`   open: ${page.url()}: ${(await page.locator("main").allInnerTexts()).join(" ").replace(/\s+/g, " ").slice(0, 600)}`);
      for (const context of browser.contexts()) await context.close();
      signed_in.clear();
    }
  }
}, { extra: far.options });
await far.stop();
