// Pictures of tables that stand on the page anyhow: the figures are read from there, and a click opens the same list.
"use strict";

const COLOURS = { none: "#47627a", blue: "#0a4fa3", yellow: "#8a5a00", red: "#b5121b", received: "#0a4fa3", closed: "#1a6b34" };
const INK = "#1f2328";
const FONT = getComputedStyle(document.body).fontFamily;
const LEAST_SHARE = 0.12; // of the bar: a narrower part has no room for its words, which stand below anyhow

function rowsOf(table) {
  return [...table.tBodies[0].rows].map((row) => ({
    kind: row.dataset.kind,
    name: row.cells[0].textContent.replace(/\s+/g, " ").trim(),
    cells: [...row.cells].slice(1).map((cell) => ({ count: Number(cell.textContent), link: cell.querySelector("a")?.href })),
  }));
}

// One bar, cut into shares; each says what it is.
function share(rows) {
  const total = rows.reduce((sum, row) => sum + row.cells[0].count, 0);
  return {
    grid: { left: 0, right: 0, top: 4, bottom: 4 },
    xAxis: { type: "value", max: total, show: false },
    yAxis: { type: "category", data: [""], show: false },
    series: rows.map((row) => ({
      type: "bar",
      stack: "all",
      barWidth: "100%",
      name: row.name,
      data: [{ value: row.cells[0].count, link: row.cells[0].link }],
      itemStyle: { color: COLOURS[row.kind], borderColor: "#fff", borderWidth: 2 },
      label: { show: row.cells[0].count / total >= LEAST_SHARE, formatter: `${row.name} ${row.cells[0].count}`, color: "#fff", fontSize: 14 },
    })),
  };
}

// Two lines, told apart by dashes and points as well as by colour, each named at its end.
function weeks(rows, heads) {
  const line = (at, kind, dash, symbol) => ({
    type: "line",
    name: heads[at + 1],
    data: rows.map((row) => ({ value: row.cells[at].count, link: row.cells[at].link })),
    color: COLOURS[kind],
    lineStyle: { width: 3, type: dash },
    symbol,
    symbolSize: 9,
    endLabel: { show: true, formatter: "{a}", color: COLOURS[kind], fontSize: 14, fontWeight: "bold" },
  });
  return {
    grid: { left: 36, right: 48, top: 16, bottom: 28 },
    xAxis: { type: "category", data: rows.map((row) => row.name), boundaryGap: false, axisLabel: { color: INK } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: INK } },
    tooltip: { trigger: "axis", renderMode: "richText" },
    series: [line(0, "received", "solid", "circle"), line(1, "closed", "dashed", "rect")],
  };
}

function draw(place) {
  const table = document.getElementById(place.dataset.of);
  const rows = rowsOf(table);
  if (!rows.some((row) => row.cells.some((cell) => cell.count))) return;
  place.hidden = false;
  place.setAttribute("aria-hidden", "true"); // the table says the same
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const chart = echarts.init(place);
  const drawn = place.dataset.chart === "share" ? share(rows) : weeks(rows, heads);
  chart.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...drawn });
  chart.on("click", (picked) => { if (picked.data.link) location.href = picked.data.link; });
  window.addEventListener("resize", () => chart.resize());
  place.parentElement.querySelector("[data-folds]")?.removeAttribute("open");
}

document.querySelectorAll("[data-chart]").forEach(draw);
