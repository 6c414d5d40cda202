// The query editor: a textarea that stays one (undo, selection, spelling off, screen readers), with colours and marks laid under
// its transparent text, completion, and one line below that says what the word at the caret or pointer is, or what is wrong.
// The server's own parser checks and completes; without this module the form works as it is.
import { coloured, wordAt } from "./kql-language.js";
import { completion } from "./kql-completion.js";

/** @typedef {{start: number, end: number, words: string, kind: string}} Mark */
/** @typedef {{name: string, kind: string, detail: string, of?: string}} Word */

/** @param {HTMLElement} box */
export default function editor(box) {
  const area = /** @type {HTMLTextAreaElement} */ (box.querySelector("textarea"));
  const form = /** @type {HTMLFormElement} */ (area.form);
  const says = /** @type {HTMLElement} */ (box.querySelector("[data-says]"));
  const colours = layer(box, area, "kql-colours");
  const marks = layer(box, area, "kql-marks");
  /** @type {Map<string, Word[]>} */
  const words = new Map();
  for (const one of known(box)) words.set(one.name, [...(words.get(one.name) ?? []), one]);
  const named = (/** @type {string} */ kind) => new Set(known(box).filter((one) => one.kind === kind).map((one) => one.name));
  const tables = named("table");
  const columns = named("column");
  /** @type {Mark[]} */
  let wrong = marksOf(box);
  box.classList.add("kql-live");

  const draw = () => {
    colours.replaceChildren(...pieces(coloured(area.value, tables, columns)), "\n");
    marks.replaceChildren(...marked(area.value, wrong), "\n");
    scroll();
  };
  const scroll = () => {
    for (const one of [colours, marks]) one.style.transform = `translate(${-area.scrollLeft}px, ${-area.scrollTop}px)`;
  };
  /** @param {number} place */
  const tell = (place) => {
    const mark = wrong.find((one) => one.start <= place && place <= Math.max(one.end, one.start + 1));
    const found = words.get(wordAt(area.value, place).word) ?? [];
    const word = found.find((one) => one.of && area.value.includes(one.of)) ?? found[0];
    const first = wrong[0];
    says.className = mark || (!word && first) ? "kql-says wrong" : "kql-says";
    if (mark) says.textContent = mark.words;
    else if (word) says.textContent = `${word.name}${word.of ? ` (${word.of})` : ""}: ${word.detail}`;
    else if (first) says.textContent = `${place_(area.value, first.start)}: ${first.words}`;
    else says.textContent = box.dataset.hint ?? "";
  };

  let asked = 0;
  const check = async () => {
    const number = (asked += 1);
    const told = await ask(form, "/hunting/check", { query: area.value });
    if (!told || number !== asked) return;
    wrong = told.marks;
    draw();
    tell(area.selectionStart);
  };
  let timer = 0;
  area.addEventListener("input", () => {
    wrong = [];
    draw();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void check(), 350);
  });
  area.addEventListener("scroll", scroll);
  new ResizeObserver(scroll).observe(area);
  for (const kind of ["keyup", "click", "focus"]) area.addEventListener(kind, () => tell(area.selectionStart));
  area.addEventListener("mousemove", (event) => tell(placeAt(area, event)));
  area.addEventListener("mouseleave", () => tell(area.selectionStart));
  completion(area, (position) => ask(form, "/hunting/complete", { query: area.value, position: String(position) }));
  const layOut = async () => {
    const before = area.value;
    const told = await ask(form, "/hunting/format", { query: before });
    if (!told || told.text === before || area.value !== before) return;
    area.focus();
    area.select();
    // insertText is the one way that leaves the browser's own undo whole.
    if (!document.execCommand("insertText", false, told.text)) area.setRangeText(told.text, 0, before.length, "end");
    area.setSelectionRange(0, 0);
    draw();
    void check();
  };
  form.querySelector("[data-format]")?.addEventListener("click", () => void layOut());
  area.addEventListener("keydown", (event) => {
    if (event.code === "KeyF" && event.shiftKey && event.altKey) {
      event.preventDefault();
      void layOut();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(/** @type {HTMLElement | null} */ (form.querySelector("[data-run]")));
    }
  });
  form.addEventListener("submit", () => {
    const part = /** @type {HTMLInputElement} */ (form.elements.namedItem("selection"));
    const { selectionStart: start, selectionEnd: end } = area;
    part.value = end > start && area.value.slice(start, end).trim() ? `${start}-${end}` : "";
  }, true);
  form.addEventListener("hunting:wrong", (event) => {
    wrong = /** @type {CustomEvent} */ (event).detail;
    draw();
    tell(wrong[0]?.start ?? 0);
  });
  document.addEventListener("hunting:insert", (event) => {
    area.focus();
    area.setRangeText(/** @type {CustomEvent} */ (event).detail, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  draw();
  tell(0);
  if (area.value && !wrong.length) void check();
}

/**
 * @param {HTMLElement} box
 * @returns {Word[]}
 */
function known(box) {
  return JSON.parse(box.querySelector("#hunting-words")?.textContent ?? "[]");
}

/**
 * @param {HTMLElement} box
 * @returns {Mark[]}
 */
function marksOf(box) {
  return JSON.parse(box.querySelector("#hunting-marks")?.textContent ?? "[]");
}

/**
 * @param {HTMLElement} box
 * @param {HTMLTextAreaElement} area
 * @param {string} name
 */
function layer(box, area, name) {
  const frame = document.createElement("div");
  frame.className = "kql-layer";
  frame.setAttribute("aria-hidden", "true");
  const made = document.createElement("pre");
  made.className = name;
  frame.append(made);
  area.before(frame);
  return made;
}

/** @param {[string, string][]} found */
function pieces(found) {
  return found.map(([text, kind]) => (kind ? span(text, kind) : document.createTextNode(text)));
}

/**
 * @param {string} text
 * @param {string} kind
 */
function span(text, kind) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}

/**
 * @param {string} text
 * @param {Mark[]} wrong
 */
function marked(text, wrong) {
  /** @type {Node[]} */
  const made = [];
  let at = 0;
  for (const mark of [...wrong].sort((a, b) => a.start - b.start)) {
    const start = Math.max(at, Math.min(mark.start, text.length));
    const end = Math.max(mark.end, start + 1);
    made.push(document.createTextNode(text.slice(at, start)), span(text.slice(start, end) || " ", `kql-wrong kql-${mark.kind}`));
    at = Math.min(end, text.length);
  }
  made.push(document.createTextNode(text.slice(at)));
  return made;
}

/**
 * “Line 2, column 5”.
 * @param {string} text
 * @param {number} place
 */
function place_(text, place) {
  const lines = text.slice(0, place).split("\n");
  return `Line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/**
 * The place in the text under the pointer; every character is as wide as another.
 * @param {HTMLTextAreaElement} area
 * @param {MouseEvent} event
 */
function placeAt(area, event) {
  const style = getComputedStyle(area);
  const frame = area.getBoundingClientRect();
  const line = Math.floor((event.clientY - frame.top - parseFloat(style.paddingTop) + area.scrollTop) / parseFloat(style.lineHeight));
  const column = Math.floor((event.clientX - frame.left - parseFloat(style.paddingLeft) + area.scrollLeft) / characterWidth(style));
  const lines = area.value.split("\n");
  if (line < 0 || line >= lines.length || column > lines[line].length) return area.value.length + 1;
  return lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + Math.max(column, 0);
}

/** @param {CSSStyleDeclaration} style */
export function characterWidth(style) {
  const canvas = document.createElement("canvas").getContext("2d");
  if (!canvas) return 8;
  canvas.font = `${style.fontSize} ${style.fontFamily}`;
  return canvas.measureText("0".repeat(50)).width / 50;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} address
 * @param {Record<string, string>} fields
 */
async function ask(form, address, fields) {
  const token = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=csrfmiddlewaretoken]"))?.value ?? "";
  try {
    const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(fields) });
    return answer.ok && answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
  } catch {
    return null; // the editor stays a textarea while the server is away
  }
}
