// Condition rows made from the <template> inside: data-add adds one, data-remove removes its row.

/** @param {HTMLElement} bar */
export default function filterBar(bar) {
  const template = bar.querySelector("template");
  const rows = bar.querySelector("[data-rows]") ?? bar;
  bar.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-add]") && template) {
      rows.append(template.content.cloneNode(true));
      const control = rows.lastElementChild?.querySelector("select, input");
      if (control instanceof HTMLElement) control.focus();
    }
    if (target.closest("[data-remove]")) {
      target.closest("[data-row]")?.remove();
      bar.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}
