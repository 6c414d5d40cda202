// The tables at the side: a text narrows them, a click on a name writes it into the query.

/** @param {HTMLElement} panel */
export default function schema(panel) {
  const search = /** @type {HTMLInputElement | null} */ (panel.querySelector("input[type=search]"));
  search?.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    for (const table of panel.querySelectorAll("details[data-table]")) {
      if (!(table instanceof HTMLDetailsElement)) continue;
      const named = (table.dataset.table ?? "").toLowerCase().includes(words);
      let any = false;
      for (const column of table.querySelectorAll("li")) {
        const fits = named || (column.textContent ?? "").toLowerCase().includes(words);
        column.hidden = !fits;
        any ||= fits;
      }
      table.hidden = !named && !any;
      if (words) table.open = !named && any;
    }
  });
  panel.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button[data-insert]");
    if (button instanceof HTMLElement) document.dispatchEvent(new CustomEvent("hunting:insert", { detail: button.dataset.insert }));
  });
}
