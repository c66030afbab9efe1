// Live pages. <body or element data-live="STREAM" data-version="N">; what has data-live-part (and an id) is replaced.
// The stream says only that something changed; the page is fetched again and shows the newest state, so nothing is lost.

const root = document.querySelector("[data-live]");

// ---- a call is spoken, once, where somebody has switched that on ----

const known = new Set([...document.querySelectorAll("[data-call]")].map((e) => e.dataset.call));
const speaker = document.querySelector("[data-speaker]");
if (speaker && "speechSynthesis" in window) {
  speaker.hidden = false;
  speaker.addEventListener("click", () => {
    const on = speaker.getAttribute("aria-pressed") !== "true";
    speaker.setAttribute("aria-pressed", String(on));
    speaker.textContent = on ? speaker.dataset.on : speaker.dataset.off;
  });
}
function say(text, lang) {
  const words = new SpeechSynthesisUtterance(text);
  words.lang = lang;
  words.rate = 0.9;
  speechSynthesis.speak(words);
}
function announce() {
  for (const call of document.querySelectorAll("[data-call]")) {
    if (known.has(call.dataset.call)) continue;
    known.add(call.dataset.call);
    call.classList.add("call-new");
    if (speaker?.getAttribute("aria-pressed") === "true") {
      say(call.dataset.sayZh, "zh-CN");
      say(call.dataset.sayEn, "en");
    }
  }
  const alarm = document.querySelector("[data-alert]");
  if (alarm && !known.has(alarm.dataset.alert)) {
    known.add(alarm.dataset.alert);
    document.title = alarm.textContent.trim().replace(/\s+/g, " ");
    navigator.vibrate?.([300, 150, 300]);
  }
}

// ---- putting the newest state in its place ----

const typing = (part) => {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input:not([type=hidden]), textarea, select");
};
function replace(fresh) {
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const other = fresh.getElementById(part.id);
    if (!other || typing(part)) continue;
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceWith(document.adoptNode(other));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
  }
}
let busy = false;
let again = false;
async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  again = false;
  try {
    const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    replace(fresh);
    announce();
    follow(fresh.querySelector("[data-live]"));
    broken(false);
  } catch {
    broken(true);
    setTimeout(refresh, 2000);
  }
  busy = false;
  if (again) refresh();
}

// ---- the stream ----

const state = document.querySelector("[data-live-state]");
function broken(is) {
  if (state) state.hidden = !is;
}
let stream;
function listen(version) {
  const url = new URL(root.dataset.live, location.href);
  url.searchParams.set("since", version);
  stream = new EventSource(url);
  stream.onopen = () => broken(false);
  stream.onmessage = (event) => {
    version = event.data;
    refresh();
  };
  stream.onerror = () => {
    broken(true);
    if (stream.readyState !== EventSource.CLOSED) return; // the browser comes back by itself, with the last id
    setTimeout(() => {
      refresh();
      listen(version);
    }, 5000);
  };
}
// What is watched may be elsewhere by now: a ticket that was passed on to another zone.
function follow(other) {
  if (!stream || !other || other.dataset.live === root.dataset.live) return;
  root.dataset.live = other.dataset.live;
  stream.close();
  listen(other.dataset.version);
}
if (root && "EventSource" in window) {
  listen(root.dataset.version);
  addEventListener("online", refresh);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
