// A hall with several people at once: a time booked on the telephone, a ticket at the machine, the board, the window, the manager.
import { api, callUntil, check, journey, key, kiosk as device, look, person, picture, soon, staff, ticketOf } from "./harness.mjs";

const text = async (p, where = "main") => (await p.page.textContent(where)).replace(/\s+/g, " ");
const submit = (p, what) => Promise.all([p.page.waitForNavigation(), p.page.click(what)]);

async function signIn(p, name) {
  await p.page.goto("/sign-in/applicant?return=/halls");
  await Promise.all([p.page.waitForURL((u) => u.pathname === "/halls"), p.page.click(`button:has-text("${name}")`)]);
}

await journey("a hall", async (city, browser) => {
  const phone = await person(browser, city, { lang: "zh", width: 375 });
  const board = await person(browser, city, { lang: "zh", width: 1280 });
  const kiosk = await device(browser, city);
  const carried = await person(browser, city, { lang: "en", width: 375 });
  const clerk = await staff(browser, city, "chen", { lang: "zh" });

  // ---- the telephone: from the plan of a matter to a time ----
  await signIn(phone, "陈小满");
  await phone.page.goto("/halls?thing=open-a-restaurant");
  await look(phone);
  await submit(phone, "main a[href^='/halls/demo']");
  await look(phone, "for a matter");
  await picture(phone, "hall");
  check("only the zone of the matter is offered", (await phone.page.locator("#zones tbody tr").count()) === 1);
  await submit(phone, "#zones a[href*='/book']");
  await look(phone, "booking");
  await submit(phone, "button:has-text('预约这个时间')");
  check("a time has to be chosen", /时段/.test(await text(phone, ".error-summary")));
  await look(phone, "no time chosen");
  await phone.page.check(".slots input >> nth=0");
  await phone.page.fill("[name=note]", "带两位同事，需要轮椅通道");
  await phone.page.check("#p-pregnant");
  await submit(phone, "button:has-text('预约这个时间')");
  check("the appointment is made", /预约成功/.test(await text(phone)) && /轮椅通道/.test(await text(phone)));
  await look(phone, "booked");
  const visit = new URL(phone.page.url()).pathname;
  const ics = await (await phone.page.request.get(`${visit}/visit.ics`)).text();
  check("it goes into a calendar", /BEGIN:VEVENT\r\nUID:/.test(ics) && /DTSTART:\d{8}T\d{6}Z\r\n/.test(ics) && ics.split("\r\n").every((l) => Buffer.byteLength(l) <= 75), ics);

  // ---- moved to another day, and back, without losing a word ----
  await submit(phone, "a[href$='/move']");
  await look(phone, "moving");
  const today = await phone.page.locator(".pills a").first().getAttribute("href");
  await submit(phone, ".pills a >> nth=1");
  await phone.page.check(".slots input >> nth=4");
  await submit(phone, "button:has-text('改到这个时间')");
  check("everything written moves with it", /预约已改期/.test(await text(phone)) && /轮椅通道/.test(await text(phone)));
  await submit(phone, "a[href$='/move']");
  await phone.page.goto(today);
  await phone.page.check(".slots input >> nth=0");
  await submit(phone, "button:has-text('改到这个时间')");
  check("and back again", /预约已改期/.test(await text(phone)));
  await phone.page.goto("/visits");
  check("there is one visit, not three", (await phone.page.locator(".tasks li").count()) === 1);
  await look(phone);

  // ---- the machine: a ticket that is carried along on another telephone ----
  await board.page.goto("/halls/demo/board");
  await look(board);
  await kiosk.page.goto("/halls/demo/kiosk");
  await look(kiosk);
  await picture(kiosk, "ticket-machine");
  await submit(kiosk, "button[value=commerce]");
  const number = await ticketOf(kiosk);
  check("the machine gives a number", /^A\d{3}$/.test(number), number);
  await look(kiosk, "ticket");
  await carried.page.goto(new URL(kiosk.page.url()).pathname);
  check("how many are before, and about how long", /before you · (about \d+ minutes|hardly any wait|not enough data)/.test(await text(carried)), await text(carried));
  await look(carried, "waiting");

  // ---- the window, by keyboard; the board and the telephone follow by themselves ----
  await clerk.page.goto("/queue");
  await look(clerk);
  await clerk.page.goto("/queue?hall=demo");
  await look(clerk, "windows");
  await clerk.page.goto("/queue/demo/commerce/1");
  await look(clerk);
  check("the turn comes", await callUntil(clerk, number));
  await soon("the board shows the call", async () => /call-now/.test((await board.page.locator(`tr[data-call^='${number}']`).getAttribute("class").catch(() => "")) ?? ""));
  await soon("the telephone says which window", async () => /Please go to window 1/.test(await text(carried)));
  await look(carried, "called");
  await look(clerk, "called");
  await picture(board, "board");
  await picture(carried, "ticket");
  await key(clerk, "r");
  check("called again", /已叫 2 次/.test(await text(clerk, "#now")));
  await key(clerk, "s");
  await look(clerk, "at the window");
  await picture(clerk, "window");
  await clerk.page.keyboard.press("p");
  await clerk.page.keyboard.type("去复印材料");
  await key(clerk, "Enter");
  await soon("set aside: the telephone says so", async () => /Your turn is kept/.test(await text(carried)));
  await submit(clerk, `#waiting li:has-text("${number}") button`);
  await key(clerk, "s");
  await clerk.page.keyboard.press("t");
  await clerk.page.selectOption("#f-to", "z-social");
  await clerk.page.fill("#transfer-reason", "这件事在社会民生区办");
  await key(clerk, "Enter");
  await soon("passed on to another zone with its number", async () => /Social affairs/.test(await text(carried)) && (await ticketOf(carried)) === number);

  // ---- the network of the board breaks ----
  await soon("the board has forgotten it", async () => (await board.page.locator(`tr[data-call^='${number}']`).count()) === 0);
  await kiosk.page.goto("/halls/demo/kiosk");
  await submit(kiosk, "button[value=commerce]");
  await board.context.setOffline(true);
  await key(clerk, "n");
  const missed = (await clerk.page.textContent("#now .ticket-number")).trim();
  await new Promise((done) => setTimeout(done, 1500));
  await board.context.setOffline(false);
  await soon("after the break it shows what was called meanwhile", async () => (await board.page.locator(`tr[data-call^='${missed}']`).count()) === 1);
  await key(clerk, "s");
  await key(clerk, "f");
  await soon("finished: it leaves the board", async () => (await board.page.locator(`tr[data-call^='${missed}']`).count()) === 0);

  // ---- what somebody says of himself ----
  await kiosk.page.goto("/halls/demo/kiosk");
  await kiosk.page.check("#p-pregnant");
  await submit(kiosk, "button[value=commerce]");
  const claims = await ticketOf(kiosk);
  await look(kiosk, "ticket with a claim");
  check("who says so is called early", await callUntil(clerk, claims) && /孕妇（本人自述）/.test(await text(clerk, "#now")));
  await look(clerk, "a claim");
  await picture(clerk, "window-claim");
  await key(clerk, "d");
  check("the clerk takes it away: he waits at his place by time", /窗口现在没有人/.test(await text(clerk, "#now")) && !/孕妇/.test(await text(clerk, `#waiting li:has-text("${claims}")`)));
  await key(clerk, "x");
  check("the window is closed by keyboard, too", /请选择您值守的窗口/.test(await text(clerk)));
  check("no complaint at the window", clerk.complaints.length === 0, clerk.complaints.join("\n"));

  // ---- who comes by appointment is checked in at a window ----
  await clerk.page.goto("/queue/demo/commerce/1");
  await clerk.page.keyboard.press("e");
  await look(clerk, "expected");
  await submit(clerk, "#expected button >> nth=0");
  await phone.page.goto(visit);
  check("checked in at a window", /等候中/.test(await text(phone)) && /^A\d{3}$/.test(await ticketOf(phone)));

  // ---- cancelling; the manager; nothing of it needs JavaScript ----
  await phone.page.goto(visit);
  await phone.page.click("#cancel-box summary");
  await submit(phone, "#cancel-box button[type=submit]");
  check("cancelled", /名额已让给别人/.test(await text(phone)));
  await look(phone, "cancelled");
  const place = { hall: "demo", thing: "open-a-restaurant", day: "2020-01-01", slot: 600 }, said = [];
  for (let i = 0; i < 13; i++) said.push(await api(phone, "POST", "/api/visits", place).catch((e) => e.message));
  check("who tries for place after place is asked to wait", /no-such-slot/.test(said[0]) && /429.*too-many-bookings/.test(said[12]), `${said[0]} ${said[12]}`);
  const manager = await staff(browser, city, "wu", { lang: "zh" });
  await manager.page.goto("/halls/demo/manage");
  await look(manager);
  await picture(manager, "hall-manage");
  const plain = await person(browser, city, { lang: "en", width: 375, js: false });
  for (const path of ["/halls", "/halls/ningbo-city", "/halls/demo", "/halls/demo/board", "/halls/demo/kiosk"]) {
    await plain.page.goto(path);
    await look(plain);
  }
  const machine = await device(browser, city, { lang: "en", width: 375, js: false });
  await machine.page.goto("/halls/demo/kiosk");
  await look(machine);
  await submit(machine, "button[value=social]");
  check("a ticket without JavaScript", /^B\d{3}$/.test(await ticketOf(machine)));
  const again = await plain.page.goto("/halls/demo/board?refresh=10");
  check("a screen without JavaScript loads itself again", again.headers().refresh === "10");
});
