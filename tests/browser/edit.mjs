// edit.mjs: a change of the catalogue, from its first line to the public and back: an editor, a reviewer, anybody.
import { check, journey, look, person, picture, staff } from "./harness.mjs";

const file = "items/outdoor-signboard.yaml";
const promised = "promised: 4wd";
const kept = "promised: 3wd";
const pick_up = "presence:\n  - {why: pick-up, basis: {law: 城市市容和环境卫生管理条例, article: 第十一条}}";

// The small states are looked at on the phone only: each look takes its time.
async function glance(p, where) {
  if (p.width === 375) await look(p, where);
}

async function press(p, selector) {
  await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.locator(selector).first().click()]);
}

// The page looks again by itself until the work is done.
async function wait(p, selector) {
  return p.page.waitForSelector(selector, { state: "attached", timeout: 300000 }).then(() => true, () => false);
}

async function save(p, change) {
  const text = await p.page.inputValue("textarea[name=text]");
  await p.page.fill("textarea[name=text]", change(text));
  await press(p, "form:has(textarea[name=text]) button[type=submit]");
}

async function begin(p, title) {
  await p.page.goto("/editor");
  await look(p, title);
  await press(p, "form[action='/editor/drafts'] button[type=submit]");
  check(`${p.lang}: a draft has a title`, await p.page.locator(".error-summary").count() === 1);
  await glance(p, "no title");
  await p.page.fill("[name=title]", title);
  await press(p, "form[action='/editor/drafts'] button[type=submit]");
  const draft = new URL(p.page.url()).pathname;
  await glance(p, "empty");
  await p.page.goto(`/editor/files?draft=${draft.split("/").pop()}&q=outdoor`);
  await glance(p, "choose");
  await press(p, `a[href='${draft}/files/${file}']`);
  await glance(p, "as it is");
  return draft;
}

// What cannot be read, and what can and is not kept, is told; neither can go on.
async function faults(p, draft) {
  await save(p, (text) => text.replace(promised, "promised: 25wd"));
  const found = await p.page.locator(".findings").first().innerText();
  check(`${p.lang}: the mistake has its line and column`, /outdoor-signboard\.yaml:10:\d+/.test(found) && found.includes("25"), found);
  await look(p, "mistake");
  await picture(p, "edit-mistake");
  await p.page.goto(draft);
  check(`${p.lang}: what cannot be read is told on the draft's page`, await wait(p, ".notice-warn .number, .findings li"));
  check(`${p.lang}: it cannot be submitted`, await p.page.locator(`form[action='${draft}/submit']`).count() === 0);
  await look(p, "mistake");
  await p.page.goto(`${draft}/files/${file}`);
  await save(p, (text) => text.replace("promised: 25wd", kept).replace("presence: []", pick_up));
  await p.page.goto(draft);
  await wait(p, ".summary");
  const told = await p.page.locator(".findings").first().innerText();
  check(`${p.lang}: the person for whom it fails is told of`, /one-trip-window/.test(told) && (p.lang === "en" ? /trips/ : /趟/).test(told), told);
  check(`${p.lang}: it cannot be submitted either`, await p.page.locator(`form[action='${draft}/submit']`).count() === 0);
  await look(p, "not kept");
  await picture(p, "edit-refused");
}

async function mend(p, draft) {
  await p.page.goto(`${draft}/files/${file}`);
  await save(p, (text) => text.replace(pick_up, "presence: []"));
  await p.page.goto(draft);
  check(`${p.lang}: mended, it passes`, await wait(p, `form[action='${draft}/submit']`));
  const changes = await p.page.locator("#changes ~ article").allInnerTexts();
  check(`${p.lang}: it is told what changes for whom`, changes.length > 0, changes.join("\n"));
  await look(p, "passes");
  await picture(p, "edit-passes");
  await press(p, `form[action='${draft}/submit'] button`);
  check(`${p.lang}: a reason is needed`, await p.page.locator(".error-summary").count() === 1);
  await p.page.fill("[name=reason]", p.lang === "en" ? "One day less is enough, as the last year shows" : "去年的数据说明三天足够");
  await press(p, `form[action='${draft}/submit'] button`);
  await glance(p, "submitted");
}

async function review(browser, city, lang, width, draft) {
  const p = await staff(browser, city, "fang", { lang, width });
  await p.page.goto(draft);
  await look(p, "to review");
  await press(p, `form[action='${draft}/review'] button[type=submit]`);
  check(`${lang}: both verdicts are needed`, await p.page.locator(".error-summary li").count() === 2);
  await glance(p, "no verdict");
  for (const name of ["legality", "reasonableness"]) {
    await p.page.locator(`label[for='f-${name}']`).click();
    await p.page.fill(`[name=${name}_reason]`, lang === "en" ? "Article 11 stands; the promise is shorter" : "第十一条现行有效；承诺时限缩短");
  }
  await picture(p, "edit-review");
  await press(p, `form[action='${draft}/review'] button[type=submit]`);
  check(`${lang}: approved`, (await p.page.locator("h1").innerText()).includes(lang === "en" ? "approved" : "审查通过"));
  check(`${lang}: who reviews does not publish`, await p.page.locator(`form[action='${draft}/publish']`).count() === 0);
  await glance(p, "approved");
  check(`${lang} ${width}: the reviewer's browser has no complaint`, p.complaints.length === 0, p.complaints.join("\n"));
  await p.context.close();
}

async function days(browser, city) {
  const anybody = await person(browser, city, { lang: "en" });
  await anybody.page.goto("/items/outdoor-signboard");
  const text = await anybody.page.locator("main").innerText();
  await anybody.context.close();
  return text;
}

async function publish(p, browser, city, draft) {
  const before = await days(browser, city);
  await p.page.goto(draft);
  await press(p, `form[action='${draft}/publish'] button`);
  check(`${p.lang}: published`, await wait(p, "main a[href='/catalogue/versions']"));
  await glance(p, "published");
  check(`${p.lang}: the public sees it at once`, /4 working days/.test(before) && /3 working days/.test(await days(browser, city)), before);
}

async function go_back(p, browser, city) {
  await p.page.goto("/editor/versions");
  await look(p, "two versions");
  await picture(p, "edit-versions");
  await press(p, "tbody a[href^='/editor/versions?version=']");
  await press(p, "form[action='/editor/versions'] button[type=submit]");
  check(`${p.lang}: to go back, a reason is needed`, await p.page.locator(".error-summary").count() === 1);
  await glance(p, "no reason");
  await p.page.fill("[name=reason]", p.lang === "en" ? "The department is short of staff this month" : "本月人手不足，暂缓");
  await press(p, "form[action='/editor/versions'] button[type=submit]");
  check(`${p.lang}: the earlier version is in force again`, await wait(p, ".notice-good"));
  await glance(p, "back");
  const anybody = await person(browser, city, { lang: p.lang, width: p.width });
  await anybody.page.goto("/catalogue/versions");
  check(`${p.lang}: the public reads why`, await anybody.page.locator("tbody td[data-label]", { hasText: p.lang === "en" ? "short of staff" : "人手不足" }).count() > 0);
  await look(anybody);
  await anybody.context.close();
  check(`${p.lang}: the public sees that too`, /4 working days/.test(await days(browser, city)));
}

// A draft that was changed often: its history comes page by page, the newest first.
async function often(p) {
  await p.page.goto("/editor");
  await p.page.fill("[name=title]", "Changed often");
  await press(p, "form[action='/editor/drafts'] button[type=submit]");
  const draft = new URL(p.page.url()).pathname;
  await p.page.evaluate(async ([draft, file]) => {
    const csrf = document.querySelector("input[name=csrf]").value;
    for (let n = 0; n < 21; n++)
      await fetch(`${draft}/${n % 2 ? "revert" : "remove"}`, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf, file, was: "" }) });
  }, [draft, file]);
  await p.page.goto(draft);
  await wait(p, ".findings li"); // the check is over, and the page stays as it is
  check("no more than twenty events at once", await p.page.locator("#history + ol > li").count() === 20);
  await look(p, "changed often");
  for (let pages = 0; pages < 5 && await p.page.locator("nav.pagination a[rel=next]").count(); pages++) await press(p, "nav.pagination a[rel=next]");
  check("the first event is on the last page", (await p.page.locator("#history + ol > li").last().innerText()).includes("Begun"));
  await look(p, "changed often, the last page");
  await press(p, `form[action='${draft}/discard'] button`);
}

async function lists(p) {
  await p.page.goto("/editor/lint");
  check(`${p.lang}: the linter's list`, await wait(p, ".empty, .findings"));
  await look(p);
  await p.page.goto("/editor/advice");
  check(`${p.lang}: the adviser's list`, await wait(p, ".findings li"));
  await look(p);
  await p.page.setViewportSize({ width: p.width, height: 800 }); // two entries are enough to see
  await picture(p, "edit-advice");
  await press(p, ".findings li a[href^='/editor/files/']");
  await glance(p, "from the adviser");
}

await journey("the catalogue's editors", async (city, browser) => {
  for (const [lang, width] of [["zh", 375], ["en", 1280]]) {
    const editor = await staff(browser, city, "bian", { lang, width });
    const draft = await begin(editor, lang === "en" ? "Signboards: a day less" : "户外招牌：提速一天");
    await faults(editor, draft);
    await mend(editor, draft);
    await review(browser, city, lang, width, draft);
    await publish(editor, browser, city, draft);
    await go_back(editor, browser, city);
    if (lang === "en") {
      await often(editor);
      await lists(editor);
    }
    check(`${lang} ${width}: no complaint in the browser`, editor.complaints.length === 0, editor.complaints.join("\n"));
    await editor.context.close();
  }
  const bare = await staff(browser, city, "tang", { lang: "zh", width: 1280, js: false });
  const draft = await begin(bare, "不用脚本");
  await save(bare, (text) => text.replace("also: [店招", "also: [招牌, 店招"));
  await bare.page.goto(draft);
  check("without JavaScript it is checked too", await wait(bare, `form[action='${draft}/submit']`));
  await press(bare, `form[action='${draft}/discard'] button`);
  await bare.context.close();
});
