// Draws the JSON of its figure with ECharts in the colours of the theme. Tooltips are drawn on the canvas ("richText"),
// because our Content-Security-Policy forbids the inline styles of HTML tooltips.
import { brush } from "../chart-brush.js";
import { colours } from "../chart-colours.js";
import { neededHeight, option } from "../chart-options.js";

/** @param {HTMLElement} figure */
export default async function chart(figure) {
  const canvas = /** @type {HTMLElement} */ (figure.querySelector(".chart-canvas"));
  const source = figure.querySelector('script[type="application/json"]');
  const data = JSON.parse(source?.textContent ?? "{}");
  table(figure);
  const needed = neededHeight(data);
  if (needed > canvas.clientHeight) canvas.style.height = `${needed}px`;
  const echarts = await import("../vendor/echarts.min.js");
  if (figure.dataset.kind === "map") echarts.registerMap("world", await fetch("/static/ui/vendor/world.json").then((answer) => answer.json()));
  const drawn = echarts.init(canvas, null, { renderer: "canvas" });
  const graph = figure.dataset.kind === "graph";
  /** @type {Set<string> | null} the nodes that are shown in full; null for all */
  let shown = null;
  const seen = () => (shown ? { ...data, nodes: data.nodes?.map((/** @type {import("../chart-options.js").Node} */ node) => ({ ...node, faded: !shown?.has(node.id) })) } : data);
  figure.addEventListener("chart:show", (event) => {
    shown = /** @type {CustomEvent} */ (event).detail.ids;
    draw();
  });
  const draw = () => drawn.setOption(option(figure.dataset.kind ?? "bar", seen(), colours(figure), { width: canvas.clientWidth, height: canvas.clientHeight }), true);
  draw();
  const theme = () => draw();
  document.addEventListener("theme", theme);
  const sizes = new ResizeObserver(() => {
    drawn.resize();
    if (graph) draw(); // its columns are laid out for this width
  });
  sizes.observe(canvas);
  if (data.brush?.starts.length) brush(canvas, drawn, data);
  drawn.on("click", (/** @type {any} */ event) => open(figure, data, event));
  document.addEventListener("htmx:afterSwap", function gone() {
    if (figure.isConnected) return;
    drawn.dispose();
    sizes.disconnect();
    document.removeEventListener("theme", theme);
    document.removeEventListener("htmx:afterSwap", gone);
  });
}

/** @param {HTMLElement} figure */
function table(figure) {
  const button = figure.querySelector("[data-toggle-table]");
  const shown = figure.querySelector(".grid-wrap");
  if (!(button instanceof HTMLElement) || !(shown instanceof HTMLElement)) return;
  button.addEventListener("click", () => {
    shown.hidden = !shown.hidden;
    button.setAttribute("aria-expanded", String(!shown.hidden));
  });
}

/**
 * Follow a clicked bar or node: its own or its series' address, or data-href with {series} and {category} filled in.
 * @param {HTMLElement} figure
 * @param {import("../chart-options.js").Data} data
 * @param {any} event
 */
function open(figure, data, event) {
  // A page that shows a node in its own way says so by preventing the default.
  const pick = new CustomEvent("chart:pick", { bubbles: true, cancelable: true, detail: { id: event.data?.id } });
  if (event.data?.id !== undefined && !figure.dispatchEvent(pick)) return;
  const own = event.data?.href ?? data.series?.find((one) => one.name === event.seriesName)?.href;
  const pattern = figure.dataset.href ?? "";
  const address = own || pattern
    .replace("{series}", encodeURIComponent(event.seriesName ?? ""))
    .replace("{category}", encodeURIComponent(event.name ?? ""));
  if (/^(\/(?!\/)|\?)/.test(address)) location.assign(address);
}
