// Draw boxes over photos; the numbers beside each photo are what is sent, and do without this.
"use strict";

(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const SIDES = ["x", "y", "w", "h"];
  const SMALLEST = 1; // per cent: a touch that moves less was no drawing

  function field(row, side) {
    return row.querySelector("input[name='" + side + "']");
  }

  function values(row) {
    return SIDES.map((side) => parseFloat(field(row, side).value));
  }

  function write(row, box) {
    SIDES.forEach((side, place) => {
      field(row, side).value = box ? String(Math.round(box[place] * 10) / 10) : "";
    });
  }

  function freeRow(sheet) {
    const rows = Array.from(sheet.querySelectorAll(".box-row"));
    const free = rows.find((row) => !field(row, "w").value);
    if (free) return free;
    const fresh = rows[rows.length - 1].cloneNode(true);
    rows[rows.length - 1].after(fresh);
    write(fresh, null);
    return fresh;
  }

  function place(rect, box) {
    ["x", "y", "width", "height"].forEach((name, index) => rect.setAttribute(name, box[index]));
  }

  function paint(sheet, layer) {
    layer.replaceChildren();
    sheet.querySelectorAll(".box-row").forEach((row) => {
      const box = values(row);
      if (box.some(Number.isNaN)) return;
      const rect = document.createElementNS(SVG, "rect");
      place(rect, box);
      rect.addEventListener("click", () => {
        write(row, null);
        paint(sheet, layer);
      });
      layer.append(rect);
    });
  }

  function spot(layer, event) {
    const frame = layer.getBoundingClientRect();
    const within = (value) => Math.min(100, Math.max(0, value));
    return [within((100 * (event.clientX - frame.left)) / frame.width), within((100 * (event.clientY - frame.top)) / frame.height)];
  }

  function between(one, other) {
    return [Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.abs(one[0] - other[0]), Math.abs(one[1] - other[1])];
  }

  function draw(sheet) {
    const layer = document.createElementNS(SVG, "svg");
    layer.setAttribute("viewBox", "0 0 100 100");
    layer.setAttribute("preserveAspectRatio", "none");
    sheet.querySelector(".canvas").append(layer);
    let start = null;
    let rect = null;
    layer.addEventListener("pointerdown", (event) => {
      if (event.target !== layer || event.button) return;
      event.preventDefault();
      layer.setPointerCapture(event.pointerId);
      start = spot(layer, event);
      rect = document.createElementNS(SVG, "rect");
      layer.append(rect);
    });
    layer.addEventListener("pointermove", (event) => {
      if (start) place(rect, between(start, spot(layer, event)));
    });
    layer.addEventListener("pointerup", (event) => {
      if (!start) return;
      const box = between(start, spot(layer, event));
      start = null;
      if (box[2] >= SMALLEST && box[3] >= SMALLEST) {
        write(freeRow(sheet), box);
        sheet.querySelector("input[name='show']").checked = true;
      }
      paint(sheet, layer);
    });
    layer.addEventListener("pointercancel", () => {
      start = null;
      paint(sheet, layer);
    });
    sheet.addEventListener("change", () => paint(sheet, layer));
    paint(sheet, layer);
  }

  document.querySelectorAll("[data-photo]").forEach(draw);
  const preview = document.getElementById("preview");
  if (preview) preview.scrollIntoView();
})();
