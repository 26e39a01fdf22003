// What waits on this phone and what was received, shown on the station's pages; and every chance to send it.
// After outbox.js; written for Chrome 66, as that is.
"use strict";

/** Days after which a receipt nobody looked at leaves the phone, which may not be one person's alone. */
const RECEIPT_DAYS = 30;
/** The scripts of the form, which the station's page has kept before anybody needs them. */
const FORM = ["resident", "tell"];
const DAY = 24 * 3600 * 1000;

/** Which tab of this phone it is: what one person keeps is not shown to the next without being asked. */
const owner = (() => {
  try {
    const known = sessionStorage.getItem("owner") || newKey();
    sessionStorage.setItem("owner", known);
    return known;
  } catch {
    return newKey();
  }
})();

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => `0${byte.toString(16)}`.slice(-2)).join("");
}

function part(tag, words, properties) {
  return Object.assign(document.createElement(tag), { textContent: words }, properties || {});
}

const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

function askForSync() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.getRegistration().then((found) => {
    if (found && found.sync) return found.sync.register("outbox");
    return undefined;
  }).catch(() => undefined); // the page itself sends it then, at the next opening or when the signal is back
}

// ---- what waits, and what was received ----

async function showOutbox() {
  const box = document.querySelector("[data-outbox]");
  if (!box) return;
  const waiting = await phone.all("outbox");
  const receipts = await phone.all("receipts");
  receipts.filter((each) => each.at < Date.now() - RECEIPT_DAYS * DAY).forEach((each) => phone.remove("receipts", each.key));
  const stand = JSON.stringify(receipts.concat(waiting).map((each) => [each.key, each.number, each.refused, each.owner]));
  if (stand === box.dataset.stand) return; // nothing moved: what somebody is reading stays as it is
  box.dataset.stand = stand;
  const cards = receipts.map((each) => mineOr("receipts", each, say("已经发出，代表联络站收到了。"), receiptCard))
    .concat(waiting.map((each) => (each.refused ? mineOr("outbox", each, say("没有发出去。"), refusedCard) : waitingCard(each))));
  while (box.firstChild) box.firstChild.remove();
  box.append(...cards);
  box.hidden = !cards.length;
}

/** Another tab's is told of, but its words and codes only to who says that it is theirs: phones are lent. */
function mineOr(store, entry, words, card) {
  if (entry.owner === owner) return card(entry);
  const button = part("button", say("是我写的，打开"), { type: "button", className: "button plain" });
  button.onclick = () => phone.change(store, entry.key, { owner }).then(showOutbox);
  return cardOf(`${say("这部手机上 # 存下的一件事：", clock(entry.at))}${words}`, "", button);
}

function cardOf(title, words, ...more) {
  const card = part("section", "", { className: "card kept-here" });
  card.append(part("h2", title));
  if (words) card.append(part("p", words));
  card.append(...more);
  return card;
}

function waitingCard(entry) {
  const now = part("button", say("现在就发"), { type: "button", className: "button plain" });
  const status = part("p", "", { className: "status" });
  status.setAttribute("role", "status");
  now.onclick = async () => { status.textContent = (await deliver()) ? "" : say("现在还发不出去，先存着，稍后自动再发。"); };
  const more = entry.owner === owner ? [now, backButton(entry)] : [now];
  return cardOf(say("已存在手机里，有网时自动发出"), say("# 写的一件事。可以关掉这个页面；下次打开时也会接着发。", clock(entry.at)), ...more, status);
}

function refusedCard(entry) {
  return cardOf(say("没有发出去"), entry.refused, backButton(entry));
}

function receiptCard(entry) {
  const list = part("dl", "", { className: "codes" });
  [[say("编号"), entry.number], [say("查询码"), entry.secret]].forEach((pair) => {
    list.append(part("dt", pair[0]), part("dd", pair[1], { className: "big" }));
  });
  const link = part("a", say("看回执和进度"), { className: "button", href: `/m/${entry.number}?c=${encodeURIComponent(entry.secret)}` });
  const noted = part("button", say("记下了，从手机里删掉"), { type: "button", className: "button plain" });
  const forget = () => phone.remove("receipts", entry.key);
  noted.onclick = () => forget().then(showOutbox);
  link.onclick = (event) => {
    event.preventDefault();
    forget().then(() => location.assign(link.href));
  };
  return cardOf(say("✓ 已经发出，收到了"), say("请截图保存编号和查询码，凭它们看进度。"), list, link, noted);
}

/** Takes a matter out of the outbox and makes it the form's draft again, unless another draft is there. */
function backButton(entry) {
  const button = part("button", say("拿回来修改"), { type: "button", className: "button plain" });
  button.onclick = async () => {
    if (await phone.find("drafts", entry.station)) {
      button.insertAdjacentElement("afterend", part("p", say("表格里还有一份草稿，请先发出或清空它。"), { className: "status" }));
      return;
    }
    await phone.put("drafts", entry.station, { key: entry.key, fields: entry.fields, photos: entry.photos, voice: entry.voice, at: entry.at });
    await phone.remove("outbox", entry.key);
    location.assign(`/s/${encodeURIComponent(entry.station)}/new`);
  };
  return button;
}

// ---- the service worker, and every chance to send ----

/** Has station, form and their parts kept for bad times; of other pages the worker sees nothing. */
async function enlist() {
  if (!("serviceWorker" in navigator) || location.pathname.indexOf("/s/") !== 0) return;
  await navigator.serviceWorker.register("/sw.js", { scope: "/s/" });
  const ready = await navigator.serviceWorker.ready;
  const parts = Array.from(document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src], a[data-form]"));
  const addresses = parts.map((each) => each.href || each.src).concat(location.href);
  ready.active.postMessage({ keep: addresses.concat(FORM.map((name) => `/static/${name}.js`)) });
}

function tryAgain() {
  deliver().then(showOutbox).catch(() => undefined);
}

window.addEventListener("online", tryAgain);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tryAgain(); });
setInterval(tryAgain, RETRY);
if (typeof BroadcastChannel !== "undefined") {
  new BroadcastChannel("outbox").onmessage = () => showOutbox().catch(() => undefined);
}
showOutbox().then(tryAgain).catch(() => undefined);
window.addEventListener("load", () => enlist().catch(() => undefined));
