// What anybody may see, in both languages, on a phone and on a desk: every kind of public page, and what goes wrong politely.
import { check, journey, look, person, picture, staff } from "./harness.mjs";

const pages = ["/", "/things", "/things?for=person", "/things/open-a-restaurant", "/things/open-a-restaurant/proof", "/things/open-a-hotel/proof",
  "/negative-list", "/catalogue/versions", "/items", "/items/food-business-licence", "/items/outdoor-signboard",
  "/agencies", "/agencies/market-regulation", "/search?q=营业", "/search?q=restuarant", "/search?q=zzzzqqq", "/progress", "/ledger", "/verify", "/sign-in", "/nowhere"];

await journey("public pages", async (city, browser) => {
  for (const lang of ["zh", "en"])
    for (const width of [375, 1280]) {
      const p = await person(browser, city, { lang, width });
      for (const path of pages) {
        const answer = await p.page.goto(path);
        check(`${path} answers`, answer.status() === (path === "/nowhere" ? 404 : 200), answer.status());
        await look(p, path === "/search?q=zzzzqqq" ? "nothing found" : "");
        if (path === "/things/open-a-restaurant/proof" && lang === "zh" && width === 375) await picture(p, "proof");
      }
      check(`${lang} ${width}: no complaint in the browser`, p.complaints.length === 0, p.complaints.join("\n"));
      await p.context.close();
    }
  const p = await person(browser, city, { lang: "zh" });
  await p.page.goto("/search?q=饭店");
  check("everyday words find the restaurant", await p.page.locator("a[href='/things/open-a-restaurant']").count() > 0);
  await p.page.goto("/search?q=开餐管");
  check("a typing slip finds the restaurant", await p.page.locator("a[href='/things/open-a-restaurant']").count() > 0);
  await p.page.goto("/things/open-a-restaurant");
  await Promise.all([p.page.waitForNavigation(), p.page.click("main a[href='/things/open-a-restaurant/proof']")]);
  check("the matter's page leads to its proof", (await p.page.textContent("main")).includes("已证明：网上申请最多跑 1 次"));
  check("what is not proved is said, with who answers for it", /窗口办理：有的情形不止跑 1 次/.test(await p.page.textContent("main")) && /卫生健康局/.test(await p.page.textContent("main")));
  await Promise.all([p.page.waitForNavigation(), p.page.click("main a[href^='/receipt/']")]);
  check("the published version has its receipt", /公布事项目录版本/.test(await p.page.textContent("main")), await p.page.textContent("main"));
  await p.page.goto("/desk");
  check("the desk asks to sign in", p.page.url().includes("/sign-in"), p.page.url());
  await p.page.goto("/sign-in");
  await p.page.fill("[name=login]", "chen");
  await p.page.fill("[name=password]", "not the password");
  await Promise.all([p.page.waitForNavigation(), p.page.click("main form[action='/sign-in'] button[type=submit]")]);
  check("a wrong password is told", await p.page.locator(".error-summary").count() === 1);
  await look(p, "wrong password");
  const answer = await p.page.request.post("/sign-in", { form: { login: "chen", password: city.password }, maxRedirects: 0 });
  check("a form without its guard is refused", answer.status() === 403, answer.status());
  const clerk = await staff(browser, city, "chen", { lang: "zh" });
  for (const path of ["/office", "/issue", "/overview"]) check(`${path} is not the clerk's`, (await clerk.page.goto(path)).status() === 403);
  await look(clerk, "not allowed");
  await clerk.page.goto("/account");
  await look(clerk);
  const headers = (await clerk.page.goto("/desk")).headers();
  check("the content policy allows no inline script", /script-src[^;]*'self'|default-src 'self'|default-src 'none'/.test(headers["content-security-policy"] ?? "") && !/unsafe-inline/.test(headers["content-security-policy"]), headers["content-security-policy"]);
  await look(clerk, "empty");
});
