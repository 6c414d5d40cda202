// The design tokens as colours a chart can draw with.

/**
 * Custom properties with light-dark() only resolve on an element.
 * @param {HTMLElement} figure
 * @returns {import("./chart-options.js").Colours}
 */
export function colours(figure) {
  const probe = document.createElement("span");
  figure.append(probe);
  /** @param {string} name */
  const resolve = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    text: resolve("text"),
    quiet: resolve("text-quiet"),
    line: resolve("line"),
    surface: resolve("surface"),
    sunken: resolve("surface-sunken"),
    shades: [resolve("info-surface"), resolve("mark-info")],
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => resolve(`series-${number}`)),
    tones: Object.fromEntries([
      ...["neutral", "info", "success", "warning", "danger"].map((tone) => [tone, resolve(`mark-${tone}`)]),
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => [`series-${number}`, resolve(`series-${number}`)]),
    ]),
    font: getComputedStyle(figure).fontFamily,
  };
  probe.remove();
  return found;
}
