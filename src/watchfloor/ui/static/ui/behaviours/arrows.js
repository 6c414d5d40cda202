// Arrow keys walk through the links of an element: down from its search box into them, and up into the box again.

/** @param {HTMLElement} element */
export default function arrows(element) {
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const here = event.target;
    if (!step || !(here instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = here.matches("input");
    if (box && event.key !== "ArrowDown") return;
    const links = [...element.querySelectorAll("a[href]")];
    const place = box ? 0 : links.indexOf(here) + step;
    if (!box && !links.includes(here)) return;
    const next = place < 0 ? element.querySelector("input[type=search]") : links[place];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  });
}
