// Draws every chart of a printed document, as lines rather than pixels, and says when all are done.
// It is inlined into the document behind ECharts: see printing.py.
import { init } from "./vendor/echarts.min.js";
import { colours } from "./chart-colours.js";
import { neededHeight, option } from "./chart-options.js";

for (const figure of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("figure.chart"))) {
  const canvas = /** @type {HTMLElement} */ (figure.querySelector(".chart-canvas"));
  if (canvas.hidden) continue;
  const data = JSON.parse(figure.querySelector('script[type="application/json"]')?.textContent ?? "{}");
  const needed = neededHeight(data);
  if (needed > canvas.clientHeight) canvas.style.height = `${needed}px`;
  const size = { width: canvas.clientWidth, height: canvas.clientHeight };
  init(canvas, null, { renderer: "svg" }).setOption(option(figure.dataset.kind ?? "bar", data, colours(figure), size), true);
}
document.documentElement.dataset.ready = "yes";
/** @type {any} */ (window).printed?.();
