// Four departments decide on one restaurant with one joint site visit, one more joins midway, a material follows later. The clock
// of the program goes through the days (clock.c); everybody has a browser of his own, those outdoors a phone.
import { choose_date, everybody, join_in, minutes, offer, rounds, say } from "./departments.mjs";
import { api, check, choose, days, field, look, open, pdf, picture, restaurant, sign_in, staff, submit } from "./harness.mjs";

const follows = "signboard-picture"; // within three working days

// ---- the application: one material follows, with the commitment read and signed ----

async function draft(p, but) {
  await p.page.goto("/cases");
  const { number } = await api(p, "POST", "/api/cases", { thing: "open-a-restaurant", phone: "13800001234", answers: restaurant });
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

// ---- coordination ----

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

async function whole(city, browser, clock) {
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
  clock.at("2026-12-02T14:30");
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

  clock.at("2026-12-03T09:30");
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

await days("joint", "2026-11-30T09:00", whole);
