// In WeChat's own browser: photos and place by WeChat's own ways, once its script is there and takes our signature.
// Without it the form works as it does everywhere. After resident.js; written for Chrome 66, as that is.
"use strict";

const WAYS = ["chooseImage", "getLocalImgData", "getLocation"];

/** Whether WeChat's ways are open; closed again for photos as soon as one fails, so that the next tap picks a file. */
const ways = { photos: false, place: false };

/** Loads WeChat's script, which nothing else here waits for. */
function join(box) {
  const script = made("script", { src: box.dataset.script, async: true });
  script.onload = () => introduce(box).catch(() => undefined);
  document.head.append(script);
}

async function introduce(box) {
  const page = encodeURIComponent(location.pathname + location.search);
  const answer = await fetch(`${box.dataset.signature}?page=${page}`, { credentials: "omit" });
  if (answer.status !== 200) return;
  wx.config(Object.assign({ debug: false, jsApiList: WAYS }, await answer.json()));
  wx.ready(() => {
    ways.photos = ways.place = true;
    document.querySelectorAll("[data-locate]").forEach((offer) => { offer.hidden = false; });
  });
  wx.error(() => { ways.photos = ways.place = false; });
}

/** One call of WeChat's script. */
function ask(way, about) {
  return new Promise((success, fail) => wx[way](Object.assign({ success, fail, cancel: () => success({}) }, about)));
}

/** A photo as WeChat hands it over: base64, on some phones with a head before it. */
function fileOf(localData) {
  const bytes = atob(localData.replace(/^data:[^,]*,/, "").replace(/\s/g, ""));
  const numbers = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) numbers[at] = bytes.charCodeAt(at);
  return new Blob([numbers], { type: "image/jpeg" });
}

async function choosePhotos(input) {
  const photos = chosen[input.id], count = Math.min(9, input.dataset.most - photos.length);
  if (count <= 0) return;
  const picked = await ask("chooseImage", { count, sizeType: ["compressed"], sourceType: ["album", "camera"] });
  for (const localId of picked.localIds || []) { // one by one, as the phone's memory wants it
    const told = await ask("getLocalImgData", { localId });
    photos.push(await shrunk(fileOf(told.localData)));
  }
  input.dispatchEvent(new Event("change"));
}

async function findPlace(box) {
  const told = box.querySelector("[role=status]"), form = box.closest("form");
  told.textContent = say("正在定位…");
  try {
    const found = await ask("getLocation", { type: "wgs84" });
    form.elements["place.lat"].value = Number(found.latitude).toFixed(5);
    form.elements["place.lng"].value = Number(found.longitude).toFixed(5);
    told.textContent = say("✓ 已记下位置");
    extras.changed(form);
  } catch {
    told.textContent = say("没有取到位置，请写地名。");
  }
}

// Before the page's own ways see the tap; the form may have been replaced meanwhile, so that nothing is tied to its parts.
document.addEventListener("click", (event) => {
  const label = event.target.closest("label.pick"), place = event.target.closest("[data-locate] button");
  const input = label && document.getElementById(label.htmlFor);
  if (ways.photos && input && input.name === "photos") {
    event.preventDefault();
    choosePhotos(input).catch(() => { ways.photos = false; });
  } else if (ways.place && place) {
    event.stopPropagation();
    findPlace(place.closest("[data-locate]"));
  }
}, true);

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-wechat]");
  if (box) join(box);
});
