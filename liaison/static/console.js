// Improves the console's pages; every one of them works without it.
"use strict";

const DRAFT = "draft:";

function draftKey(form) {
  return DRAFT + new URL(form.action).pathname;
}

// What is typed survives a session that ran out: kept in this tab only, dropped when the form is sent and taken.
function keepDrafts(form) {
  const areas = [...form.querySelectorAll("textarea")];
  if (!areas.length) return;
  const kept = JSON.parse(sessionStorage.getItem(draftKey(form)) || "{}");
  for (const area of areas) {
    if (!area.value && kept[area.name]) {
      area.value = kept[area.name];
      form.closest("details")?.setAttribute("open", "");
    }
  }
  form.addEventListener("input", () => {
    const values = Object.fromEntries(areas.filter((area) => area.value).map((area) => [area.name, area.value]));
    sessionStorage.setItem(draftKey(form), JSON.stringify(values));
  });
}

// A second click must not send the move twice.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
    form.querySelectorAll("button.btn-primary").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
}

function dropDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(DRAFT)) sessionStorage.removeItem(key);
  }
}

function openNamed() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!name) return;
  for (const panel of document.querySelectorAll("details[data-form]")) {
    if (panel.dataset.form === name) {
      panel.open = true;
      panel.scrollIntoView();
    }
  }
}

if (document.querySelector(".alert-success")) dropDrafts();
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", dropDrafts);
document.querySelectorAll("form[method=post]").forEach((form) => {
  sendOnce(form);
  if (form.closest(".panel")) keepDrafts(form);
});
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
openNamed();
document.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
