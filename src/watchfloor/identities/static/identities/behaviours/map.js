// The world with the countries and places a person signs in from. Tooltips are drawn on the canvas, as our policy forbids
// inline styles; the same numbers stand in the table beside it.

/** @param {HTMLElement} figure */
export default async function map(figure) {
  const canvas = /** @type {HTMLElement} */ (figure.querySelector(".chart-canvas"));
  const data = JSON.parse(figure.querySelector('script[type="application/json"]')?.textContent ?? "{}");
  const [echarts, world] = await Promise.all([
    import("../../ui/vendor/echarts.min.js"),
    fetch("/static/ui/vendor/world.json").then((answer) => answer.json()),
  ]);
  echarts.registerMap("world", world);
  const drawn = echarts.init(canvas, null, { renderer: "canvas" });
  const draw = () => drawn.setOption(option(data, colours(figure)), true);
  draw();
  document.addEventListener("theme", draw);
  new ResizeObserver(() => drawn.resize()).observe(canvas);
}

/**
 * @param {{countries: {name: string, label: string, value: number, failed: number}[], marks: {name: string, value: number[], failed: number}[]}} data
 * @param {Record<string, string>} colours
 */
function option(data, colours) {
  const most = Math.max(1, ...data.countries.map((one) => one.value));
  const words = (/** @type {any} */ event) => {
    const own = event.data;
    if (!own) return event.name;
    const number = Array.isArray(own.value) ? own.value[2] : own.value;
    return `${own.label ?? own.name}: ${number} sign-ins, ${own.failed} failed`;
  };
  return {
    animation: false,
    tooltip: { renderMode: "richText", confine: true, formatter: words, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } },
    visualMap: { show: false, min: 0, max: most, seriesIndex: 0, inRange: { color: [colours.low, colours.high] } },
    geo: { map: "world", left: 4, right: 4, top: 4, bottom: 4, roam: true, scaleLimit: { min: 1, max: 12 }, itemStyle: { areaColor: colours.land, borderColor: colours.line }, emphasis: { label: { show: false }, itemStyle: { areaColor: colours.low } } },
    series: [
      { type: "map", geoIndex: 0, data: data.countries },
      { type: "scatter", coordinateSystem: "geo", symbolSize: 9, itemStyle: { color: colours.mark, borderColor: colours.surface, borderWidth: 1 }, data: data.marks },
    ],
  };
}

/**
 * The tokens as colours, in the theme of now.
 * @param {HTMLElement} figure
 */
function colours(figure) {
  const probe = document.createElement("span");
  figure.append(probe);
  const resolve = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { text: resolve("text"), line: resolve("line"), surface: resolve("surface"), land: resolve("surface-sunken"), low: resolve("info-surface"), high: resolve("mark-info"), mark: resolve("mark-danger") };
  probe.remove();
  return found;
}
