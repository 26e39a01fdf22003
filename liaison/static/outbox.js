// What waits on this phone: drafts, matters told without a signal, and receipts that nobody has looked at yet.
// Used by the pages and, through importScripts, by the service worker.
// Written for Chrome 66 (old Android WebViews): no modules, no `?.`, no `??`, no Object.fromEntries, no replaceChildren.
"use strict";

const STORES = ["drafts", "outbox", "receipts"];
const RETRY = 30 * 1000; // milliseconds until what the server could not take is offered again

/** One piece of work on the phone's own database; rejects where there is none, as in some private windows. */
async function onPhone(store, mode, act) {
  const database = await new Promise((resolve, reject) => {
    const asked = indexedDB.open("liaison", 1);
    asked.onupgradeneeded = () => STORES.forEach((name) => asked.result.createObjectStore(name));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const work = database.transaction(store, mode);
      const asked = act(work.objectStore(store));
      work.oncomplete = () => resolve(asked.result);
      work.onabort = work.onerror = () => reject(work.error);
    });
  } finally {
    database.close();
  }
}

const phone = {
  find: (store, key) => onPhone(store, "readonly", (kept) => kept.get(key)),
  all: (store) => onPhone(store, "readonly", (kept) => kept.getAll()),
  put: (store, key, value) => onPhone(store, "readwrite", (kept) => kept.put(value, key)),
  remove: (store, key) => onPhone(store, "readwrite", (kept) => kept.delete(key)),
  /** Changes what is still there; what was taken back meanwhile stays away. */
  change: (store, key, changes) => onPhone(store, "readwrite", (kept) => {
    const asked = kept.get(key);
    asked.onsuccess = () => { if (asked.result) kept.put(Object.assign(asked.result, changes), key); };
    return asked;
  }),
};

/** Tells every open page, and whoever asked, that something moved. */
function tellPages() {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel("outbox");
  channel.postMessage("moved");
  channel.close();
}

/** Offers everything that waits to the server, one after the other; whether nothing waits any more. */
async function deliver() {
  const waiting = (await phone.all("outbox")).filter((each) => !each.refused);
  let left = 0;
  for (const each of waiting) {
    if (!(await deliverOne(each))) left += 1;
  }
  if (waiting.length) tellPages();
  return !left;
}

/**
 * Offers one matter by the JSON API, which takes no cookie: what a form of yesterday knew of its session is stale.
 * Its key makes it count once, however often and by whomever (page, worker) it is offered; it leaves the phone
 * only once the server has acknowledged it.
 */
async function deliverOne(entry) {
  if (entry.after > Date.now()) return false;
  const headers = { "Idempotency-Key": entry.key };
  if (entry.proof) headers["X-Proof-Of-Work"] = entry.proof;
  const address = `/api/v1/stations/${encodeURIComponent(entry.station)}/matters`;
  let answer, told;
  try {
    answer = await fetch(address, { method: "POST", headers, body: packed(entry), credentials: "omit", redirect: "error" });
    told = await answer.json();
  } catch {
    return false; // no signal, or somebody else's page, such as that of a Wi-Fi that wants a password
  }
  if (answer.ok && told.number && told.secret) return acknowledged(entry, told);
  if (answer.status === 429 || answer.status >= 500 || answer.ok) {
    const wait = 1000 * Number(answer.headers.get("Retry-After")) || RETRY;
    const proof = told.challenge ? btoa(JSON.stringify({ challenge: told.challenge })) : undefined; // ripens by waiting
    await phone.change("outbox", entry.key, { after: Date.now() + wait, proof });
    return false;
  }
  const sentences = Object.keys(told.errors || {}).map((name) => told.errors[name].join(" "));
  await phone.change("outbox", entry.key, { refused: sentences.join(" ") || told.detail || "没有收下。" });
  return true;
}

async function acknowledged(entry, told) {
  const receipt = { key: entry.key, station: entry.station, owner: entry.owner, at: entry.at };
  receipt.number = told.number;
  receipt.secret = told.secret;
  await phone.put("receipts", entry.key, receipt);
  await phone.remove("outbox", entry.key);
  return true;
}

/** A matter as it is sent: its fields, its photos, its voice, always the same bytes for the same key. */
function packed(entry) {
  const body = new FormData();
  body.append("key", entry.key); // says that it comes of the form
  entry.fields.forEach((field) => body.append(field[0], field[1]));
  entry.photos.forEach((photo, index) => body.append("photos", photo, `${index + 1}.jpg`));
  if (entry.voice) body.append("voice", entry.voice, "voice");
  return body;
}
