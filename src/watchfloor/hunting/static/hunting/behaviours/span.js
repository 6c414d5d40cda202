// The time picker: its two fields show only for a time of one's own.

/** @param {HTMLElement} element */
export default function span(element) {
  const select = /** @type {HTMLSelectElement} */ (element);
  const fields = select.form?.querySelector("[data-custom]");
  select.addEventListener("change", () => {
    if (fields instanceof HTMLElement) fields.hidden = select.value !== "custom";
  });
}
