// A table: rows selected with the checkbox (Shift for a range), moved through with j and k, opened with Enter;
// a column chooser when heads carry data-column, remembered in this browser per table id; a link with data-exports="<table id>"
// asks for the columns that are shown.
// Dispatches "selection" with {values} on the table; elements with data-needs-selection="<table id>" follow it.

/** @param {HTMLElement} element */
export default function grid(element) {
  const table = /** @type {HTMLTableElement} */ (element);
  selection(table);
  keys(table);
  columns(table);
}

/** @param {HTMLTableElement} table */
const rowsOf = (table) => [...(table.tBodies[0]?.rows ?? [])];
/** @param {HTMLTableElement} table */
const boxesOf = (table) =>
  /** @type {HTMLInputElement[]} */ ([...table.querySelectorAll('tbody input[type="checkbox"][name="row"]')]);

/** @param {HTMLTableElement} table */
function selection(table) {
  const all = /** @type {HTMLInputElement | null} */ (table.querySelector('thead input[type="checkbox"]'));
  /** @type {HTMLInputElement | null} */
  let last = null;
  const show = () => {
    const boxes = boxesOf(table);
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr")?.classList.toggle("selected", box.checked);
    if (all) {
      all.checked = boxes.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
    for (const one of document.querySelectorAll(`[data-needs-selection="${CSS.escape(table.id)}"]`)) {
      if (one instanceof HTMLButtonElement) one.disabled = chosen.length === 0;
      const count = one.querySelector("[data-count]") ?? (one.hasAttribute("data-count") ? one : null);
      if (count) count.textContent = String(chosen.length);
    }
    const values = chosen.map((box) => box.value);
    table.dispatchEvent(new CustomEvent("selection", { bubbles: true, detail: { values } }));
  };
  table.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.name !== "row") return;
    const boxes = boxesOf(table);
    if (event.shiftKey && last && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    }
    last = box;
    show();
  });
  all?.addEventListener("change", () => {
    for (const box of boxesOf(table)) box.checked = all.checked;
    show();
  });
  show();
}

/** @param {HTMLTableElement} table */
function keys(table) {
  /** @param {number} step */
  const move = (step) => {
    const rows = rowsOf(table);
    const place = rows.findIndex((row) => row.classList.contains("current"));
    const next = rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
    if (!next) return;
    rows[place]?.classList.remove("current");
    next.classList.add("current");
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!table.isConnected || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.closest("select, textarea, [contenteditable], input:not([type=checkbox])") || !mine(table)) return;
    const current = /** @type {HTMLTableRowElement | null} */ (table.querySelector("tbody tr.current"));
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x" || event.key === "X") {
      const box = current?.querySelector('input[name="row"]');
      box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.key === "X" }));
    } else if (event.key === "Enter" && current && target === current) {
      const link = current.querySelector("a[href], [hx-get], button");
      if (link instanceof HTMLElement) link.click();
    } else return;
    event.preventDefault();
  });
}

/**
 * With several tables on a page, the keys belong to the one with the current row, else to the first.
 * @param {HTMLTableElement} table
 */
function mine(table) {
  const owner = document.querySelector("table.grid:has(tr.current)") ?? document.querySelector('table[data-behaviour~="grid"]');
  return owner === table;
}

/** @param {HTMLTableElement} table */
function columns(table) {
  const heads = /** @type {HTMLTableCellElement[]} */ ([...table.querySelectorAll("thead th[data-column]")]);
  if (!heads.length || !table.id) return;
  const key = `columns:${table.id}`;
  const stored = localStorage.getItem(key);
  const hidden = new Set(
    stored === null ? heads.filter((head) => head.hasAttribute("data-off")).map((head) => head.dataset.column) : JSON.parse(stored),
  );
  const apply = () => {
    for (const head of heads) {
      const off = hidden.has(head.dataset.column);
      for (const row of table.rows) {
        const cell = row.cells[head.cellIndex];
        if (cell && row.cells.length > 1) cell.hidden = off;
      }
    }
  };
  const exported = () => {
    const shown = heads.map((head) => String(head.dataset.column)).filter((name) => !hidden.has(name));
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(`a[data-exports="${CSS.escape(table.id)}"]`))) {
      const url = new URL(link.href);
      url.searchParams.delete("column");
      for (const name of shown) url.searchParams.append("column", name);
      if (!shown.length) url.searchParams.append("column", "");
      link.href = url.href;
    }
  };
  apply();
  exported();
  const menu = document.createElement("details");
  menu.className = "menu";
  menu.dataset.behaviour = "menu";
  const summary = document.createElement("summary");
  summary.className = "button subtle";
  summary.append(picture("columns"), "Columns");
  const items = document.createElement("div");
  items.className = "menu-items";
  for (const head of heads) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !hidden.has(head.dataset.column);
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(head.dataset.column);
      else hidden.add(head.dataset.column);
      localStorage.setItem(key, JSON.stringify([...hidden]));
      apply();
      exported();
    });
    label.append(box, head.textContent?.trim() || String(head.dataset.column));
    items.append(label);
  }
  menu.append(summary, items);
  place(table, menu);
}

/**
 * An icon of the sprite.
 * @param {string} name
 */
function picture(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/static/ui/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Into an element with data-columns-of="<table id>", else into a line of tools above the table.
 * @param {HTMLTableElement} table
 * @param {HTMLElement} menu
 */
function place(table, menu) {
  let tools = document.querySelector(`[data-columns-of="${CSS.escape(table.id)}"]`);
  if (!tools) {
    tools = document.createElement("div");
    tools.className = "grid-tools";
    (table.closest(".grid-wrap") ?? table).before(tools);
  }
  tools.replaceChildren(menu);
  void import("./menu.js").then((module) => module.default(menu));
}
