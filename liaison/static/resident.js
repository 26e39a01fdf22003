// Makes the resident's forms kinder; without it everything works just the same.
// Shrinks and shows photos, counts characters, sends once with its progress shown, waits in a queue.
// Written for Chrome 66 (old Android WebViews): no modules, no `?.`, no `??`, no Object.fromEntries, no replaceChildren.
"use strict";

document.documentElement.classList.add("js");

/** Answers that are this page again, with what is wrong or what happened meanwhile. */
const SHOWN = [200, 409, 422];
/** Pixels of a photo's longer side as it is sent, its quality, and below how many bytes it goes as it is. */
const LONGEST_SIDE = 2048, QUALITY = 0.85, LIGHT = 400 * 1024;
/** Milliseconds without a byte going out until the signal counts as lost; the server may work on photos as long. */
const STALLED = 90 * 1000;

/** What the page of a new matter adds to its form (tell.js). */
const extras = {
  fill() {}, // (form, body): puts more into what is sent
  acknowledged() { return Promise.resolve(); }, // (form): the server has it
  unreachable() { return Promise.resolve(false); }, // (form): keeps it to be sent later; whether that is so
  begun() {}, // (form): the form is shown, for the first time or again
  changed() {}, // (form): photos came or went
};

/** The photos chosen for each field, by its id: they outlive a form that comes back with mistakes. */
const chosen = {};

function made(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function empty(element) {
  while (element.firstChild) element.firstChild.remove();
  return element;
}

/**
 * A photo small enough for a slow line: 300 KB instead of 8 MB, and the server keeps no more than 1600 pixels anyway
 * (it re-encodes everything, so that this is no part of its defence). Where the browser cannot draw it upright
 * (before Chrome 81) or not at all (HEIC), the photo goes as it is.
 */
async function shrunk(file) {
  if (file.size <= LIGHT || file.type === "image/gif" || !CSS.supports("image-orientation", "from-image")) return file;
  const address = URL.createObjectURL(file);
  try {
    const image = await new Promise((resolve, reject) => {
      const image = made("img", { onload: () => resolve(image), onerror: reject });
      image.src = address;
    });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = made("canvas", {});
    canvas.width = Math.round(scale * image.naturalWidth);
    canvas.height = Math.round(scale * image.naturalHeight);
    const paper = canvas.getContext("2d", { alpha: false });
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return small && small.size < file.size ? small : file;
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Photos as small pictures with a button to take one out again; chosen in several goes, they add up. */
function showPhotos(input) {
  const list = document.querySelector(`[data-previews="${CSS.escape(input.id)}"]`);
  const photos = chosen[input.id] = chosen[input.id] || [];
  const draw = () => {
    empty(list).append(...photos.map(preview));
    list.hidden = !photos.length;
  };
  const moved = () => { draw(); extras.changed(input.form); };
  const preview = (photo, index) => {
    const image = made("img", { alt: say("照片 #", index + 1), onload: () => URL.revokeObjectURL(image.src) });
    image.src = URL.createObjectURL(photo);
    const button = made("button", { type: "button" }, made("span", { textContent: "×" }));
    button.setAttribute("aria-label", say("去掉照片 #", index + 1));
    button.onclick = () => { photos.splice(index, 1); moved(); };
    return made("li", {}, image, button);
  };
  const take = async () => {
    const files = Array.from(input.files).slice(0, Math.max(0, input.dataset.most - photos.length));
    input.value = "";
    for (const file of files) photos.push(await shrunk(file)); // one by one: nine at once do not fit a small phone
    moved();
  };
  input.addEventListener("change", take);
  if (input.files.length) take(); // chosen before this script was there, on a slow line
  else draw();
}

/** How many characters are typed, told once they matter. */
function countCharacters(area) {
  const line = document.querySelector(`[data-count="${CSS.escape(area.id)}"]`);
  if (!line) return;
  const tell = () => {
    const length = Array.from(area.value.trim()).length;
    line.hidden = !length;
    line.textContent = say("# / # 字", length, area.dataset.most);
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
    told.textContent = say("正在定位…");
    navigator.geolocation.getCurrentPosition(
      (found) => {
        form.elements["place.lat"].value = found.coords.latitude.toFixed(5);
        form.elements["place.lng"].value = found.coords.longitude.toFixed(5);
        told.textContent = say("✓ 已记下位置");
        extras.changed(form);
      },
      () => { told.textContent = say("没有取到位置，请写地名。"); },
      { timeout: 10000, maximumAge: 60000 },
    );
  };
}

/** Everything a form sends, its photos as they are kept here. */
function bodyOf(form) {
  const body = new FormData(form);
  form.querySelectorAll("input[type=file][data-most]").forEach((input) => {
    body.delete(input.name);
    (chosen[input.id] || []).forEach((photo, index) => body.append(input.name, photo, `${index + 1}.jpg`));
  });
  extras.fill(form, body);
  return body;
}

/** Sends a body and tells how far it is; rejects with "cancelled" or "unreachable". */
function post(address, body, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let why = "unreachable", stall;
    const alive = () => { clearTimeout(stall); stall = setTimeout(() => request.abort(), STALLED); };
    request.open("POST", address);
    request.upload.onprogress = (event) => { alive(); progress(event.loaded, event.total); };
    request.onload = () => resolve(request);
    request.onerror = request.onabort = () => reject(why);
    request.onloadend = () => clearTimeout(stall);
    progress.cancel = () => { why = "cancelled"; request.abort(); };
    alive();
    request.send(body);
  });
}

/** The bar under a form's button while it is sent, with a way out. */
function progressBar(form) {
  const bar = made("progress", { max: 1, value: 0 }), words = made("span", { textContent: say("正在发送…") });
  const button = made("button", { type: "button", className: "button plain small", textContent: say("取消") });
  const box = made("div", { className: "sending" }, bar, words, button);
  bar.setAttribute("aria-label", say("发送进度"));
  const progress = (loaded, total) => {
    bar.value = total ? loaded / total : 0;
    words.textContent = loaded < total ? say("正在发送 #%", Math.floor(100 * bar.value)) : say("已经发完，等待确认…");
  };
  progress.close = () => box.remove();
  button.onclick = () => progress.cancel();
  form.querySelector("button[type=submit]").insertAdjacentElement("afterend", box);
  return progress;
}

/** Sends by itself, so that photos and words stay in the form when the signal is lost; a second tap does nothing. */
function sendOnce(form) {
  const buttons = Array.from(form.querySelectorAll("button[type=submit]"));
  const labels = buttons.map((button) => button.textContent);
  const busy = (on) => buttons.forEach((button, index) => {
    button.disabled = on;
    button.textContent = on ? say("正在提交…") : labels[index];
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (buttons[0].disabled) return;
    busy(true);
    const words = await sent(form);
    busy(false);
    const status = form.querySelector("[data-status]");
    if (status) status.textContent = words || "";
  });
}

/** Sends a form and shows what came of it; resolves to what to tell when the form is still there. */
async function sent(form, again) {
  const progress = progressBar(form);
  let answer;
  try {
    answer = await post(form.action, bodyOf(form), progress);
  } catch (why) {
    if (why === "cancelled") return say("已取消发送，内容都还在。");
    return (await extras.unreachable(form)) ? "" : say("网络不通，内容和照片都还在。等有信号时，请再点一次提交。");
  } finally {
    progress.close();
  }
  if (new URL(answer.responseURL).pathname !== new URL(form.action).pathname) {
    await extras.acknowledged(form);
    location.replace(answer.responseURL);
    return say("已收到，正在打开回执…");
  }
  const page = new DOMParser().parseFromString(answer.responseText, "text/html");
  const fresh = page.querySelector("[data-stale] ~ form input[name=csrf_token]");
  if (fresh && !again) { // the page is older than the session, as one that was kept for bad times: once more by itself
    form.elements.csrf_token.value = fresh.value;
    return sent(form, true);
  }
  if (page.querySelector("main") && (SHOWN.includes(answer.status) || page.querySelector("[data-challenge]"))) {
    return swap(page);
  }
  const wait = answer.getResponseHeader("Retry-After") || 60;
  return answer.status === 413 ? say("照片太大了，请去掉几张再提交。") : answer.status === 429
    ? say("操作太频繁，内容和照片都还在。请过 # 秒再点一次提交。", wait)
    : say("系统正在恢复，内容和照片都还在。请过一分钟再点一次提交。");
}

/** Shows the page that came back instead of this one, without leaving it. */
function swap(page) {
  page.querySelectorAll(".kept").forEach((kept) => kept.remove()); // files are still here, and are sent from here
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  start();
  const summary = document.querySelector("[data-summary]");
  if (summary) summary.focus();
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
  worker.onmessage = (told) => {
    const solution = told.data;
    worker.terminate();
    if (!solution || !solution.derivedKey) return;
    clearTimeout(waiting);
    form.elements.proof.value = btoa(JSON.stringify({ challenge, solution }));
    send();
  };
  worker.postMessage({ type: "work", challenge });
}

function start() {
  const each = (selector, act) => Array.from(document.querySelectorAll(selector)).forEach((found) => act(found));
  each("form[method=post]", extras.begun);
  each("input[type=file][data-most]", showPhotos);
  each("textarea[data-most]", countCharacters);
  each("form[method=post]", sendOnce);
  each("form[data-challenge]", queue);
  each("[data-locate]", (box) => offerPosition(box, box.closest("form")));
}

document.addEventListener("DOMContentLoaded", start); // once the scripts after this one are there, too
