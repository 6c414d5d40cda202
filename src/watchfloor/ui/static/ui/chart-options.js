// ECharts options from our chart data: {categories, series: [{name, values, tone?}]}, {nodes, links} or {scatter, axis}.

/**
 * @typedef {{name: string, values: number[], tone?: string, href?: string}} Series
 * @typedef {{id: string, name: string, group?: string, tone?: string, size?: number, href?: string, column?: number, faded?: boolean}} Node
 * @typedef {{source: string, target: string, label?: string, value?: number}} Link
 * @typedef {{categories?: string[], series?: Series[], nodes?: Node[], links?: Link[], horizontal?: boolean, legend?: boolean, mark?: {category: string, label: string}, brush?: import("./chart-brush.js").Brush, countries?: Country[], noun?: string, scatter?: Dots[], axis?: string, across?: string, up?: string}} Data
 * @typedef {{name: string, dots: [string | number, number][]}} Dots
 * @typedef {{name: string, label: string, value: number, href?: string}} Country named by its two letters
 * @typedef {{width: number, height: number}} Size
 * @typedef {{text: string, quiet: string, line: string, surface: string, series: string[], tones: Record<string, string>, shades: string[], sunken: string, font: string}} Colours
 */

/**
 * @param {string} kind
 * @param {Data} data
 * @param {Colours} colours
 * @param {Size} size of the canvas in CSS pixels
 * @returns {object}
 */
export function option(kind, data, colours, size) {
  const common = {
    animation: false,
    color: colours.series,
    textStyle: { fontFamily: colours.font, color: colours.text },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
    },
    aria: { enabled: false },
  };
  if (kind === "graph") return { ...common, ...graph(data, colours, size) };
  if (kind === "sankey") return { ...common, ...flow(data, colours) };
  if (kind === "map") return { ...common, ...world(data, colours) };
  if (kind === "scatter") return { ...common, ...scatter(data, colours) };
  if (kind === "donut") return { ...common, ...donut(data, colours) };
  return { ...common, ...axes(kind, data, colours) };
}

/**
 * @param {Series} one
 * @param {Colours} colours
 */
const colourOf = (one, colours) => (one.tone ? { color: colours.tones[one.tone] } : {});

/**
 * @param {Colours} colours
 * @returns {object}
 */
const legend = (colours) => ({ type: "scroll", bottom: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: colours.text, fontSize: 12 }, pageIconColor: colours.text, pageTextStyle: { color: colours.text } });

/**
 * @param {string} kind
 * @param {Data} data
 * @param {Colours} colours
 */
function axes(kind, data, colours) {
  const series = data.series ?? [];
  const several = series.length > 1 && data.legend !== false;
  const label = { color: colours.quiet, fontSize: 11, hideOverlap: true };
  const names = { type: "category", data: data.categories ?? [], axisLabel: { ...label, width: data.horizontal ? 150 : 110, overflow: "truncate" }, axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, inverse: data.horizontal };
  const numbers = { type: "value", minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: colours.line } } };
  return {
    tooltip: { renderMode: "richText", confine: true, trigger: "axis", axisPointer: { type: kind === "line" ? "line" : "shadow" }, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } },
    legend: several ? legend(colours) : { show: false },
    grid: { left: data.horizontal ? 8 : 22, right: 28, top: data.mark ? 28 : 12, bottom: several ? 32 : 8, containLabel: true },
    xAxis: data.horizontal ? numbers : names,
    yAxis: data.horizontal ? names : numbers,
    series: series.map((one, place) => ({
      name: one.name,
      data: one.values,
      markLine: place === 0 && data.mark ? markLine(data.mark, colours) : undefined,
      type: kind === "line" ? "line" : "bar",
      stack: kind === "stacked" ? "all" : undefined,
      barMaxWidth: data.horizontal ? 18 : 36,
      symbolSize: 5,
      itemStyle: colourOf(one, colours),
      lineStyle: colourOf(one, colours),
    })),
  };
}

/**
 * Dots between two measured columns; the axes begin near the data, not at nothing.
 * @param {Data} data
 * @param {Colours} colours
 */
function scatter(data, colours) {
  const series = data.scatter ?? [];
  const many = series.reduce((sum, one) => sum + one.dots.length, 0) > 500;
  const axis = { axisLabel: { color: colours.quiet, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: colours.line } }, axisLine: { lineStyle: { color: colours.line } }, nameTextStyle: { color: colours.quiet, fontSize: 11 }, scale: true };
  const kind = data.axis === "time" ? "time" : data.axis === "number" ? "value" : "category";
  return {
    legend: series.length > 1 ? legend(colours) : { show: false },
    grid: { left: 8, right: 28, top: 28, bottom: series.length > 1 ? 52 : 28, containLabel: true },
    xAxis: { ...axis, type: kind, name: data.across, nameLocation: "middle", nameGap: 24 },
    yAxis: { ...axis, type: "value", name: data.up, nameTextStyle: { ...axis.nameTextStyle, align: "left" } },
    series: series.map((one) => ({ name: one.name, type: "scatter", data: one.dots, symbolSize: many ? 5 : 9, itemStyle: { opacity: many ? 0.6 : 0.85 } })),
  };
}

/**
 * A line across the chart at one category, such as a threshold.
 * @param {{category: string, label: string}} mark
 * @param {Colours} colours
 */
const markLine = (mark, colours) => ({ silent: true, symbol: "none", data: [{ xAxis: mark.category, name: mark.label }], lineStyle: { color: colours.text, type: "dashed" }, label: { formatter: mark.label, color: colours.text, fontSize: 11 } });

/**
 * @param {Data} data
 * @param {Colours} colours
 */
function donut(data, colours) {
  const first = data.series?.[0];
  const tones = first && /** @type {any} */ (first).tones;
  return {
    legend: { ...legend(colours), orient: "vertical", right: 8, top: "middle", bottom: undefined },
    series: [{
      type: "pie",
      name: first?.name,
      radius: ["52%", "78%"],
      center: ["34%", "50%"],
      label: { show: false },
      itemStyle: { borderColor: colours.surface, borderWidth: 2 },
      data: (data.categories ?? []).map((name, place) => ({ name, value: first?.values[place] ?? 0, itemStyle: tones ? { color: colours.tones[tones[place]] } : undefined })),
    }],
  };
}

/**
 * How many go from node to node, layer by layer from left to right; nodes of one name in two layers differ by their id.
 * @param {Data} data
 * @param {Colours} colours
 */
function flow(data, colours) {
  const nodes = data.nodes ?? [];
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  const last = Math.max(0, ...nodes.map((node) => node.column ?? 0));
  const number = (/** @type {number} */ value) => value.toLocaleString("en");
  const words = (/** @type {any} */ event) => (event.dataType === "edge"
    ? `${names.get(event.data.source)} to ${names.get(event.data.target)}: ${number(event.data.value)}`
    : `${names.get(event.name)}: ${number(event.value)}`);
  return {
    tooltip: { renderMode: "richText", confine: true, trigger: "item", formatter: words, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } },
    series: [{
      type: "sankey",
      left: 4, right: 4, top: 8, bottom: 8,
      nodeAlign: "left",
      nodeGap: 12,
      nodeWidth: 12,
      draggable: false,
      emphasis: { focus: "adjacency" },
      label: { color: colours.text, fontSize: 11, width: 150, overflow: "truncate", formatter: (/** @type {any} */ event) => names.get(event.name) },
      lineStyle: { color: "source", opacity: 0.3, curveness: 0.5 },
      data: nodes.map((node) => ({ name: node.id, depth: node.column, href: node.href, label: { position: node.column === last ? "left" : "right" }, itemStyle: node.tone ? { color: colours.tones[node.tone] } : undefined })),
      links: (data.links ?? []).map((link) => ({ source: link.source, target: link.target, value: link.value ?? 1 })),
    }],
  };
}

const FADED = 0.15;
// Room for labels at the sides, and for the legend below, of a graph in columns.
const ROW = 30;
const TOP = 28;
const BOTTOM = 56;
const GAP = 14;

/**
 * How high a graph must be so that no two labels of a column touch; 0 for other data.
 * @param {Data} data
 */
export function neededHeight(data) {
  const columns = columnsOf(data.nodes ?? []);
  return columns.length ? TOP + BOTTOM + ROW * (Math.max(...columns.map((column) => column.length)) - 1) : 0;
}

/**
 * The nodes by column, if every node names one.
 * @param {Node[]} nodes
 * @returns {Node[][]}
 */
function columnsOf(nodes) {
  if (nodes.some((node) => node.column === undefined)) return [];
  const numbers = [...new Set(nodes.map((node) => node.column ?? 0))].sort((one, other) => one - other);
  return numbers.map((number) => nodes.filter((node) => node.column === number));
}

/**
 * Where each node of a graph in columns stands, spread evenly, and where its label has room.
 * @param {Node[][]} columns
 * @param {Size} box the drawing without its margins
 * @param {number} side the width of the margin, which labels of the outer columns fill
 * @returns {Map<string, any>}
 */
function places(columns, box, side) {
  const longest = Math.max(...columns.map((column) => column.length));
  const last = columns.length - 1;
  // Between two inner columns a label has its column's share, or labels of one row would hide one another.
  const inner = last > 2 ? Math.max(box.width / last - 8, 60) : Math.max(box.width - 40, 120);
  const found = new Map();
  columns.forEach((column, number) => {
    const step = Math.min(box.height / Math.max(longest - 1, 1) * Math.max(1, (longest - 1) / Math.max(column.length, 1)), box.height / Math.max(column.length - 1, 1));
    const start = (box.height - step * (column.length - 1)) / 2;
    const outer = last && (number === 0 ? "left" : number === last ? "right" : "");
    column.forEach((node, row) => found.set(node.id, {
      x: last ? box.width * number / last : box.width / 2,
      y: start + step * row,
      label: outer ? { position: outer, width: side - GAP - (node.size ?? 26) / 2 } : { position: "top", distance: 4, width: inner, backgroundColor: "transparent" },
    }));
  });
  return found;
}

/**
 * @param {Data} data
 * @param {Colours} colours
 * @param {Size} size
 */
function graph(data, colours, size) {
  const nodes = data.nodes ?? [];
  const groups = [...new Set(nodes.map((node) => node.group ?? ""))];
  const faded = new Set(nodes.filter((node) => node.faded).map((node) => node.id));
  const columns = columnsOf(nodes);
  const side = Math.min(270, size.width * 0.29);
  const box = { width: size.width - 2 * side, height: size.height - TOP - BOTTOM };
  const placed = columns.length ? places(columns, box, side) : new Map();
  const margins = columns.length ? { left: side, right: side, top: TOP, bottom: BOTTOM } : { left: 40, right: 40, top: 16, bottom: groups.length > 1 ? 56 : 24 };
  return {
    legend: groups.length > 1 ? { ...legend(colours), data: groups } : { show: false },
    series: [{
      type: "graph",
      layout: columns.length ? "none" : "force",
      ...margins,
      roam: !columns.length,
      draggable: !columns.length,
      categories: groups.map((name) => ({ name })),
      force: { repulsion: 220, edgeLength: [60, 110], gravity: 0.3, layoutAnimation: false },
      label: { show: true, position: "bottom", distance: 6, color: colours.text, fontSize: 11, width: 150, overflow: "truncate", backgroundColor: columns.length ? colours.surface : undefined, padding: columns.length ? [1, 3] : 0 },
      labelLayout: { hideOverlap: true },
      edgeLabel: { show: !columns.length && (data.links ?? []).length <= 24, formatter: "{c}", color: colours.quiet, fontSize: 10 },
      lineStyle: { color: colours.quiet, opacity: columns.length ? 0.35 : 0.6, curveness: columns.length ? 0.08 : 0 },
      emphasis: { focus: "adjacency", lineStyle: { width: 2, opacity: 0.9 } },
      edgeSymbol: ["none", columns.length ? "none" : "arrow"],
      edgeSymbolSize: 7,
      data: nodes.map((node) => ({ id: node.id, name: node.name, href: node.href, category: groups.indexOf(node.group ?? ""), symbolSize: node.size ?? 26, itemStyle: { ...(node.tone ? { borderColor: colours.tones[node.tone], borderWidth: 3 } : {}), opacity: node.faded ? FADED : 1 }, ...placed.get(node.id), ...(node.faded ? { label: { ...placed.get(node.id)?.label, color: colours.line } } : {}) })),
      links: (data.links ?? []).map((link) => ({ source: link.source, target: link.target, value: link.label ?? "", lineStyle: faded.has(link.source) || faded.has(link.target) ? { opacity: 0.05 } : undefined })),
    }],
  };
}

/**
 * The countries of the world, darker where there is more. Small ones have no outline on the map: they are in the table.
 * @param {Data} data
 * @param {Colours} colours
 */
function world(data, colours) {
  const countries = data.countries ?? [];
  const most = Math.max(1, ...countries.map((one) => one.value));
  const words = (/** @type {any} */ event) => (event.data?.label ? `${event.data.label}: ${event.data.count.toLocaleString("en")} ${data.noun ?? ""}` : event.name);
  return {
    tooltip: { renderMode: "richText", confine: true, formatter: words, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } },
    // One country often has nearly all: by the logarithm the others are told apart too.
    visualMap: { show: false, min: 0, max: Math.log1p(most), seriesIndex: 0, inRange: { color: colours.shades } },
    series: [{
      type: "map",
      map: "world",
      left: 4, right: 4, top: 4, bottom: 4,
      roam: "move",
      selectedMode: false,
      itemStyle: { areaColor: colours.sunken, borderColor: colours.line },
      emphasis: { label: { show: false }, itemStyle: { areaColor: colours.tones.warning } },
      data: countries.map((one) => ({ ...one, count: one.value, value: Math.log1p(one.value) })),
    }],
  };
}
