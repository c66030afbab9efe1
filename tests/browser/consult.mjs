// A question from a phone, answered at the window while both look at it: two people, two browsers.
import { check, journey, look, person, picture, staff } from "./harness.mjs";

const signIn = async (p, back) => {
  await p.page.goto(back);
  await Promise.all([p.page.waitForNavigation(), p.page.click("main a[href^='/sign-in/applicant']")]);
  await Promise.all([p.page.waitForNavigation(), p.page.locator("main form button[type=submit]").first().click()]);
};

await journey("asking the window", async (city, browser) => {
  for (const lang of ["zh", "en"]) {
    const clerk = await staff(browser, city, "chen", { lang, width: 1280 });
    await clerk.page.goto("/desk/consult");
    await look(clerk);
    const phone = await person(browser, city, { lang, width: 375 });
    await phone.page.goto("/things/open-a-restaurant");
    const ask = await phone.page.locator("main a[href^='/consult/new']").getAttribute("href");
    await signIn(phone, ask);
    await look(phone);
    await Promise.all([phone.page.waitForNavigation(), phone.page.click("main button[type=submit]")]);
    check("an empty question is told so", await phone.page.locator(".error-summary").count() === 1);
    await look(phone, "empty");
    await phone.page.fill("textarea", "可以用自家车库开面馆吗？阿𠮷");
    await Promise.all([phone.page.waitForNavigation(), phone.page.click("main button[type=submit]")]);
    check("the question stands in the conversation", (await phone.page.textContent(".talk")).includes("阿𠮷"));
    await look(phone);
    await clerk.page.waitForSelector(".tasks li");
    check("it appears at the window by itself", await clerk.page.locator(".tasks li").count() === 1);
    await look(clerk, "one waits");
    await clerk.page.keyboard.press("j");
    await Promise.all([clerk.page.waitForNavigation(), clerk.page.keyboard.press("Enter")]);
    await look(clerk);
    await clerk.page.fill("textarea", "可以，请上传平面布局图。");
    await clerk.page.keyboard.press("Tab");
    await Promise.all([clerk.page.waitForNavigation(), clerk.page.keyboard.press("Enter")]);
    await phone.page.waitForSelector(".talk-window");
    check("the answer appears on the phone by itself, and how long it took", /平面布局图/.test(await phone.page.textContent(".talk-window")));
    await picture(phone, "consult");
    await phone.page.fill("textarea", "还要什么？");
    await clerk.page.fill("textarea", "半句");
    await Promise.all([phone.page.waitForNavigation(), phone.page.click("form[action$='/say'] button")]);
    await clerk.page.waitForFunction(() => document.querySelectorAll(".talk-applicant").length === 2);
    check("what the clerk was typing is still there", await clerk.page.inputValue("textarea") === "半句");
    await clerk.page.fill("textarea", "身份证即可。");
    await Promise.all([clerk.page.waitForNavigation(), clerk.page.click("form[action$='/say'] button")]);
    await phone.page.waitForFunction(() => document.querySelectorAll(".talk-window").length === 2);
    await Promise.all([phone.page.waitForNavigation(), phone.page.click("form[action$='/close'] button")]);
    await look(phone, "closed");
    const other = await person(browser, city, { lang, width: 375 });
    const url = phone.page.url();
    await other.page.goto("/cases");
    await Promise.all([other.page.waitForNavigation(), other.page.click("main a[href^='/sign-in/applicant']")]);
    await Promise.all([other.page.waitForNavigation(), other.page.locator("main form button[type=submit]").nth(1).click()]);
    check("nobody else can read it", (await other.page.goto(url)).status() === 404);
    await phone.page.goto("/consult");
    await look(phone);
    await phone.page.goto(url);
    await phone.page.waitForTimeout(1500); // the ledger seals first
    await Promise.all([phone.page.waitForNavigation(), phone.page.click("form[action$='/erase'] button")]);
    check("what is no case's can be erased", phone.page.url().endsWith("/consult"), await phone.page.textContent("main"));
    const measured = await (await phone.page.request.get("/api/consult")).json();
    check("the waiting time is measured and public", measured.answers_today >= 2 && measured.waiting === 0, JSON.stringify(measured));
    for (const one of [clerk, phone]) {
      check("no complaint in the browser", one.complaints.length === 0, one.complaints.join("\n"));
      await one.context.close();
    }
  }
});
