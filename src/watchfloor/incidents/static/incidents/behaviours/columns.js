// The list of columns in the menu: dragged or moved with its arrows into another order, in which the form then holds them.

/** @param {HTMLElement} element */
export default function columns(element) {
  const list = /** @type {HTMLOListElement} */ (element.querySelector("ol"));
  /** @type {HTMLElement | null} */
  let held = null;
  const line = (/** @type {Event} */ event) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("li[draggable]"));
  list.addEventListener("dragstart", (event) => {
    held = line(event);
    if (held && event.dataTransfer) event.dataTransfer.setData("text/plain", held.dataset.key ?? "");
  });
  list.addEventListener("dragover", (event) => {
    const over = line(event);
    if (!held) return;
    event.preventDefault();
    if (over && over !== held) place(held, over, below(event, over));
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => { held = null; });
  list.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-move]");
    const item = line(event);
    if (!(button instanceof HTMLElement) || !item) return;
    const up = button.dataset.move === "up";
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (other instanceof HTMLElement && other.draggable) place(item, other, !up);
    button.focus();
  });
}

/**
 * @param {DragEvent} event
 * @param {Element} over
 */
const below = (event, over) => event.clientY > over.getBoundingClientRect().top + over.clientHeight / 2;

/**
 * @param {HTMLElement} item
 * @param {HTMLElement} other
 * @param {boolean} after
 */
function place(item, other, after) {
  if (after) other.after(item);
  else other.before(item);
}
