// The service worker of the stations' pages (scope /s/): shows station and form without a signal, and sends what waits.
// It never sees a matter's own pages (/m/…), the console or the API's answers, so that it can keep none of them.
// Written for Chrome 66, as outbox.js is.
"use strict";

importScripts("/static/outbox.js");

const SHELF = "pages-1";
const PAGE = /^\/s\/[^/]+(\/new)?$/;
const PART = /^\/static\//;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

/** Whether an address is of a page or a part of one that everybody gets alike. */
const isOurs = (url) => url.origin === location.origin && (PAGE.test(url.pathname) || PART.test(url.pathname));

async function keep(request) {
  const answer = await fetch(request);
  if (answer.status === 200 && !answer.redirected) await (await caches.open(SHELF)).put(request, answer.clone());
  return answer;
}

/** From the network; without one, what was kept. Of a signed address only the very same: another's note is no proof. */
async function show(request) {
  try {
    return await keep(request);
  } catch (fault) {
    const shelf = await caches.open(SHELF);
    const however = { ignoreVary: true }; // the last language read is better than none
    const kept = (await shelf.match(request, however)) || (await shelf.match(new URL(request.url).pathname, however));
    if (kept) return kept;
    throw fault;
  }
}

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && isOurs(new URL(event.request.url))) event.respondWith(show(event.request));
});

// A page that was there before the worker asks for itself, its parts and its form to be kept: as a stranger would get
// them, or the session of a form opened at the same moment would be lost to the one that is given with this copy.
self.addEventListener("message", (event) => {
  const wanted = (event.data.keep || []).map((each) => new URL(each, location.origin)).filter(isOurs);
  event.waitUntil(Promise.all(wanted.map((url) => keep(new Request(url.href, { credentials: "omit" })).catch(() => undefined))));
});

self.addEventListener("sync", (event) => {
  if (event.tag !== "outbox") return;
  event.waitUntil(deliver().then((all) => { if (!all) throw new Error("something still waits"); }));
});
