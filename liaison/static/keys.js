// Single keys for those who work through long lists; switched off in /console/me, silent while somebody types.
"use strict";

const PREFIX_LASTS = 1200; // milliseconds between "g" and what follows
const rows = [...document.querySelectorAll("[data-row]")];
const help = document.getElementById("keys");
let prefixAt = 0;

function isTyping(target) {
  return target.closest("textarea, select, [contenteditable], dialog[open]") !== null
    || (target.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(target.type));
}

function currentRow() {
  return rows.findIndex((row) => row.contains(document.activeElement));
}

function moveTo(step) {
  if (!rows.length) {
    document.querySelector(step > 0 ? "a[rel=next]" : "a[rel=prev]")?.click(); // one of a queue
    return;
  }
  const at = currentRow();
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  const link = rows[next].querySelector("a");
  link.focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

function select() {
  const row = rows[currentRow()];
  row?.querySelector("input[type=checkbox]")?.click();
}

function search() {
  document.querySelector("input[type=search]")?.focus();
}

function openFirstForm() {
  const panel = document.querySelector("details.panel") || document.querySelector("main form[method=post]");
  if (!panel) return;
  if (panel.tagName === "DETAILS") panel.open = true;
  panel.scrollIntoView({ block: "nearest" });
  panel.querySelector("textarea, select, input:not([type=hidden]), button:not([tabindex='-1'])")?.focus();
}

const KEYS = { j: () => moveTo(1), k: () => moveTo(-1), x: select, "/": search, e: openFirstForm, "?": () => help.showModal() };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event.target)) return;
  if (event.key === "g") {
    prefixAt = event.timeStamp;
    return;
  }
  const follows = prefixAt && event.timeStamp - prefixAt < PREFIX_LASTS;
  prefixAt = 0;
  if (follows && event.key === "i") {
    location.assign(document.querySelector("a.brand").href);
    return;
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
help.querySelector("button").addEventListener("click", () => help.close());
