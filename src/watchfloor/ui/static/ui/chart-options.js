// ECharts options from our chart data: {categories, series: [{name, values, tone?}]} or {nodes, links}.

/**
 * @typedef {{name: string, values: number[], tone?: string, href?: string}} Series
 * @typedef {{id: string, name: string, group?: string, tone?: string, size?: number, href?: string}} Node
 * @typedef {{source: string, target: string, label?: string}} Link
 * @typedef {{categories?: string[], series?: Series[], nodes?: Node[], links?: Link[], horizontal?: boolean}} Data
 * @typedef {{text: string, quiet: string, line: string, surface: string, series: string[], tones: Record<string, string>, font: string}} Colours
 */

/**
 * @param {string} kind
 * @param {Data} data
 * @param {Colours} colours
 * @returns {object}
 */
export function option(kind, data, colours) {
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
  if (kind === "graph") return { ...common, ...graph(data, colours) };
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
  const several = series.length > 1;
  const label = { color: colours.quiet, fontSize: 11, hideOverlap: true };
  const names = { type: "category", data: data.categories ?? [], axisLabel: { ...label, width: data.horizontal ? 150 : 110, overflow: "truncate" }, axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, inverse: data.horizontal };
  const numbers = { type: "value", minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: colours.line } } };
  return {
    tooltip: { renderMode: "richText", confine: true, trigger: "axis", axisPointer: { type: kind === "line" ? "line" : "shadow" }, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } },
    legend: several ? legend(colours) : { show: false },
    grid: { left: 8, right: 12, top: 12, bottom: several ? 32 : 8, containLabel: true },
    xAxis: data.horizontal ? numbers : names,
    yAxis: data.horizontal ? names : numbers,
    series: series.map((one) => ({
      name: one.name,
      data: one.values,
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
 * @param {Data} data
 * @param {Colours} colours
 */
function graph(data, colours) {
  const groups = [...new Set((data.nodes ?? []).map((node) => node.group ?? ""))];
  return {
    legend: groups.length > 1 ? { ...legend(colours), data: groups } : { show: false },
    series: [{
      type: "graph",
      layout: "force",
      left: 40,
      right: 40,
      top: 16,
      bottom: groups.length > 1 ? 56 : 24,
      roam: true,
      draggable: true,
      categories: groups.map((name) => ({ name })),
      force: { repulsion: 220, edgeLength: [60, 110], gravity: 0.3, layoutAnimation: false },
      label: { show: true, position: "bottom", distance: 6, color: colours.text, fontSize: 11, width: 150, overflow: "truncate" },
      edgeLabel: { show: true, formatter: "{c}", color: colours.quiet, fontSize: 10 },
      lineStyle: { color: colours.quiet, opacity: 0.6 },
      edgeSymbol: ["none", "arrow"],
      edgeSymbolSize: 7,
      data: (data.nodes ?? []).map((node) => ({ id: node.id, name: node.name, href: node.href, category: groups.indexOf(node.group ?? ""), symbolSize: node.size ?? 26, itemStyle: node.tone ? { borderColor: colours.tones[node.tone], borderWidth: 4 } : undefined })),
      links: (data.links ?? []).map((link) => ({ source: link.source, target: link.target, value: link.label ?? "" })),
    }],
  };
}
