// The desk by keyboard. Everything here is a shortcut to a form or a link that is on the page as well.
"use strict";

const one = (selector) => document.querySelector(selector);
const announce = (words) => { const place = one("#saving"); if (place) place.textContent = words; };

let goTo = "";  // the sentence to show once its brief is open

// -- clocks ---------------------------------------------------------------------------------------------

function span(minutes) {
  const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
  return days ? `${days} d ${hours} h` : hours ? `${hours} h ${String(rest).padStart(2, "0")} min` : `${rest} min`;
}

function tellTheTime(root = document) {
  for (const time of root.querySelectorAll("time[data-until]")) {
    const minutes = Math.floor((new Date(time.dateTime) - Date.now()) / 60000);
    if (minutes < -1440) continue; // long past: the instant says more than a count of days
    time.textContent = minutes >= 0 ? `in ${span(minutes)}` : `passed ${span(-minutes)} ago`;
    time.classList.toggle("near", minutes >= 0 && minutes < 60);
  }
  for (const time of root.querySelectorAll("time[data-local]")) {
    const then = new Date(time.dateTime), seconds = /:\d\d:\d\d/.test(time.textContent);
    const parts = { hour: "2-digit", minute: "2-digit", hour12: false };
    if (seconds) parts.second = "2-digit";
    const today = then.toDateString() === new Date().toDateString();
    const day = today ? "" : `${then.toLocaleString("en", { month: "short" })} ${then.getDate()}, `;
    const year = then.getFullYear() === new Date().getFullYear() ? "" : `${then.getFullYear()}, `;
    time.title ||= time.textContent;
    time.textContent = day + year + then.toLocaleTimeString("en-GB", parts);
    time.removeAttribute("data-local");
  }
}

// -- the budget -----------------------------------------------------------------------------------------

const stories = () => [...document.querySelectorAll(".story")];

function step(by) {
  const all = stories(), here = document.activeElement?.closest(".story") ?? one(".story.at");
  const next = all[Math.min(Math.max(all.indexOf(here) + by, 0), all.length - 1)];
  if (!next) return;
  one(".story.at")?.classList.remove("at");
  next.classList.add("at");
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const story = () => document.activeElement?.closest(".story") ?? one(".story.at");

// New stories are taken in by the editor, so that no row moves under the hand; where the hand was, it stays. When its
// story leaves, the one that moves up into its place is under the hand.
let hand = "", place = -1;

function keepTheHand() {
  if (!hand || one(".story.at")) return;
  const under = document.getElementById(hand) ?? stories()[Math.min(place, stories().length - 1)];
  under?.classList.add("at");
  if (under && document.activeElement === document.body) under.focus();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "budget-news" && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", () => {
  if (!story()) return;
  hand = story().id;
  place = stories().indexOf(story());
});
document.addEventListener("visibilitychange", () => {
  const news = one("#budget-news");
  if (!document.hidden && news) htmx.ajax("GET", news.getAttribute("hx-get"), { source: news, target: news, swap: "outerHTML" });
});

// -- the open brief -------------------------------------------------------------------------------------

const saveNow = () => one("#brief-form")?.dispatchEvent(new Event("save-now"));

function openNeighbour(by) {
  const rows = [...document.querySelectorAll(".row .open")];
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by]?.click();
}

// A sentence is found in the text by its words alone, because in the text some of them are links.
function find(sentence) {
  const body = one("#body");
  if (!body) return;
  const words = sentence.match(/[\p{L}\p{N}]+/gu) ?? [];
  const link = "(?:[^\\p{L}\\p{N}]|\\]\\([^)]*\\))*";
  const match = new RegExp(words.slice(0, 40).join(link), "u").exec(body.value);
  if (!match) return;
  body.focus();
  body.setSelectionRange(match.index, match.index + match[0].length);
  const share = match.index / body.value.length;
  body.scrollTop = Math.max(0, share * body.scrollHeight - body.clientHeight / 3);
}

function insertLink(name, url) {
  const body = one("#body");
  if (!body) return;
  const chosen = body.value.slice(body.selectionStart, body.selectionEnd) || name;
  body.focus();
  body.setRangeText(`[${chosen}](${url})`, body.selectionStart, body.selectionEnd, "end");
  saveNow();
}

function grow() {
  const body = one("#body");
  if (!body || CSS.supports("field-sizing", "content")) return;
  body.rows = Math.max(14, Math.ceil(body.value.length / 60) + body.value.split("\n").length);
}

// -- keys and clicks ------------------------------------------------------------------------------------

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => story()?.querySelector(".new")?.click(),
  x: () => story()?.querySelector(".put-aside")?.click(),
  o: () => story()?.querySelector("summary")?.click(),
  s: () => story()?.querySelector(".whole")?.click(),
  e: () => one("#body")?.focus(),
  z: () => one("#undo")?.click(),
  u: () => one("#take-in")?.click(),
  "/": () => one("#filter")?.focus(),
  "[": () => openNeighbour(-1),
  "]": () => openNeighbour(1),
  "?": () => one("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    saveNow();
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const key = one("#open-key")?.value, move = key && one(`#${event.key === "ArrowUp" ? "up" : "down"}-${key}`);
    if (move) { event.preventDefault(); move.click(); }
  } else if (event.key === "Escape" && typing) {
    typing.blur();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key] && !one("dialog[open]")) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  if (button.hasAttribute("data-keys")) one("#keys")?.showModal();
  if (button.dataset.find) find(button.dataset.find);
  if (button.dataset.link) insertLink(button.dataset.name, button.dataset.link);
  if (button.hasAttribute("data-restore")) {
    const body = one("#body");
    if (body) { body.value = button.parentElement.querySelector("pre").textContent; saveNow(); }
  }
  if (button.dataset.revision) {
    const read = one(`#${button.dataset.for}`);
    read.querySelector("[name=revision]").value = button.dataset.revision;
    read.querySelector("[name=over]").value = "theirs";
    saveNow();
  }
  if (button.dataset.sentence) goTo = button.dataset.sentence;
});

document.addEventListener("input", (event) => {
  if (event.target.form?.id === "brief-form") announce("Not saved yet …");
  if (event.target.id === "body") grow();
});

document.addEventListener("htmx:afterSettle", () => {
  tellTheTime();
  keepTheHand();
  if (goTo && one(`#${goTo}`)) {
    one(`#${goTo}`).scrollIntoView({ block: "center" });
    one(`#${goTo}`).focus();
    goTo = "";
  }
});
// A page that answers in place: the hand goes on from the sentence that tells of its act.
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body) one("#main > .notice")?.focus({ preventScroll: true });
});
document.addEventListener("htmx:oobAfterSwap", () => { tellTheTime(); grow(); });
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "brief-form") return;
  const saved = event.detail.xhr.status >= 200 && event.detail.xhr.status < 300;
  announce(saved ? one("#message")?.textContent.trim() ?? "" : "Not saved.");
});
document.addEventListener("htmx:sendError", () => announce("Not saved: the desk cannot be reached. Your text is still here."));
document.addEventListener("htmx:responseError", () => announce("Not saved: something broke. Your text is still here."));
window.addEventListener("beforeunload", (event) => {
  if (/^Not saved/.test(one("#saving")?.textContent ?? "")) event.preventDefault();
});

tellTheTime();
grow();
setInterval(tellTheTime, 20000);
