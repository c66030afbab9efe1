// The ledger as people meet it: a receipt from the page of one's case, checked in the browser, refused when a letter was changed.
import { readFileSync } from "node:fs";
import { check, journey, look, person, picture } from "./harness.mjs";

const answers = { has_company: "false", area: "320", premises_owned: "false", food_kind: "hot", cold_dishes: "true", signboard: "true",
  gas: "true", sewage: "true", delivery_only: "false", staff_certified: "true" };
const asked = new URLSearchParams(Object.entries(answers).map(([id, value]) => [`a.${id}`, value]));

async function press(page, selector) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.locator(selector).first().click()]);
}

// A case with a short life: begun and given up.
async function short_case(p, number) {
  const { page } = p;
  await page.goto(`/apply?thing=open-a-restaurant&${asked}`);
  if (page.url().includes("/sign-in") && await page.locator("a[href^='/sign-in/applicant']").count()) await press(page, "a[href^='/sign-in/applicant']");
  await press(page, `button[name=person][value="${number}"]`);
  await page.fill("[name=phone]", "13800001234");
  await press(page, "form[action='/apply'] button[type=submit]");
  const no = /\/cases\/([0-9A-Z]+)/.exec(page.url())?.[1];
  await page.goto(`/cases/${no}/withdraw`);
  await page.fill("[name=reason]", "tried out");
  await press(page, `form[action='/cases/${no}/withdraw'] button[type=submit]`);
  return no;
}

// The receipt's page; the step may have been sealed only this moment.
async function receipt(p, no) {
  const { page } = p;
  await page.goto(`/cases/${no}`);
  await look(p, "with receipts");
  const links = page.locator(".timeline a[href^='/receipt/']");
  check(`${p.lang} ${p.width}: each step of the case has its receipt`, await links.count() === await page.locator(".timeline li").count() && await links.count() >= 2);
  await press(page, ".timeline a[href^='/receipt/']");
  for (let n = 0; n < 40 && !await page.locator("svg.qr").count(); n++) {
    if (n === 0) await look(p, "not sealed yet");
    await page.waitForTimeout(250);
    await page.reload();
  }
  await look(p, "receipt");
  await picture(p, "ledger-receipt");
  const box = await page.locator("svg.qr").boundingBox();
  check(`${p.lang} ${p.width}: the QR code is large enough for a phone`, box.width >= 180 && box.height >= 180, JSON.stringify(box));
  const verify = await page.locator("figure a").getAttribute("href");
  const file = await page.locator("main a.button").first().getAttribute("href");
  const text = await (await page.request.get(file)).text();
  check(`${p.lang} ${p.width}: the file is a receipt`, text.startsWith("c2sp.org/tlog-proof@v1\n"), text.slice(0, 80));
  return { verify, text, file };
}

const change = (text) => { // one letter of the entry
  const at = text.indexOf("extra ") + 100;
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
};

async function in_the_browser(p, text) {
  const { page, lang, width } = p;
  const sent = [];
  page.on("request", (r) => sent.push(r.url()));
  await page.goto("/verify");
  await look(p);
  await picture(p, "verify");
  sent.length = 0;
  await page.fill("[name=proof]", text);
  await page.focus("[data-here]");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".notice-good[data-result]");
  const good = await page.locator("[data-result]").innerText();
  check(`${lang} ${width}: the browser finds it genuine, in words`, /genuine|真实有效/.test(good) && /Application (withdrawn|begun)|撤回申请|开始填写申请/.test(good), good);
  check(`${lang} ${width}: and says how long it took`, /\d+ (ms|毫秒)/.test(good), good);
  check(`${lang} ${width}: the result has the focus`, await page.evaluate(() => document.activeElement.hasAttribute("data-result")));
  await look(p, "good");
  await picture(p, "verify-good");
  await page.fill("[name=proof]", change(text));
  await page.click("[data-here]");
  await page.waitForSelector(".notice-warn[data-result]");
  const bad = await page.locator("[data-result]").innerText();
  check(`${lang} ${width}: one letter changed is refused with a sentence`, /does not hold|不成立/.test(bad) && /changed|改动/.test(bad), bad);
  await look(p, "refused");
  await picture(p, "verify-refused");
  await page.fill("[name=proof]", "");
  await page.setInputFiles("[name=file]", [{ name: "receipt.tlog-proof", mimeType: "application/octet-stream", buffer: Buffer.from(text) }]);
  await page.click("[data-here]");
  await page.waitForSelector(".notice-good[data-result]");
  check(`${lang} ${width}: nothing was sent to the server`, sent.length === 0, sent.join(" "));
  await page.locator("details summary").first().click();
  await page.fill("[name=policy]", "quorum none");
  await page.click("[data-here]");
  await page.waitForSelector(".notice-warn[data-result]");
  check(`${lang} ${width}: without a key nothing is believed`, /keys|公钥/.test(await page.locator("[data-result]").innerText()));
}

async function on_the_server(p, text) {
  const { page, lang, width } = p;
  const send = async (proof) => {
    await page.goto("/verify");
    await page.fill("[name=proof]", proof);
    await press(page, "form[data-verify] button[type=submit]");
    return page.locator("main .notice").first().innerText();
  };
  const good = await send(text);
  check(`${lang} ${width}: the server finds it genuine and says it was the server`, /genuine|真实有效/.test(good) && /server|服务器/.test(good), good);
  await look(p, "by the server");
  const bad = await send(change(text));
  check(`${lang} ${width}: the server refuses one letter changed`, /does not hold|不成立/.test(bad), bad);
  await look(p, "refused by the server");
  check(`${lang} ${width}: nothing at all is refused too`, /does not hold|不成立/.test(await send("")));
  await page.goto("/verify");
  await page.setInputFiles("[name=file]", [{ name: "receipt.tlog-proof", mimeType: "application/octet-stream", buffer: Buffer.from(text) }]);
  await press(page, "form[data-verify] button[type=submit]");
  check(`${lang} ${width}: the server takes the file`, /genuine|真实有效/.test(await page.locator("main .notice").first().innerText()));
}

async function public_ledger(p, no, verify, own) {
  const { page, lang, width } = p;
  await page.goto("/ledger");
  await look(p, "ledger");
  await picture(p, "ledger");
  check(`${lang} ${width}: the size, a checkpoint and the keys are shown`, /\d+/.test(await page.locator("main dd.number").first().innerText()) && await page.locator("dd.code").count() >= 2);
  await page.fill("[name=case]", "0".repeat(32));
  await press(page, "#found button");
  check(`${lang} ${width}: an unknown pseudonym is told`, await page.locator(".empty").count() >= 1);
  await look(p, "not found");
  const pseudonym = /case=([0-9a-f]{32})/.exec(own)[1];
  await page.fill("[name=case]", pseudonym);
  await press(page, "#found button");
  check(`${lang} ${width}: the case's steps are found by its pseudonym`, await page.locator("table a[href^='/receipt/']").count() >= 2);
  check(`${lang} ${width}: without the case's number or a name`, !(await page.locator("main").innerText()).includes(no));
  await look(p, "found");
  await page.goto(verify);
  await look(p, "from the QR code");
  check(`${lang} ${width}: the QR code's page has the step`, await page.locator(".notice-good").count() === 1);
  await page.goto(verify.replace(/leaf=../, "leaf=zz"));
  check(`${lang} ${width}: and says when the paper is another`, await page.locator(".notice-warn").count() === 1);
  await look(p, "another paper");
}

await journey("the ledger", async (city, browser) => {
  let number = 0;
  for (const [lang, width, js] of [["zh", 375, true], ["en", 1280, true], ["en", 375, false], ["zh", 1280, false]]) {
    const p = await person(browser, city, { lang, width, js });
    const no = await short_case(p, number++);
    const { verify, text, file } = await receipt(p, no);
    if (js) await in_the_browser(p, text);
    await on_the_server(p, text);
    const anybody = await person(browser, city, { lang, width, js });
    await public_ledger(anybody, no, verify, file);
    for (const one of [p, anybody]) {
      check(`${lang} ${width}: no complaint in the browser`, one.complaints.length === 0, one.complaints.join("\n"));
      await one.context.close();
    }
  }
  const p = await person(browser, city, { lang: "en" });
  await p.page.goto("/verify");
  const source = readFileSync(new URL("../../web/assets/verify.mjs", import.meta.url), "utf8");
  check("the browser's check uses no crypto.subtle and no address", !/subtle\.|fetch\(|import /.test(source.replace(/^\/\/.*$/gm, "")));
});
