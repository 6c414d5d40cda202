// Switches the times of a table between UTC and this browser's zone; remembered in this browser.
const KEY = "zone";

/** @param {HTMLElement} button */
export default function zone(button) {
  const table = document.getElementById(button.dataset.zoneOf ?? "");
  const name = button.querySelector("[data-zone]");
  const show = () => {
    const local = localStorage.getItem(KEY) === "local";
    if (name) name.textContent = local ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC";
    button.setAttribute("aria-pressed", String(local));
    for (const time of table?.querySelectorAll("time[datetime]") ?? []) write(/** @type {HTMLTimeElement} */ (time), local);
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, localStorage.getItem(KEY) === "local" ? "utc" : "local");
    show();
  });
  show();
}

/**
 * @param {HTMLTimeElement} time
 * @param {boolean} local
 */
function write(time, local) {
  const at = new Date(time.dateTime);
  const shift = local ? at.getTimezoneOffset() * 60_000 : 0;
  time.textContent = new Date(at.getTime() - shift).toISOString().slice(0, 19).replace("T", " ");
}
