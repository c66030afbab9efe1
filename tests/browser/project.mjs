// An investment project: its plan outside and inside a zone, by coordinates and as a package; every line says why, by keys alone too.
import { check, journey, look, person, picture } from "./harness.mjs";

const answers = "a.project_kind=record&a.eia_class=table&a.energy_tce=3000&a.land_hectares=6&a.site_type=plain&a.water_relation=none&a.fire_special=false"
  + "&a.road_work=false&a.negative_list=false&a.tce_per_10k=0.4";
const plan = `/things/invest-an-industrial-project/plan?${answers}`;

async function whys(p) {
  const { page, lang, width } = p;
  const lines = page.locator("details.why > summary");
  check(`${lang} ${width}: the lines say why`, await lines.count() > 40, await lines.count());
  await page.evaluate(() => { for (const d of document.querySelectorAll("details")) d.open = true; });
  if (width === (lang === "en" ? 1280 : 375)) await look(p, "all opened"); // axe over a thousand lines is slow
  check(`${lang} ${width}: a why names a law`, /《|中华人民共和国/.test(await page.locator("details.why").first().innerText()));
}

async function by_keyboard(p) {
  const { page, lang } = p;
  await page.goto(plan);
  const first = page.locator("details.why > summary").first();
  await first.focus();
  await page.keyboard.press("Enter");
  check(`${lang}: Enter opens a why`, await first.evaluate((s) => s.parentElement.open));
}

async function places(p) {
  const { page, lang, width } = p;
  const send = async (text) => {
    await page.fill("[name=sites]", text);
    await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.locator("form.filter button[type=submit]").click()]);
  };
  await send("121.62,29.90");
  check(`${lang} ${width}: the point is found in its zone`, await page.locator("#zone").count() === 1);
  await look(p, "in a zone");
  await picture(p, "plan-zone");
  await send("nowhere");
  check(`${lang} ${width}: a place that is none is told, and the plan stays`, await page.locator(".error-summary").count() === 1 && await page.locator("#trips").count() === 1);
  await look(p, "wrong place");
  await send(["一期@121.62,29.90", "二期@121.625,29.901", "三期@121.63,29.9"].join("\n"));
  check(`${lang} ${width}: three projects are a package`, await page.locator("#package").count() === 1);
  await look(p, "package");
}

await journey("an investment project", async (city, browser) => {
  for (const lang of ["zh", "en"])
    for (const width of [375, 1280]) {
      const p = await person(browser, city, { lang, width });
      await p.page.goto(plan);
      await look(p, "project");
      check(`${lang} ${width}: four stages`, await p.page.locator("table[aria-labelledby=stages] tbody tr").count() === 4);
      await picture(p, "plan-project");
      await whys(p);
      await places(p);
      if (width === 1280) await by_keyboard(p);
      check(`${lang} ${width}: no complaint in the browser`, p.complaints.length === 0, p.complaints.join("\n"));
      await p.context.close();
    }
});
