// The headings of a queue: one dragged onto another takes its place, and the form of the columns menu remembers it.

/** @param {HTMLElement} element */
export default function arrange(element) {
  const form = document.getElementById(element.dataset.arranges ?? "");
  if (!(form instanceof HTMLFormElement)) return;
  /** @type {HTMLTableCellElement | null} */
  let held = null;
  const head = (/** @type {Event} */ event) => /** @type {HTMLTableCellElement | null} */ (/** @type {Element} */ (event.target).closest("th[data-key]"));
  for (const one of element.querySelectorAll("th[data-key]")) {
    if (one instanceof HTMLElement && one.dataset.key !== "name") one.draggable = true;
  }
  element.addEventListener("dragstart", (event) => {
    held = head(event);
    if (held) event.dataTransfer?.setData("text/plain", held.dataset.key ?? "");
  });
  element.addEventListener("dragover", (event) => {
    const over = head(event);
    if (held && over && over !== held && over.dataset.key !== "name") event.preventDefault();
  });
  element.addEventListener("dragend", () => { held = null; });
  element.addEventListener("drop", (event) => {
    const over = head(event);
    if (!held || !over || over === held || over.dataset.key === "name") return;
    event.preventDefault();
    const after = over.cellIndex > held.cellIndex;
    const item = form.querySelector(`li[data-key="${CSS.escape(held.dataset.key ?? "")}"]`);
    const other = form.querySelector(`li[data-key="${CSS.escape(over.dataset.key ?? "")}"]`);
    if (item && other) {
      if (after) other.after(item);
      else other.before(item);
      form.requestSubmit();
    }
  });
}
