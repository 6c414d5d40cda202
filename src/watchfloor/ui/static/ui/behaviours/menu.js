// A <details class="menu">: closes on Escape, on a click elsewhere, and when focus leaves.

/** @param {HTMLElement} element */
export default function menu(element) {
  const details = /** @type {HTMLDetailsElement} */ (element);
  document.addEventListener("click", (event) => {
    if (!details.contains(/** @type {Node} */ (event.target))) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary")?.focus();
  });
  details.addEventListener("focusout", (event) => {
    const next = event.relatedTarget;
    if (next instanceof Node && !details.contains(next)) details.open = false;
  });
}
