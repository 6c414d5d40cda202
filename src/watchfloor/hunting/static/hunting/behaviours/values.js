// The key s opens the values of a column: of the head that has the focus, else those of the chart's pivot.

/** @param {HTMLElement} place */
export default function values(place) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!place.isConnected || event.key !== "s" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const own = target.closest("th")?.querySelector("[data-values]");
    const link = own ?? place.querySelector("[data-values]");
    if (link instanceof HTMLElement) link.click();
  });
}
