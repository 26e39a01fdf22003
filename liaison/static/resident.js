// Makes the resident's forms kinder; without it everything works just the same.
// Keeps a draft on the phone until the matter is acknowledged, shows photos, counts characters, sends once.
"use strict";

document.documentElement.classList.add("js");

/** Answers that are this page again, with what is wrong or what happened meanwhile. */
const SHOWN = [200, 409, 422];

const draftName = (station) => `draft:${station}`;

const store = {
  read(name) { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } },
  write(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* private mode: no draft */ } },
  remove(name) { try { localStorage.removeItem(name); } catch { /* nothing was kept */ } },
};

/** The draft of a form: what was typed and the key that makes it count once; photos stay with the form. */
function keepDraft(form) {
  const name = draftName(form.dataset.draft);
  const kept = ["text", "category", "place.name", "contact.name", "contact.phone", "key"];
  const draft = store.read(name);
  if (draft && !("typed" in form.dataset)) {
    for (const field of kept) {
      if (draft[field] !== undefined && form.elements[field]) form.elements[field].value = draft[field];
    }
  }
  form.addEventListener("input", () => {
    store.write(name, Object.fromEntries(kept.map((field) => [field, form.elements[field]?.value ?? ""])));
  });
}

/** Photos as small pictures with a button to take one out again; chosen in several goes, they add up. */
function showPhotos(input) {
  const list = document.querySelector(`[data-previews="${CSS.escape(input.id)}"]`);
  const most = Number(input.dataset.most);
  let chosen = [];
  const draw = () => {
    const files = new DataTransfer();
    chosen.forEach((file) => files.items.add(file));
    input.files = files.files;
    list.hidden = !chosen.length;
    list.replaceChildren(...chosen.map((file, index) => preview(file, index)));
  };
  const preview = (file, index) => {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    image.alt = `照片 ${index + 1}`;
    image.onload = () => URL.revokeObjectURL(image.src);
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `去掉照片 ${index + 1}`);
    button.append(Object.assign(document.createElement("span"), { textContent: "×" }));
    button.onclick = () => { chosen.splice(index, 1); draw(); };
    item.append(image, button);
    return item;
  };
  input.addEventListener("change", () => {
    chosen = [...chosen, ...input.files].slice(0, most);
    draw();
  });
}

/** How many characters are typed, told once they matter. */
function countCharacters(area) {
  const line = document.querySelector(`[data-count="${CSS.escape(area.id)}"]`);
  if (!line) return;
  const tell = () => {
    const length = [...area.value.trim()].length;
    line.hidden = !length;
    line.textContent = `${length} / ${area.dataset.most} 字`;
  };
  area.addEventListener("input", tell);
  tell();
}

/** The phone's own position, only when asked for by a tap. */
function offerPosition(box, form) {
  if (!navigator.geolocation || !window.isSecureContext) return;
  box.hidden = false;
  const told = box.querySelector("[role=status]");
  box.querySelector("button").onclick = () => {
    told.textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements["place.lat"].value = coords.latitude.toFixed(5);
        form.elements["place.lng"].value = coords.longitude.toFixed(5);
        told.textContent = "✓ 已记下位置";
      },
      () => { told.textContent = "没有取到位置，请写地名。"; },
      { timeout: 10000, maximumAge: 60000 },
    );
  };
}

/** Sends by itself, so that photos and words stay in the form when the signal is lost; a second tap does nothing. */
function sendOnce(form) {
  const buttons = form.querySelectorAll("button[type=submit]");
  const labels = [...buttons].map((button) => button.textContent);
  const status = form.querySelector("[data-status]");
  const busy = (on) => buttons.forEach((button, index) => {
    button.disabled = on;
    button.textContent = on ? "正在提交…" : labels[index];
  });
  const retry = (words) => {
    busy(false);
    if (status) status.textContent = words;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (buttons[0].disabled) return;
    busy(true);
    if (status) status.textContent = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      if (answer.redirected) return location.replace(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (SHOWN.includes(answer.status) || page.querySelector("[data-challenge]")) return swap(page);
      const wait = answer.headers.get("Retry-After") || 60;
      retry(answer.status === 413 ? "照片太大了，请去掉几张再提交。" : answer.status === 429
        ? `操作太频繁，内容和照片都还在。请过 ${wait} 秒再点一次提交。`
        : "系统正在恢复，内容和照片都还在。请过一分钟再点一次提交。");
    } catch {
      retry("网络不通，内容和照片都还在。等有信号时，请再点一次提交。");
    }
  });
}

/** Shows the page that came back instead of this one, without leaving it. */
function swap(page) {
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  start();
  document.querySelector("[data-summary]")?.focus();
}

/** While too many submit at once: works off a small task, or waits where the phone cannot, and sends by itself. */
function queue(form) {
  const challenge = JSON.parse(form.dataset.challenge);
  const button = form.querySelector("button");
  const turn = (working) => {
    document.querySelector("[data-working]").hidden = !working;
    document.querySelector("[data-waiting]").hidden = button.hidden = working;
  };
  const send = () => { turn(false); button.click(); };
  turn(true);
  const waiting = setTimeout(send, 1000 * form.dataset.wait);
  if (!window.isSecureContext || !window.Worker) return;
  const worker = new Worker(form.dataset.worker);
  worker.onmessage = ({ data: solution }) => {
    worker.terminate();
    if (!solution?.derivedKey) return;
    clearTimeout(waiting);
    form.elements.proof.value = btoa(JSON.stringify({ challenge, solution }));
    send();
  };
  worker.postMessage({ type: "work", challenge });
}

function start() {
  document.querySelectorAll("form[data-draft]").forEach(keepDraft);
  document.querySelectorAll("input[type=file][data-most]").forEach(showPhotos);
  document.querySelectorAll("textarea[data-most]").forEach(countCharacters);
  document.querySelectorAll("form[method=post]").forEach(sendOnce);
  document.querySelectorAll("form[data-challenge]").forEach(queue);
  document.querySelectorAll("[data-locate]").forEach((box) => offerPosition(box, box.closest("form")));
  document.querySelectorAll("[data-sent]").forEach((receipt) => store.remove(draftName(receipt.dataset.sent)));
}

start();
