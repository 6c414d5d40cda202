// Keeps the address of the page, and the copy button's text, what opens this page with the query and time as they stand now.

/** Longer addresses are cut by mail programs and refused by servers. */
const LONGEST = 8000;

/** @param {HTMLElement} box */
export default function share(box) {
  const form = /** @type {HTMLFormElement} */ (box.closest("form"));
  const button = /** @type {HTMLElement} */ (box.querySelector("[data-text]"));
  const keep = () => {
    const all = new FormData(form);
    const told = new URLSearchParams({ query: String(all.get("query") ?? ""), range: String(all.get("range") ?? "") });
    if (told.get("range") === "custom") for (const name of ["from", "to"]) told.set(name, String(all.get(name) ?? ""));
    const address = `${location.origin}/hunting?${told}`;
    const fits = address.length <= LONGEST;
    button.hidden = !fits;
    button.dataset.text = fits ? address : "";
    return fits ? address : "";
  };
  form.addEventListener("input", keep);
  form.addEventListener("submit", () => {
    const address = keep();
    if (address) history.replaceState(history.state, "", address);
  });
  keep();
}
