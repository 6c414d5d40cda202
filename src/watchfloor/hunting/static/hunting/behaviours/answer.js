// The rows of an answer: sorted by a click on a head, narrowed by a text, a page at a time. All rows came with the page as JSON,
// already made safe to read; the first page stands as HTML for whoever has no scripts.

/** @typedef {string | number | boolean | null} Value */
/** @typedef {{name: string, kind: string, link: string}} Head */

const PAGE = 100;

/** @param {HTMLElement} box */
export default function answer(box) {
  report(box);
  const table = /** @type {HTMLTableElement | null} */ (box.querySelector("table.answer-table"));
  const source = box.querySelector("#answer-rows");
  if (!table || !source) return;
  /** @type {{heads: Head[], rows: Value[][], keys: string[]}} */
  const data = JSON.parse(source.textContent ?? "{}");
  /** Rows chosen on any page, by what their box sends. @type {Set<string>} */
  const chosen = new Set();
  const all = /** @type {HTMLInputElement | null} */ (table.querySelector("thead input[type=checkbox]"));
  const elsewhere = box.querySelector("[data-elsewhere]");
  const state = { order: data.rows.map((_, place) => place), sort: -1, descending: false, page: 0, words: "" };
  const filter = /** @type {HTMLInputElement | null} */ (box.querySelector("[data-filter]"));
  const count = box.querySelector("[data-shown]");
  const [back, on] = ["[data-back]", "[data-on]"].map((one) => /** @type {HTMLButtonElement | null} */ (box.querySelector(one)));

  const show = () => {
    const first = state.page * PAGE;
    const places = state.order.slice(first, first + PAGE);
    table.tBodies[0].replaceChildren(...places.map((place) => row(table, data, place)));
    const last = first + places.length;
    if (count) count.textContent = state.order.length ? `${(first + 1).toLocaleString("en")}–${last.toLocaleString("en")} of ${state.order.length.toLocaleString("en")}` : "No row holds this text";
    if (back) back.disabled = state.page === 0;
    if (on) on.disabled = last >= state.order.length;
    for (const one of boxes(table)) one.checked = chosen.has(one.value);
    tell();
  };
  const tell = () => {
    const here = boxes(table);
    const shown = new Set(here.map((one) => one.value));
    for (const one of shown) chosen.delete(one);
    for (const one of here) if (one.checked) chosen.add(one.value);
    for (const one of here) one.closest("tr")?.classList.toggle("selected", one.checked);
    if (all) {
      all.checked = here.length > 0 && here.every((one) => one.checked);
      all.indeterminate = !all.checked && here.some((one) => one.checked);
    }
    elsewhere?.replaceChildren(...[...chosen].filter((one) => !shown.has(one)).map(hidden));
    for (const one of document.querySelectorAll(`[data-needs-selection="${CSS.escape(table.id)}"]`)) {
      if (one instanceof HTMLButtonElement) one.disabled = chosen.size === 0;
      const number = one.querySelector("[data-count]");
      if (number) number.textContent = String(chosen.size);
    }
  };
  table.addEventListener("selection", tell);
  const arrange = () => {
    const words = state.words.toLowerCase();
    const kept = words ? (/** @type {number} */ place) => data.rows[place].some((one) => String(one ?? "").toLowerCase().includes(words)) : () => true;
    state.order = data.rows.map((_, place) => place).filter(kept);
    if (state.sort >= 0) state.order.sort((a, b) => compared(data.rows[a][state.sort], data.rows[b][state.sort]) * (state.descending ? -1 : 1));
    state.page = 0;
    show();
  };
  filter?.addEventListener("input", () => {
    state.words = filter.value;
    arrange();
  });
  filter?.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  table.tHead?.addEventListener("click", (event) => {
    const head = /** @type {Element} */ (event.target).closest("th[data-place]");
    if (!(head instanceof HTMLElement) || !/** @type {Element} */ (event.target).closest("button")) return;
    const place = Number(head.dataset.place);
    state.descending = state.sort === place ? !state.descending : data.heads[place].kind !== "text";
    state.sort = place;
    for (const one of table.querySelectorAll("th[data-place]")) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    arrange();
  });
  back?.addEventListener("click", () => {
    state.page -= 1;
    show();
  });
  on?.addEventListener("click", () => {
    state.page += 1;
    show();
  });
}

/** @param {HTMLTableElement} table */
const boxes = (table) => /** @type {HTMLInputElement[]} */ ([...table.querySelectorAll('tbody input[name="row"]')]);

/** @param {string} value */
function hidden(value) {
  const made = document.createElement("input");
  made.type = "hidden";
  made.name = "row";
  made.value = value;
  return made;
}

/**
 * Tells the editor where the query is wrong.
 * @param {HTMLElement} box
 */
function report(box) {
  const marks = box.querySelector("#answer-marks");
  const form = document.getElementById("hunt");
  if (marks && form) form.dispatchEvent(new CustomEvent("hunting:wrong", { detail: JSON.parse(marks.textContent ?? "[]") }));
}

/**
 * Nothing comes last, whichever way; numbers by size, texts by letters.
 * @param {Value} a
 * @param {Value} b
 */
function compared(a, b) {
  if (a === b) return 0;
  if (a === null || a === "") return 1;
  if (b === null || b === "") return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: false });
}

/**
 * @param {HTMLTableElement} table
 * @param {{heads: Head[], rows: Value[][], keys: string[]}} data
 * @param {number} place
 */
function row(table, data, place) {
  const made = document.createElement("tr");
  if (data.keys.length) made.append(box(data.keys[place], place));
  data.heads.forEach((head, number) => {
    const cell = document.createElement("td");
    const value = data.rows[place][number];
    const text = value === null ? "" : String(value);
    if (head.kind === "number") cell.className = "number";
    cell.hidden = /** @type {HTMLElement | null} */ (table.querySelector(`th[data-place="${number}"]`))?.hidden ?? false;
    cell.append(content(head, text));
    made.append(cell);
  });
  return made;
}

/**
 * @param {Head} head
 * @param {string} text
 */
function content(head, text) {
  const made = document.createElement(head.link && text ? "a" : "span");
  made.className = "clip";
  made.title = text;
  made.textContent = text;
  if (made instanceof HTMLAnchorElement) made.href = head.link.replace("{}", encodeURIComponent(text));
  return made;
}

/**
 * @param {string} key
 * @param {number} place
 */
function box(key, place) {
  const cell = document.createElement("td");
  cell.className = "select";
  const made = document.createElement("input");
  made.type = "checkbox";
  made.name = "row";
  made.value = key;
  made.setAttribute("aria-label", `Select row ${place + 1}`);
  cell.append(made);
  return cell;
}
