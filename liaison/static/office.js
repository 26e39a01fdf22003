// Keys for the office's queues; every page works without them.
"use strict";

function typing(element) {
  return element.matches("input, textarea, select") && element.type !== "submit";
}

function reach(key) {
  const found = document.querySelector("[data-key='" + key + "']");
  if (!found) return false;
  const panel = found.querySelector("details");
  if (!panel) {
    found.click();
    return true;
  }
  panel.open = true;
  panel.scrollIntoView({ block: "nearest" });
  (panel.querySelector("textarea, select, input:not([type=hidden])") || panel.querySelector("button")).focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
  else if (/^[0-9n]$/.test(event.key) && !typing(event.target) && reach(event.key)) event.preventDefault();
});
document.querySelectorAll(".keys").forEach((hint) => {
  hint.hidden = false;
});
