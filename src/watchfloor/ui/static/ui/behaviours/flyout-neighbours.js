// Previous and next in a fly-out that names no neighbours itself: those of the same kind in the table or list it was opened from.

const SVG = "http://www.w3.org/2000/svg";

/** @type {{links: HTMLElement[], place: number} | null} */
let opened = null;

/** @param {string} address */
const path = (address) => address.split("?")[0];

/**
 * Remember which link opened the fly-out, and its like in the other rows.
 * @param {Element} link
 */
export function openedFrom(link) {
  if (link.closest("#flyout")) {
    opened = null; // a page of the fly-out itself, or another thing it leads to
    return;
  }
  const row = link.closest("tr, li");
  const rows = row?.parentElement;
  const own = link.getAttribute("hx-get") ?? "";
  if (!row || !rows) {
    opened = null;
    return;
  }
  const column = [...row.querySelectorAll("[hx-get]")].filter((one) => path(one.getAttribute("hx-get") ?? "") === path(own)).indexOf(link);
  const links = [...rows.children].flatMap((one) => {
    const like = [...one.querySelectorAll("[hx-get]")].filter((other) => kind(other) === kind(link));
    return like[Math.max(column, 0)] ?? like[0] ?? [];
  });
  opened = { links: /** @type {HTMLElement[]} */ (links), place: links.indexOf(link) };
}

/**
 * What a link opens, whichever thing it is: /email/<id>/summary, /explorer/url.
 * @param {Element} link
 */
function kind(link) {
  return path(link.getAttribute("hx-get") ?? "").replace(/[^/]*[0-9][^/]*/g, "#");
}

/**
 * Write the two buttons into the fly-out's bar, unless it has its own.
 * @param {HTMLElement} content
 */
export function addNeighbours(content) {
  const bar = content.querySelector(".flyout-bar");
  if (!bar || !opened || opened.place < 0 || bar.querySelector("[data-prev], [data-next]")) return;
  const { links, place } = opened;
  const next = links.slice(place + 1).find((one) => one.isConnected);
  const previous = links.slice(0, place).reverse().find((one) => one.isConnected);
  if (next) bar.prepend(button("data-next", "Next", "j", "chevron-down", next));
  if (previous) bar.prepend(button("data-prev", "Previous", "k", "chevron-up", previous));
}

/**
 * @param {string} mark
 * @param {string} label
 * @param {string} key
 * @param {string} icon
 * @param {HTMLElement} link
 */
function button(mark, label, key, icon, link) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button subtle icon-only";
  made.setAttribute(mark, "");
  made.title = `${label} (${key})`;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  picture.append(document.createElementNS(SVG, "use"));
  picture.firstElementChild?.setAttribute("href", `/static/ui/icons.svg#${icon}`);
  made.append(picture);
  made.addEventListener("click", () => link.click());
  return made;
}
