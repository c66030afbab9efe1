// One story, five places at once: a telephone, a kiosk, the board, a window and the departments. The applicant comes once; the clerk
// takes no mouse; the days go by with the clock (clock.c); the courier is a process of its own.
import { spawnSync } from "node:child_process";
import { choose_date, deliver, everybody, join_in, minutes, offer, rounds, say } from "./departments.mjs";
import { api, callUntil, check, days, key, kiosk as device, look, pdf, person, picture, restaurant, sign_in, soon, staff, submit, ticketOf, trackings } from "./harness.mjs";

const applicant = { name: "陈小满", id: "33020019900321998X" };
const follows = "signboard-picture"; // within three working days
const logins = ["market-regulation", "fire-rescue", "urban-management", "housing-construction", "public-security", "tax",
  "health", "ecology-environment", "development-reform"]; // the gas company says nothing: silence is consent

const go = (p, what) => Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(what).first().click()]);
const text = async (p, where = "main") => (await p.page.locator(where).first().innerText()).replace(/\s+/g, " ");
const mark = (p) => p.page.evaluate(() => { window.story = "the same page"; });
const same = (p) => p.page.evaluate(() => window.story === "the same page");

// ---- the telephone, the kiosk ----

async function book(phone) {
  const { page } = phone;
  await page.goto("/halls?thing=open-a-restaurant");
  await go(phone, "main a[href^='/halls/demo']");
  await go(phone, "#zones a[href*='/book']");
  await page.check(".slots input >> nth=0");
  await page.fill("[name=note]", "想把招牌图纸晚几天交");
  await go(phone, "main form button[type=submit]");
  check("a time is booked on the telephone", /预约成功/.test(await text(phone)));
  await mark(phone);
  return new URL(page.url()).pathname;
}

// The booking becomes a ticket; then nothing is left behind.
async function check_in(kiosk, visit) {
  const { page } = kiosk;
  await page.goto("/kiosk");
  await look(kiosk);
  await go(kiosk, ".tiles a[href='/visits']");
  if (await page.locator("main a[href^='/sign-in/applicant']").count()) await go(kiosk, "main a[href^='/sign-in/applicant']");
  await go(kiosk, "button[name=person][value='0']");
  await go(kiosk, `a[href='${visit}']`);
  await go(kiosk, "form[action$='/arrive'] button");
  await look(kiosk, "checked in");
  const ticket = await ticketOf(kiosk);
  check("the kiosk makes a ticket of the booking", /^[A-Z]\d{3}$/.test(ticket), ticket);
  await go(kiosk, ".kiosk-end");
  check("the kiosk forgets him", /\/kiosk$/.test(page.url()) && (await page.goto("/visits")).url().includes("/sign-in"));
  return ticket;
}

// ---- the window: keys only ----

const focused = (page) => page.evaluate(() => {
  const e = document.activeElement;
  const group = e.type === "radio" ? [...document.querySelectorAll(`input[name="${CSS.escape(e.name)}"]`)] : [];
  return { tag: e.tagName, type: e.type ?? "", name: e.name ?? "", value: e.value ?? "", checked: e.checked ?? false, main: Boolean(e.closest("main form[method=post]")),
    options: group.map((i) => i.value), chosen: group.some((i) => i.checked) };
});

async function option(page, at, wanted) {
  await page.keyboard.press("Space"); // the first
  for (let n = at.options.indexOf(at.value); n < at.options.indexOf(wanted); n++) await page.keyboard.press("ArrowDown");
}

async function file(page, name) {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
  await chooser.setFiles([{ name: `${name}.pdf`, mimeType: "application/pdf", buffer: pdf(name) }]);
}

// From one field to the next with Tab, each as «what» says, until the button that is wanted has the focus.
async function through(page, what, last) {
  for (let n = 0; n < 300; n++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (at.main && at.tag === "BUTTON" && last(at)) return true;
    if (!at.main || at.tag === "BUTTON" || at.tag === "A") continue;
    const value = what(at);
    if (value === undefined || (at.type === "radio" && at.chosen)) continue;
    if (at.type === "radio") await option(page, at, value);
    else if (at.type === "checkbox") await page.keyboard.press("Space");
    else if (at.type === "file") await file(page, value);
    else if (at.type === "date") await page.keyboard.type(value.replace(/(\d+)-(\d+)-(\d+)/, "$2$3$1")); // as Chromium writes them
    else await page.keyboard.type(value);
  }
  return false;
}

async function open_application(clerk, ticket) {
  const { page } = clerk;
  page.on("filechooser", () => {}); // from now on the browser's own window for files stays away
  await page.goto("/queue/demo/commerce/1");
  check("his turn comes", await callUntil(clerk, ticket));
  return async () => {
    await key(clerk, "s");
    await look(clerk, "at the window");
    await key(clerk, "o");
    await look(clerk);
    await picture(clerk, "intake");
    check("the matter and the person are known already", page.url().endsWith("/open-a-restaurant") &&
      await page.inputValue("[name=applicant_name]") === applicant.name, page.url());
    const known = { applicant_id: applicant.id, applicant_phone: "13800001234", ...restaurant };
    await through(page, (at) => at.value && at.type === "text" ? undefined : known[at.name], (at) => at.type === "submit");
    await key(clerk, "Enter");
    const no = /\/desk\/cases\/([0-9A-Z]+)\/fill/.exec(page.url())?.[1];
    check("a case has begun", no, `${page.url()} ${await page.locator(".error-summary").allTextContents()}`);
    return no;
  };
}

async function take_in(clerk, no) {
  const { page } = clerk;
  const usual = (at) => at.type === "date" ? "2027-01-04" : at.type === "radio" ? "true" : at.name === "address" ? "海曙区中山东路1号" : "12";
  const entry = (at) => at.name === "mode" ? "courier" : at.type === "radio" || !at.value ? usual(at) : undefined;
  const skip = (at) => at.type === "file" || at.type === "checkbox" ? undefined : entry(at);
  await through(page, skip, (at) => at.name === "save");
  await key(clerk, "Enter");
  check("the form is saved", !(await page.locator(".error-summary").count()), await page.locator(".error-summary").allTextContents());
  await key(clerk, "o");
  const lacks = await page.locator("main h2:has-text('还缺') + ul li").allTextContents();
  check("what is missing is named", lacks.length > 3, lacks.join(" "));
  await look(clerk, "what is missing");
  await picture(clerk, "missing");
  await key(clerk, "f");
  const upload = (at) => at.type === "file" && !at.name.endsWith(follows) ? at.name : at.name === "commitment" ? "true" : undefined;
  await through(page, upload, (at) => at.name === "submit");
  await key(clerk, "Enter");
  check("it is handed in, the commitment signed", new URL(page.url()).pathname === `/desk/cases/${no}`, `${page.url()} ${await page.locator(".error-summary").allTextContents()}`);
  await page.keyboard.press("a");
  check("one key leads to «accept»", (await focused(page)).name.startsWith("tolerant"));
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await key(clerk, "Enter");
  check("accepted with one material to follow", /12月3日/.test(await text(clerk)) && await page.locator(".notice-good").count() === 1, await page.locator(".error-summary").allTextContents());
  await look(clerk, "accepted, one follows");
  await key(clerk, "b");
  check("one key leads back to the window", new URL(page.url()).pathname === "/queue/demo/commerce/1", page.url());
  check("the visit has the case now", (await text(clerk, "#now")).includes(no));
  await key(clerk, "f");
}

// ---- the departments; what follows ----

async function visit_dates(all, no, phone) {
  await offer(all["fire-rescue"], no);
  const together = await all["fire-rescue"].page.locator("section.panel table tbody tr").count();
  check("four departments go together", together === 4, together);
  const asked = [];
  for (const login of logins.filter((l) => l !== "fire-rescue"))
    if ((await api(all[login], "GET", "/api/office/inbox")).tasks.some((t) => t.case === no && t.kind === "dates")) asked.push(login);
  check("three others are asked for dates", asked.length === 3, asked.join(" "));
  for (const login of asked) await say(all[login], no, [0, 1]);
  await choose_date(phone, no, 1, false);
  return ["fire-rescue", ...asked];
}

async function hand_in_later(phone, no) {
  await phone.page.goto(`/cases/${no}/materials`);
  const m = phone.page.locator(`#m-${follows}`);
  await m.locator("input[type=file]").setInputFiles([{ name: "signboard.pdf", mimeType: "application/pdf", buffer: pdf("signboard") }]);
  await Promise.all([phone.page.waitForNavigation(), m.locator("form[enctype] button[type=submit]").click()]);
  await phone.page.goto(`/cases/${no}`);
  check("the material that was to follow is there", await phone.page.locator("[aria-labelledby=deferred]").count() === 0);
}

// ---- the results ----

// What is issued first waits for the others that are granted, and says until when.
async function first_by_courier(sun, phone, no) {
  const { page } = sun;
  await page.goto(`/issue/cases/${no}`);
  await submit(sun, await page.locator("section.panel", { hasText: "快递" }).locator("form[action$='/issue']").first().getAttribute("id"));
  await soon("the first result waits for the others", async () => {
    await page.goto(`/issue/parcels/${no}`);
    return (await text(sun)).includes("最迟寄出");
  });
  await look(sun, "packed");
  await phone.page.goto(`/cases/${no}/parcels`);
  check("the telephone says that they come together", (await text(phone)).includes("一并寄出"));
  await look(phone, "packed");
  for (const who of [phone, sun]) {
    const [parcel, ...more] = (await (await who.page.request.get(`/api/cases/${no}/parcels`)).json()).parcels;
    check("programs see what is in it and until when it waits", !more.length && parcel.state === "packed" && parcel.contents.length === 1
      && parcel.contents[0].result_number && /^2026-/.test(parcel.leaves_by), JSON.stringify(parcel));
  }
}

async function send(city, far, browser, phone, no) {
  const sun = await staff(browser, city, "sun");
  await first_by_courier(sun, phone, no);
  await sun.page.goto(`/issue/cases/${no}`);
  await submit(sun, "f-form-all");
  await deliver(sun, no, "courier");
  const all = async () => {
    await sun.page.goto(`/issue/parcels/${no}`);
    const parcels = await sun.page.locator("main section").count();
    return parcels > 0 && (await trackings(sun)).length === parcels;
  };
  await soon("the courier takes the results on", all);
  check("all results go in one parcel", (await trackings(sun)).length === 1 && await sun.page.locator("main section dd.number").count() > 2);
  for (const one of await trackings(sun)) {
    check(`${one} is picked up`, await far.report(city, one, "picked-up", { place: "宁波海曙营业部" }) === 200);
    await far.report(city, one, "under-way", { place: "宁波集散中心" });
  }
  await phone.page.goto(`/cases/${no}/parcels`);
  check("the telephone shows where the results are", (await text(phone)).includes("宁波集散中心"));
  for (const one of await trackings(sun)) check(`${one} is delivered`, await far.report(city, one, "delivered") === 200);
  await soon("the case is finished", async () => {
    await phone.page.goto(`/cases/${no}`);
    return /已办结/.test(await text(phone, "main > p .tag"));
  });
  return sun;
}

async function papers(phone, no) {
  const { page } = phone;
  const links = [...new Set(await page.locator(`main a[href^='/cases/${no}/papers']`).evaluateAll((l) => l.map((a) => a.getAttribute("href"))))];
  let good = 0, words = "";
  for (const href of links) {
    const one = await (await page.request.get(href)).body();
    if (one.subarray(0, 5).toString() === "%PDF-") good++;
    words += spawnSync("pdftotext", ["-raw", "-", "-"], { input: one, encoding: "utf8" }).stdout ?? "";
  }
  const kinds = ["收件凭证", "受理通知书", "容缺", "准予", "送达"];
  const missing = kinds.filter((k) => !words.replace(/\s/g, "").includes(k));
  check(`all ${links.length} papers and certificates are there`, links.length > 20 && good === links.length, `${good} of ${links.length}`);
  check("among them receipt, acceptance, commitment, decisions, delivery", missing.length === 0, missing.join(" "));
}

async function story(city, browser, clock, far) {
  far.knows(city);
  // the hall, one morning: five at once
  const phone = await sign_in(browser, city, "0", { width: 375 });
  const kiosk = await device(browser, city);
  const board = await person(browser, city, { width: 1280 });
  const clerk = await staff(browser, city, "chen");
  let all = await everybody(browser, city, logins);
  await board.page.goto("/halls/demo/board");
  await mark(board);
  const visit = await book(phone);
  const ticket = await check_in(kiosk, visit);
  await soon("the telephone shows the ticket", async () => await phone.page.locator(".ticket-number").count() === 1 && await ticketOf(phone) === ticket);
  const serve = await open_application(clerk, ticket);
  await soon("the board calls him", async () => await board.page.locator(`tr.call-now[data-call^='${ticket}']`).count() === 1);
  await soon("the telephone says which window", async () => /请到 ?1 ?号窗口/.test(await text(phone)));
  const no = await serve();
  await take_in(clerk, no);
  await soon("the board has forgotten him", async () => await board.page.locator(`tr[data-call^='${ticket}']`).count() === 0);
  await soon("the telephone knows it is over", async () => /已办结/.test(await text(phone, "#ticket")));
  check("board and telephone followed by themselves: nobody loaded them again", await same(board) && await same(phone));
  await phone.page.goto("/cases");
  check("the case is on his telephone", await phone.page.locator(`a[href='/cases/${no}']`).count() > 0);

  // the departments, the same day
  await rounds(all, no);
  const going = await visit_dates(all, no, phone);
  await join_in(all["market-regulation"], all["development-reform"], no);

  // the day of the visit
  clock.at("2026-12-02T14:30");
  const outdoors = await everybody(browser, city, logins);
  for (const o of Object.values(all)) await o.context.close();
  all = outdoors;
  for (const login of going) await minutes(all[login], no, 1, false);
  const later = await sign_in(browser, city, "0", { width: 375 });
  await hand_in_later(later, no);
  await rounds(all, no);
  const sun = await send(city, far, browser, later, no);

  check("one trip, and it is shown", /1/.test(await text(later, "main dl.summary div:has(dt:has-text('跑'))")), await text(later, "main dl.summary"));
  const wu = await staff(browser, city, "wu", { lang: "en" });
  await wu.page.goto(`/overview/cases/${no}`);
  const trips = await text(wu, "main dl.summary");
  check("promised, proved and so far stand side by side", /Promised 1 · At a window: .* · so far 1(?!\d)/.test(trips), trips);
  await picture(wu, "trips");
  await papers(later, no);
  for (const p of [phone, kiosk, board, clerk, later, sun, wu, ...Object.values(all)])
    check("no complaint", p.complaints.length === 0, p.complaints.join("\n"));
}

await days("story", "2026-11-30T09:00", story, true);
