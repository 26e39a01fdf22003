// The form of a new matter: its draft, its voice, and what becomes of it without a signal.
// After outbox.js, waiting.js and resident.js; written for Chrome 66, as they are.
"use strict";

/** Days after which a draft leaves the phone, which may not be one person's alone. */
const DRAFT_DAYS = 7;
/** Milliseconds between the last key typed and the draft being written. */
const PAUSE = 300;
const NOT_TYPED = ["csrf_token", "key", "kept", "photos", "proof", "voice"];
/** The fields that are folded away until somebody wants them. */
const FOLDED = /^(category|about|place|contact|share_identity)/;
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const REFUSED = {
  NotAllowedError: say("没有得到使用话筒的许可。可以在手机设置里允许，也可以直接打字。"),
  NotFoundError: say("没有找到话筒，请直接打字。"),
  NotReadableError: say("话筒正被别的程序占用，请关掉后再试，或直接打字。"),
};

/** The voice that was recorded or chosen, and the matter as it was last sent. */
let voice = null, last = null, writing = 0;

const stationOf = (form) => form.dataset.draft;
const typedIn = (form) => Array.from(new FormData(form)).filter((field) => !NOT_TYPED.includes(field[0]));

// ---- the draft ----

function beginDraft(form) {
  if (!form.dataset.draft) return;
  if ("typed" in form.dataset) {
    written(form);
  } else {
    form.elements.key.value = newKey(); // of a page that was kept for bad times, the key may be used up
    phone.find("drafts", stationOf(form)).then((draft) => { if (draft) restore(form, draft); }).catch(() => undefined);
  }
  form.addEventListener("input", () => {
    clearTimeout(writing);
    writing = setTimeout(() => writeDraft(form), PAUSE);
  });
  form.querySelector("[data-drafted] button").onclick = () => {
    clearTimeout(writing);
    phone.remove("drafts", stationOf(form)).then(() => location.reload());
  };
  offerVoice(form.querySelector("[data-voice]"), form);
}

function restore(form, draft) {
  if (draft.at < Date.now() - DRAFT_DAYS * DAY) return phone.remove("drafts", stationOf(form));
  form.elements.key.value = draft.key;
  Array.from(form.elements).filter((field) => field.name && !NOT_TYPED.includes(field.name)).forEach((field) => {
    const values = draft.fields.filter((each) => each[0] === field.name).map((each) => each[1]);
    if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
    else field.value = values.length ? values[0] : "";
  });
  hasVoice(form, draft.voice);
  const photos = form.querySelector("input[name=photos]");
  chosen[photos.id].push(...draft.photos);
  photos.dispatchEvent(new Event("change"));
  form.elements.text.dispatchEvent(new Event("input", { bubbles: false }));
  if (draft.fields.some((field) => FOLDED.test(field[0]) && field[1])) form.querySelector("[data-more]").open = true;
  written(form);
  return undefined;
}

function entryOf(form) {
  const photos = chosen[form.querySelector("input[name=photos]").id] || [];
  return { key: form.elements.key.value, fields: typedIn(form), photos: photos.slice(), voice, at: Date.now() };
}

function writeDraft(form) {
  return phone.put("drafts", stationOf(form), entryOf(form)).then(() => written(form)).catch(() => undefined);
}

function written(form) {
  form.querySelector("[data-drafted]").hidden = false;
}

// ---- the voice ----

/** A message spoken into the phone; whoever cannot or may not record it here chooses a file instead. */
function offerVoice(box, form) {
  const find = (name) => box.querySelector(`[data-${name}]`);
  const record = find("record"), label = record.querySelector("span"), told = find("told"), file = box.querySelector("input[type=file]");
  file.addEventListener("change", () => { if (file.files[0]) hasVoice(form, file.files[0], true); });
  find("drop").onclick = () => { file.value = ""; hasVoice(form, null, true); };
  hasVoice(form, file.files[0] || voice, Boolean(file.files[0])); // or chosen before this script was there
  if (!window.MediaRecorder || !navigator.mediaDevices || !window.isSecureContext) return;
  record.hidden = false;
  find("choose").hidden = true;
  let recorder = null;
  record.onclick = async () => {
    if (recorder) return recorder.stop();
    try {
      recorder = await listen(box.dataset.most, (words) => { told.textContent = words; });
    } catch (fault) {
      told.textContent = REFUSED[fault.name] || say("这部手机不能在网页里录音，请选择录好的文件，或直接打字。");
      find("choose").hidden = false;
      return undefined;
    }
    label.textContent = say("停止录音");
    box.classList.add("recording");
    const spoken = await recorder.ended;
    recorder = null;
    label.textContent = record.dataset.again;
    box.classList.remove("recording");
    hasVoice(form, spoken, true);
    return undefined;
  };
}

/** Begins to record; `ended` gives what was said, once it is stopped or the time is over. */
async function listen(most, tell) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const kind = KINDS.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, Object.assign({ audioBitsPerSecond: 24000 }, kind ? { mimeType: kind } : {}));
  const pieces = [];
  let seconds = 0;
  const tick = () => tell(say("正在录音 # 秒，最长 # 秒", seconds, most));
  const ticking = setInterval(() => {
    seconds += 1;
    tick();
    if (seconds >= most && recorder.state !== "inactive") recorder.stop();
  }, 1000);
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.ended = new Promise((resolve) => {
    recorder.onstop = () => {
      clearInterval(ticking);
      stream.getTracks().forEach((track) => track.stop());
      resolve(new Blob(pieces, { type: recorder.mimeType.split(";")[0] }));
    };
  });
  recorder.start();
  tick();
  return recorder;
}

/** Shows the message to be listened to or dropped; who has spoken need not write. */
function hasVoice(form, spoken, isNew) {
  const box = form.querySelector("[data-voice]"), player = box.querySelector("audio");
  voice = spoken;
  if (player.src) URL.revokeObjectURL(player.src);
  player.hidden = box.querySelector("[data-drop]").hidden = !voice;
  if (voice) player.src = URL.createObjectURL(voice);
  else player.removeAttribute("src");
  box.querySelector("[data-told]").textContent = voice ? say("✓ 已录好，可以先听一遍") : "";
  form.elements.text.required = !voice;
  form.elements.text.minLength = voice ? 0 : form.elements.text.dataset.least;
  if (isNew) writeDraft(form);
}

// ---- sending ----

extras.begun = beginDraft;
extras.changed = (form) => { if (form.dataset.draft) writeDraft(form); };

extras.fill = (form, body) => {
  if (!form.dataset.draft) return;
  const area = form.elements.text;
  if (voice && Array.from(area.value.trim()).length < area.dataset.least) area.value = area.value.trim() + area.dataset.spoken;
  body.set("text", area.value);
  body.delete("voice");
  if (voice) body.append("voice", voice, "voice");
  last = Object.assign(entryOf(form), { station: stationOf(form), owner });
};

extras.acknowledged = async () => {
  if (!last) return;
  clearTimeout(writing);
  await phone.remove("drafts", last.station).catch(() => undefined);
};

/** No signal: the matter waits on the phone, under the key that makes it count once even if it did arrive. */
extras.unreachable = async () => {
  if (!last) return false;
  clearTimeout(writing);
  try {
    await phone.put("outbox", last.key, last);
    await phone.remove("drafts", last.station);
  } catch {
    return false;
  }
  document.querySelectorAll("main form, main [data-summary]").forEach((each) => each.remove());
  await showOutbox();
  document.querySelector("[data-outbox]").scrollIntoView();
  askForSync();
  return true;
};
