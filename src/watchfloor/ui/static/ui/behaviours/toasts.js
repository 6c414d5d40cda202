// The toast region: dismiss by button; success and info leave after a while; always above an open dialog.
const STAY = 8000;

/** @param {HTMLElement} region */
export default function toasts(region) {
  region.popover = "manual";
  const raise = () => {
    for (const one of region.querySelectorAll(".toast:not([data-seen])")) {
      one.setAttribute("data-seen", "");
      if (!one.matches(".toast-error, .toast-danger, .toast-warning")) window.setTimeout(() => one.remove(), STAY);
    }
    if (region.matches(":popover-open")) region.hidePopover();
    if (region.querySelector(".toast")) region.showPopover();
  };
  region.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-close]")) target.closest(".toast")?.remove();
  });
  new MutationObserver(raise).observe(region, { childList: true });
  raise();
}
