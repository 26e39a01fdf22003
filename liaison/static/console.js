// Improves the console's pages; every one of them works without it.
"use strict";

const DRAFT = "draft:";
const SENT = "sent";

function draftKey(form) {
  return DRAFT + new URL(form.action).pathname;
}

function areasOf(form) {
  return [...form.querySelectorAll("textarea")]; // looked up anew, since a template replaces one
}

// What is typed survives a session that ran out: kept in this tab only, dropped when the form is sent and taken.
function keepDrafts(form) {
  const kept = JSON.parse(sessionStorage.getItem(draftKey(form)) || "{}");
  for (const area of areasOf(form)) {
    if (!area.value && kept[area.name]) {
      area.value = kept[area.name];
      form.closest("details")?.setAttribute("open", "");
    }
  }
  form.addEventListener("input", () => {
    const filled = areasOf(form).filter((area) => area.value).map((area) => [area.name, area.value]);
    sessionStorage.setItem(draftKey(form), JSON.stringify(Object.fromEntries(filled)));
  });
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, draftKey(form)));
}

// A second click must not send the move twice.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
    form.querySelectorAll("button.btn-primary").forEach((button) => {
      button.setAttribute("aria-busy", "true");
      if (button.dataset.busy) button.textContent = button.dataset.busy; // what takes seconds says so
    });
  });
}

function dropDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(DRAFT)) sessionStorage.removeItem(key);
  }
}

function dropSent() {
  if (document.querySelector(".alert-success")) sessionStorage.removeItem(sessionStorage.getItem(SENT));
  sessionStorage.removeItem(SENT);
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

// All of a page at once, and how many are chosen.
function chooseMany(bulk) {
  const boxes = [...document.querySelectorAll("input[form=bulk]")];
  const all = bulk.querySelector("[data-all]");
  const count = bulk.querySelector("[data-chosen]");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    count.textContent = chosen ? ` ${chosen} 件` : "";
    all.querySelector("input").checked = chosen === boxes.length;
  };
  all.hidden = false;
  all.addEventListener("change", (event) => {
    boxes.forEach((box) => { box.checked = event.target.checked; });
    tell();
  });
  boxes.forEach((box) => box.addEventListener("change", tell));
  tell();
}

// Photos in full size above the page, one after the other; without this their links simply open them.
function showPhotos(links) {
  const viewer = document.createElement("dialog");
  const picture = document.createElement("img");
  const told = document.createElement("span");
  const bar = document.createElement("div");
  let at = 0;
  const show = (place) => {
    at = (place + links.length) % links.length;
    picture.src = links[at].href;
    picture.alt = links[at].querySelector("img").alt;
    told.textContent = `${at + 1} / ${links.length}`;
  };
  const button = (words, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn";
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  };
  viewer.className = "viewer";
  viewer.setAttribute("aria-label", "照片");
  bar.className = "pair";
  const steps = links.length > 1 ? [button("上一张", () => show(at - 1)), told, button("下一张", () => show(at + 1))] : [];
  bar.append(...steps, button("关闭", () => viewer.close()));
  viewer.append(picture, bar);
  viewer.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(at + step);
  });
  document.body.append(viewer);
  links.forEach((link, place) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(place);
    viewer.showModal();
  }));
}

// Signed out meanwhile: said once, above everything, with what was typed still there.
function tellSignedOut() {
  if (document.getElementById("signed-out")) return;
  const told = document.createElement("div");
  told.id = "signed-out";
  told.className = "alert alert-warning";
  told.setAttribute("role", "alert");
  told.textContent = "登录已过期，内容不再自动保存。请在新窗口重新登录，再回到这里提交；已填的内容还在。";
  document.getElementById("main").prepend(told);
}

dropSent();
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", dropDrafts);
document.querySelectorAll("form[method=post]").forEach((form) => {
  sendOnce(form);
  const panel = form.closest(".panel");
  if (panel && !form.id) keepDrafts(form);
  if (panel && form.id) {  // throws the draft of the panel's own form away
    form.addEventListener("submit", () => sessionStorage.setItem(SENT, draftKey(panel.querySelector("form"))));
  }
});
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
document.querySelectorAll("#bulk").forEach(chooseMany);
const photos = [...document.querySelectorAll("a[data-full]")];
if (photos.length && window.HTMLDialogElement) showPhotos(photos);
if (window.htmx) {
  document.querySelectorAll("[data-without-js]").forEach((each) => { each.hidden = true; });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.tagName === "TEXTAREA") event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) tellSignedOut();
  });
}
openNamed();
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
