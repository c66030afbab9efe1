// onevisit: small helps on top of pages that are complete without them.

// A form is sent once: the second press of the button does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // After this turn, so that the pressed button's own name and value are still sent.
  setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((b) => b.setAttribute("aria-disabled", "true")));
});

// Coming back with the browser's button: the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
  }
});

// A page with errors begins at its list of errors.
document.querySelector(".error-summary")?.focus();

// How many characters are left.
for (const area of document.querySelectorAll("textarea[data-count][maxlength]")) {
  const line = document.createElement("p");
  line.className = "count";
  line.setAttribute("aria-live", "polite");
  const show = () => {
    line.textContent = `${area.maxLength - area.value.length} ${area.dataset.count}`;
  };
  area.after(line);
  area.addEventListener("input", show);
  show();
}

// Files: too large ones are told before they travel; on a phone the camera is one touch away.
for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  const wrong = document.createElement("p");
  wrong.className = "field-error";
  wrong.setAttribute("role", "alert");
  wrong.hidden = true;
  input.before(wrong);
  input.addEventListener("change", () => {
    const large = [...input.files].filter((f) => f.size > Number(input.dataset.maxBytes));
    wrong.hidden = large.length === 0;
    wrong.textContent = large.length ? `${input.dataset.tooLarge} ${large.map((f) => f.name).join("、")}` : "";
    if (large.length) input.value = "";
  });
  if (!matchMedia("(pointer: coarse)").matches) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet";
  button.textContent = input.dataset.photo;
  button.addEventListener("click", () => {
    const accept = input.accept;
    input.accept = "image/*";
    input.capture = "environment";
    input.click();
    input.accept = accept;
    input.removeAttribute("capture");
  });
  input.after(button);
}

// The desk by keyboard: j and k go through the list, Enter opens, / searches.
// The list is looked up at each key: on a live page it is another one by then.
const list = () => [...document.querySelectorAll("[data-keys] [data-row]")];
const choose = (step) => {
  const rows = list();
  const from = rows.findIndex((row) => row.classList.contains("is-selected"));
  const row = rows[Math.max(0, Math.min(rows.length - 1, from + step))];
  rows[from]?.classList.remove("is-selected");
  row.classList.add("is-selected");
  (row.querySelector("a") ?? row).focus();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-key='/']");
    if (!box) return;
    event.preventDefault();
    box.focus();
  } else if ((event.key === "j" || event.key === "k") && list().length) {
    event.preventDefault();
    choose(event.key === "j" ? 1 : -1);
  }
});

// The window and the desk by keyboard: data-hotkey presses a button, follows a link, opens a box, goes to a field, or to the
// first of a form that is too weighty for one key.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Escape" && event.target.closest("details[open]")) {
    event.target.closest("details").open = false;
    return;
  }
  if (event.target.closest("input, textarea, select")) return;
  const target = document.querySelector(`[data-hotkey="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("summary")) {
    const box = target.parentElement;
    box.open = !box.open;
    if (box.open) box.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  } else if (target.matches("input, select, textarea")) {
    target.focus();
  } else if (target.matches("form")) {
    target.querySelector("input:not([type=hidden]), button").focus();
  } else {
    target.click();
  }
});

// The text of a catalogue's file: what is wrong is one touch away, and the line that a link leads to is marked.
const text = document.querySelector("textarea.editor");
function show_line(number) {
  const lines = text.value.split("\n");
  const from = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(from, from + (lines[number - 1] ?? "").length);
  text.scrollTop = (number - 5) * parseFloat(getComputedStyle(text).lineHeight);
}
if (text?.dataset.mark) show_line(Number(text.dataset.mark));
for (const excerpt of text ? document.querySelectorAll(".excerpt[data-line]") : []) {
  excerpt.tabIndex = 0;
  excerpt.setAttribute("role", "button");
  const go = () => show_line(Number(excerpt.dataset.line));
  excerpt.addEventListener("click", go);
  excerpt.addEventListener("keydown", (event) => event.key === "Enter" && go());
}

// A kiosk: after a minute without a touch it asks whether somebody is still there, then closes what is open.
const idle = document.getElementById("idle");
if (idle) {
  const left = document.getElementById("idle-left");
  let quiet = 0;
  const stay = () => {
    quiet = 0;
    if (idle.open) idle.close();
  };
  for (const touch of ["pointerdown", "keydown", "input", "wheel"]) document.addEventListener(touch, stay, { passive: true });
  document.getElementById("idle-stay").addEventListener("click", stay);
  setInterval(() => {
    const rest = Number(idle.dataset.idle) + Number(idle.dataset.left) - ++quiet;
    left.textContent = Math.max(0, rest);
    if (rest <= Number(idle.dataset.left) && !idle.open) idle.showModal();
    if (rest === 0) location.replace(idle.dataset.end);
  }, 1000);
}
