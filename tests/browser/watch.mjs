// watch.mjs: erasing a person, alarms and keys, as those who do it see them: both languages, a phone and a desk.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, journey, look, person, root, staff } from "./harness.mjs";

const answers = { has_company: "false", area: "320", premises_owned: "false", food_kind: "hot", cold_dishes: "true", signboard: "true",
  gas: "true", sewage: "true", delivery_only: "false", staff_certified: "true" };

const query = Object.entries(answers).map(([k, v]) => `a.${k}=${v}`).join("&");

async function press(p, selector) {
  await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(selector).first().click()]);
}

// A draft that is given up: it has ended, and no retention period keeps it.
async function given_up(browser, city, lang, number) {
  const p = await person(browser, city, { lang, width: 1280 });
  await p.page.goto(`/apply?thing=open-a-restaurant&${query}`);
  if (p.page.url().includes("/sign-in")) await press(p, "a[href^='/sign-in/applicant']");
  await press(p, `button[name=person][value="${number}"]`);
  await p.page.fill("[name=phone]", "13800001234");
  await press(p, "form[action='/apply'] button[type=submit]");
  const no = /\/cases\/([0-9A-Z]+)/.exec(p.page.url())[1];
  await p.page.goto(`/cases/${no}/withdraw`);
  await p.page.fill("[name=reason]", "不办了 / not any more");
  await press(p, `form[action='/cases/${no}/withdraw'] button[type=submit]`);
  return [p, no];
}

async function erase(browser, city, lang, width, number) {
  const [applicant, no] = await given_up(browser, city, lang, number);
  const officer = await staff(browser, city, "xu", { lang, width });
  const { page } = officer;
  await page.goto("/records");
  await look(officer);
  await page.fill("#q", "20200101000000X");
  await press(officer, "form.search button");
  await look(officer, "not found");
  await page.fill("#q", no);
  await press(officer, "form.search button");
  await look(officer);
  await press(officer, `form[action='/records/cases/${no}/erase'] button`);
  check(`${lang}: a ground has to be chosen`, await page.locator(".error-summary").count() === 1);
  await look(officer, "no ground");
  await page.locator("label[for='f-ground-consent-withdrawn']").click();
  await press(officer, `form[action='/records/cases/${no}/erase'] button`);
  await look(officer, "confirm");
  check(`${lang}: what is lost and what stays is said`, await page.locator("main h2").count() === 2);
  await press(officer, "button.button-danger");
  await look(officer, "erased");
  check(`${lang}: erased`, await page.locator(".notice-good").count() === 1, page.url());
  check(`${lang}: no phone is left on the page`, !(await page.content()).includes("13800001234"));
  for (const w of [375, 1280]) {
    const anybody = await person(browser, city, { lang, width: w });
    await anybody.page.goto(`/progress?number=${no}&code=000000`);
    check(`${lang} ${w}: the remains are shown`, await anybody.page.locator(".notice-info").count() === 1);
    await look(anybody, "remains");
    await anybody.context.close();
  }
  await applicant.page.goto("/cases");
  check(`${lang}: with his last case the account has gone: he is signed out`, applicant.page.url().includes("/sign-in"), applicant.page.url());
  await applicant.context.close();
  await officer.context.close();
}

async function keys(browser, city, lang, width) {
  const admin = await staff(browser, city, "admin", { lang, width });
  const { page } = admin;
  await page.goto("/keys");
  await look(admin);
  const before = await page.locator("tbody tr").count();
  await press(admin, "form[action='/keys/rotate'] button");
  check(`${lang}: a reason is needed`, await page.locator(".error-summary").count() === 1);
  await page.selectOption("[name=department]", "tax");
  await page.fill("[name=reason]", "the keeper has left");
  await press(admin, "form[action='/keys/rotate'] button");
  await look(admin, "rotated");
  check(`${lang}: one key more`, await page.locator("tbody tr").count() === before + 1);
  await admin.context.close();
}

// The program again on the same store: as after a night.
async function again(city) {
  const program = spawn(join(root, "build/onevisit"), ["serve", "--store", city.store, "--catalog", join(root, "catalogs/ningbo"),
    "--proof", join(city.home, "proof.json"), "--listen", "127.0.0.1:0", "--sample", "--uploads", city.home], { cwd: city.home, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  const port = await new Promise((found, missed) => {
    program.on("exit", () => missed(new Error(log)));
    program.stderr.on("data", (bytes) => {
      log += bytes;
      const line = /"port":\s*"?(\d+)/.exec(log);
      if (line) found(Number(line[1]));
    });
  });
  return { ...city, url: `http://127.0.0.1:${port}`, stop: () => new Promise((done) => { program.on("exit", done); program.kill("SIGTERM"); }) };
}

// What the monitor remembers is altered, so that the next leaf of each account does not follow.
function forge(city) {
  const path = join(city.home, "s.db.keys/monitor");
  const wrong = Buffer.alloc(32, 7).toString("base64");
  writeFileSync(path, readFileSync(path, "utf8").replace(/^(case [0-9a-f]+ \d+) \S+/gm, `$1 ${wrong}`));
}

async function alarms(browser, city) {
  await city.stop();
  forge(city);
  const later = await again(city);
  for (const [lang, width] of [["zh", 375], ["en", 1280]]) {
    const somebody = await staff(browser, later, lang === "zh" ? "chen" : "zhou", { lang, width: 1280 }); // a leaf of his account
    await somebody.context.close();
    const supervisor = await staff(browser, later, "wu", { lang, width });
    const { page } = supervisor;
    for (let i = 0; i < 20 && await page.locator("article.panel form").count() === 0; i++) {
      await page.waitForTimeout(1000);
      await page.goto("/alarms");
    }
    check(`${lang}: an alarm is raised`, await page.locator("article.panel form").count() > 0);
    await look(supervisor, "open");
    await press(supervisor, "article.panel form button");
    check(`${lang}: a reason is needed`, await page.locator(".error-summary").count() === 1);
    await look(supervisor, "no reason");
    await page.locator("article.panel form textarea").first().fill("测试：监测状态被改动 / the monitor's state was altered");
    await press(supervisor, "article.panel form button");
    check(`${lang}: acknowledged`, await page.locator(".notice-good").count() === 1);
    await look(supervisor, "acknowledged");
    await supervisor.context.close();
  }
  await later.stop();
}

await journey("erasing, keys, alarms", async (city, browser) => {
  for (const [lang, width] of [["zh", 375], ["en", 1280]]) {
    const supervisor = await staff(browser, city, "wu", { lang, width });
    await supervisor.page.goto("/alarms");
    check(`${lang}: an honest city has no alarm`, await supervisor.page.locator(".empty").count() === 1);
    await look(supervisor, "none");
    await supervisor.context.close();
  }
  await erase(browser, city, "zh", 375, 1);
  await erase(browser, city, "en", 1280, 2);
  await keys(browser, city, "zh", 375);
  await keys(browser, city, "en", 1280);
  await alarms(browser, city);
});
