// The board on the wall: says when its figures are no longer fresh, fills the screen, and is left by Esc.
"use strict";

const stale = document.querySelector("[data-stale]");
const full = document.querySelector("[data-full]");

document.addEventListener("htmx:afterRequest", (event) => {
  const when = document.querySelector(".when b").textContent;
  const over = stale.dataset.over || "登录已过期，请退出大屏后重新登录";
  const why = event.detail.xhr.status === 401 ? over : "刷新没有成功，一分钟后再试";
  stale.hidden = event.detail.successful === true;
  stale.textContent = stale.hidden ? "" : `⚠ ${why}。显示的还是 ${when} 的数据。`;
});

document.addEventListener("keydown", (event) => {
  const leave = document.querySelector("[data-leave]");
  if (leave && event.key === "Escape" && !document.fullscreenElement) location.href = leave.href;
});

if (document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener("click", () => document.documentElement.requestFullscreen());
  document.addEventListener("fullscreenchange", () => { full.hidden = Boolean(document.fullscreenElement); });
}
