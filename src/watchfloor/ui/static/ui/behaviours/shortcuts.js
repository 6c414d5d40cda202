// Keys of every page: / search, ? help, g then a letter goes somewhere.

/** @type {Record<string, string>} */
const PLACES = { h: "/", i: "/incidents", l: "/alerts", e: "/explorer", a: "/action-center", s: "/settings" };

/** @param {EventTarget | null} target */
const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;

/** @param {HTMLElement} body */
export default function shortcuts(body) {
  let going = 0;
  const help = () => {
    const dialog = document.getElementById("shortcuts");
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  };
  body.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("[data-help]")) help();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const place = PLACES[event.key];
    if (going && place) {
      location.assign(place);
    } else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("global-search")?.focus();
    } else if (event.key === "?") {
      help();
    }
    window.clearTimeout(going);
    going = event.key === "g" ? window.setTimeout(() => (going = 0), 1500) : 0;
  });
}
