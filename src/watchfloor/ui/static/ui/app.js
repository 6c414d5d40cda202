// Binds behaviours: an element with data-behaviour="grid menu" gets the default export of behaviours/grid.js and menu.js.
// A slice's own behaviour is written slice:name and lies in /static/<slice>/behaviours/<name>.js.
import "./exchange.js";

/** @type {WeakMap<Element, Set<string>>} */
const bound = new WeakMap();

/** @param {string} name */
function address(name) {
  const [slice, own] = name.includes(":") ? name.split(":") : ["ui", name];
  return `/static/${slice}/behaviours/${own}.js`;
}

/** @param {HTMLElement} element */
async function bind(element) {
  const done = bound.get(element) ?? new Set();
  bound.set(element, done);
  for (const name of (element.dataset.behaviour ?? "").split(/\s+/)) {
    if (!name || done.has(name)) continue;
    done.add(name);
    const module = await import(address(name));
    module.default(element);
  }
}

/** @param {ParentNode} root */
function bindAll(root) {
  if (root instanceof HTMLElement && root.matches("[data-behaviour]")) void bind(root);
  for (const element of root.querySelectorAll("[data-behaviour]")) {
    if (element instanceof HTMLElement) void bind(element);
  }
}

bindAll(document);
document.addEventListener("htmx:load", (event) => bindAll(/** @type {Element} */ (event.target)));
