// The fly-out: opens when something is swapped into #flyout, closes on Escape, backdrop or its button, and empties itself.
// Elements with data-prev and data-next inside are also reached with k and j.
import { addNeighbours, openedFrom } from "./flyout-neighbours.js";

/** @param {HTMLElement} element */
export default function flyout(element) {
  const dialog = /** @type {HTMLDialogElement} */ (element);
  const content = /** @type {HTMLElement} */ (dialog.querySelector("#flyout"));
  dialog.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== content || !content.hasChildNodes()) return;
    dialog.classList.toggle("wide", content.querySelector("[data-wide]") !== null);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    addNeighbours(content);
    // The button that was pressed is gone with the old content; without this, keys and screen readers would be outside.
    if (!dialog.contains(document.activeElement)) dialog.focus();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const detail = /** @type {CustomEvent} */ (event).detail;
    if (detail.target === content) openedFrom(detail.elt);
  });
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
  dialog.tabIndex = -1;
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, [contenteditable]")) return;
    const wanted = { j: "[data-next]", k: "[data-prev]" }[event.key];
    const link = wanted && content.querySelector(wanted);
    if (link instanceof HTMLElement) {
      event.preventDefault();
      event.stopPropagation();
      link.click();
    }
  });
  dialog.addEventListener("close", () => content.replaceChildren());
}
