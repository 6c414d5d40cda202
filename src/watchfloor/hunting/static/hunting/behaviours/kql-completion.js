// The list of what may be typed next, below the caret: arrows move, Enter or Tab takes, Escape closes; Ctrl+Space opens.
import { characterWidth } from "./kql-editor.js";

/** @typedef {{label: string, kind: string, detail: string, insert: string, start: number, end: number}} Item */

const MOST = 50;

/**
 * @param {HTMLTextAreaElement} area
 * @param {(position: number) => Promise<{items: Item[]} | null>} ask
 */
export function completion(area, ask) {
  const list = document.createElement("ul");
  list.className = "kql-choices";
  list.id = "kql-choices";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Completions");
  list.hidden = true;
  area.after(list);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  /** @type {Item[]} */
  let items = [];
  let chosen = 0;
  let asked = 0;

  const close = () => {
    asked += 1;
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
  };
  /** @param {number} place */
  const choose = (place) => {
    chosen = (place + items.length) % items.length;
    [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === chosen)));
    const current = list.children[chosen];
    area.setAttribute("aria-activedescendant", current.id);
    current.scrollIntoView({ block: "nearest" });
  };
  const open = async () => {
    const number = (asked += 1);
    const told = await ask(area.selectionStart);
    if (!told || number !== asked) return;
    items = told.items.slice(0, MOST);
    if (!items.length || (items.length === 1 && items[0].insert === area.value.slice(items[0].start, items[0].end))) return close();
    list.replaceChildren(...items.map(line));
    list.hidden = false;
    stand(area, list);
    choose(0);
  };
  const take = () => {
    const item = items[chosen];
    close();
    area.setRangeText(item.insert, item.start, item.end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };
  area.addEventListener("input", (event) => {
    const typed = event instanceof InputEvent ? event.data : null;
    if (typed && /[\w|. ]$/.test(typed)) void open();
    else close();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      void open();
      return;
    }
    if (list.hidden || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" || event.key === "Tab") take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  area.addEventListener("blur", () => window.setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const one = /** @type {Element} */ (event.target).closest("li");
    if (!one) return;
    chosen = [...list.children].indexOf(one);
    take();
  });
}

/**
 * @param {Item} item
 * @param {number} number
 */
function line(item, number) {
  const made = document.createElement("li");
  made.id = `kql-choice-${number}`;
  made.setAttribute("role", "option");
  made.title = item.detail;
  const name = document.createElement("span");
  name.className = `kql-${item.kind}`;
  name.textContent = item.label;
  const detail = document.createElement("span");
  detail.className = "quiet";
  detail.textContent = item.detail;
  made.append(name, detail);
  return made;
}

/**
 * Puts the list below the caret, within the editor.
 * @param {HTMLTextAreaElement} area
 * @param {HTMLElement} list
 */
function stand(area, list) {
  const style = getComputedStyle(area);
  const before = area.value.slice(0, area.selectionStart).split("\n");
  const left = parseFloat(style.paddingLeft) + (before.at(-1)?.length ?? 0) * characterWidth(style) - area.scrollLeft;
  const top = parseFloat(style.paddingTop) + before.length * parseFloat(style.lineHeight) - area.scrollTop;
  list.style.left = `${Math.max(0, Math.min(left, area.clientWidth - list.offsetWidth))}px`;
  list.style.top = `${Math.min(top, area.offsetHeight) + 2}px`;
}
