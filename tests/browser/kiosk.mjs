// A kiosk in the hall and the next person at it; large print.
import { check, journey, kiosk, look, person, picture, staff, ticketOf } from "./harness.mjs";

async function signIn(p) {
  await p.page.goto("/cases");
  await Promise.all([p.page.waitForNavigation(), p.page.click("main form[action='/sign-in/applicant'] button, main a[href^='/sign-in/applicant']")]);
  if (p.page.url().includes("/sample-idp")) await Promise.all([p.page.waitForNavigation(), p.page.locator("main form button[type=submit]").first().click()]);
}

const open_pages = ["/kiosk", "/halls/demo/kiosk"];

async function enrolled(browser, city) {
  const manager = await staff(browser, city, "wu");
  const stranger = await person(browser, city, { lang: "en", width: 375 });
  for (const path of open_pages) {
    await stranger.page.goto(path);
    await look(stranger);
  }
  check("on another device the machine gives no ticket", await stranger.page.locator("button[name=zone]").count() === 0);
  await stranger.page.goto("/kiosk");
  await stranger.page.fill("[name=code]", "00000000");
  await Promise.all([stranger.page.waitForNavigation(), stranger.page.locator("form[action='/kiosk/enrol'] button[type=submit]").click()]);
  check("a wrong code makes no kiosk", await stranger.page.locator(".error-summary").count() === 1 && await stranger.page.locator(".tiles").count() === 0);
  await look(stranger, "a wrong code");
  const p = await kiosk(browser, city, { manager });
  await look(manager);
  await picture(manager, "kiosks");
  return [manager, p];
}

async function revoked(manager, p) {
  await manager.page.goto("/halls/demo/kiosks");
  await Promise.all([manager.page.waitForNavigation(), manager.page.locator("form[action$='/revoke'] button").last().click()]);
  await look(manager, "revoked");
  await p.page.goto("/kiosk");
  check("a device that is revoked is a kiosk no longer", await p.page.locator(".tiles").count() === 0 && await p.page.locator("[name=code]").count() === 1);
}

await journey("a kiosk", async (city, browser) => {
  const [manager, p] = await enrolled(browser, city);
  check("its first page has large tiles and no menu", await p.page.locator(".tiles a").count() >= 3 && await p.page.locator(".site-nav").count() === 0);
  const small = await p.page.evaluate(() => [...document.querySelectorAll("a, button")].filter((e) => e.offsetParent && !e.closest(".skip, .unseen"))
    .map((e) => e.getBoundingClientRect()).filter((r) => r.height < 44 && r.height > 0).length);
  check("every target is large enough for a finger", small === 0, small);
  await look(p);
  await picture(p, "kiosk");
  await Promise.all([p.page.waitForNavigation(), p.page.click(".tiles a[href='/halls/demo/kiosk']")]);
  await look(p, "the machine");
  await Promise.all([p.page.waitForNavigation(), p.page.click("button[value=commerce]")]);
  check("it is the hall's ticket machine, too", /^A\d{3}$/.test(await ticketOf(p)), await ticketOf(p));
  await look(p, "ticket");
  await Promise.all([p.page.waitForNavigation(), p.page.click("main .buttons a")]);
  check("the next person begins at the first page", p.page.url().endsWith("/kiosk"), p.page.url());
  await signIn(p);
  check("somebody signs in", p.page.url().endsWith("/cases") && await p.page.locator(".kiosk-end").count() === 1, p.page.url());
  await look(p, "kiosk");
  await Promise.all([p.page.waitForNavigation(), p.page.click(".kiosk-end")]);
  check("«I have finished» leads back to the first page", p.page.url().endsWith("/kiosk"), p.page.url());
  await p.page.goBack();
  check("the next person cannot go back to what was shown", !/cases$/.test(p.page.url()) || await p.page.locator("main form[action='/sign-in']").count() > 0, p.page.url());
  await p.page.goto("/cases");
  check("nor open it", p.page.url().includes("/sign-in"), p.page.url());

  const q = await kiosk(browser, city, { manager });
  await q.page.clock.install();
  await q.page.goto("/kiosk");
  await signIn(q);
  await q.page.clock.runFor(50_000);
  check("nothing is asked while he may still be reading", !(await q.page.locator("#idle").isVisible()));
  await q.page.clock.runFor(12_000);
  check("after a minute it asks whether somebody is there", await q.page.locator("#idle").isVisible());
  await look(q, "idle");
  await q.page.click("#idle-stay");
  check("who is there goes on", !(await q.page.locator("#idle").isVisible()) && q.page.url().endsWith("/cases"));
  await Promise.all([q.page.waitForURL(/\/kiosk$/), q.page.clock.runFor(85_000)]);
  await q.page.goto("/cases");
  check("who has left is signed out", q.page.url().includes("/sign-in"), q.page.url());
  await q.page.goto("/kiosk/leave");
  await revoked(manager, p);
  check("an ordinary browser again", q.page.url().endsWith("/") && await q.page.locator(".site-nav").count() === 1, q.page.url());

  for (const width of [375, 1280])
    for (const lang of ["zh", "en"]) {
      const large = await person(browser, city, { lang, width });
      await Promise.all([large.page.waitForNavigation(), large.page.click("a[href*='print=large']")]);
      const size = await large.page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize));
      check(`large print is large (${lang} ${width})`, size >= 21, size);
      for (const path of ["/", "/things/open-a-restaurant", "/progress", "/sign-in"]) {
        await large.page.goto(path);
        await look(large, "large print");
      }
      if (lang === "zh" && width === 375) await picture(large, "large-print");
      await large.context.close();
    }
  for (const one of [p, q]) check("no complaint in the browser", one.complaints.length === 0, one.complaints.join("\n"));
});
