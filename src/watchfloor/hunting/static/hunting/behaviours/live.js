// New rows of the table below come in by themselves: asked for by a cursor about once a second. They wait while somebody
// reads, that is while the pointer or the focus is in the table, the page is scrolled down, or Pause is pressed (key p).

const EVERY = 1000; // milliseconds
const MOST = 200; // rows kept in the table
const CHART_EVERY = 30_000;
const htmx = /** @type {any} */ (window).htmx;

/** @param {HTMLElement} bar */
export default function live(bar) {
  const words = /** @type {HTMLElement} */ (bar.querySelector("[data-live-words]"));
  const pause = /** @type {HTMLButtonElement} */ (bar.querySelector("[data-live-pause]"));
  const show = /** @type {HTMLButtonElement} */ (bar.querySelector("[data-live-show]"));
  const count = /** @type {HTMLElement} */ (bar.querySelector("[data-live-waiting]"));
  let after = bar.dataset.after ?? "";
  let came = 0;
  let told = "";
  let drawn = Date.now();
  let chartOld = false;
  /** @type {HTMLTableRowElement[]} newest first */
  let waiting = [];

  const table = () => /** @type {HTMLTableElement | null} */ (document.getElementById("mails"));
  const pressed = () => pause.getAttribute("aria-pressed") === "true";
  const reading = () => {
    const body = table()?.tBodies[0];
    if (!body) return false;
    const down = (body.closest(".grid-wrap")?.scrollTop ?? 0) > 0 || body.getBoundingClientRect().top < 0;
    return down || body.matches(":hover, :focus-within") || document.querySelector("dialog[open]") !== null;
  };
  const tell = () => {
    const resting = pressed() || (waiting.length > 0 && reading());
    bar.classList.toggle("resting", resting);
    show.hidden = waiting.length === 0;
    count.textContent = String(waiting.length);
    const text = pressed() ? "Paused." : resting ? "New rows wait while you read." : came ? `Live: ${came.toLocaleString("en")} new since you came.` : "Live: new rows come in at the top.";
    if (text !== told) words.textContent = told = text; // a status is read aloud only when it changes
  };
  const put = () => {
    const body = table()?.tBodies[0];
    if (!body || !waiting.length) return;
    for (const row of [...waiting].reverse()) {
      row.classList.add("fresh");
      body.prepend(row);
      htmx?.process(row);
    }
    waiting = [];
    while (body.rows.length > MOST) body.rows[body.rows.length - 1].remove();
    table()?.dispatchEvent(new CustomEvent("rows", { bubbles: true }));
  };
  const ask = async () => {
    const answer = await fetch(`${bar.dataset.address}&after=${encodeURIComponent(after)}`, { headers: { "HX-Request": "true" } });
    if (answer.redirected || answer.headers.get("X-Live-Stale") === "1") return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    after = answer.headers.get("X-Live-Cursor") ?? after;
    const found = Number(answer.headers.get("X-Live-Found") ?? 0);
    if (!found) return;
    if (!table()) return location.reload(); // the first rows there are
    came += found;
    chartOld = true;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    waiting = [...page.querySelectorAll("tr"), ...waiting].slice(0, MOST);
  };
  const turn = async () => {
    if (!bar.isConnected) return;
    try {
      if (!document.hidden) await ask();
      if (!pressed() && !reading()) put();
      if (chartOld && Date.now() - drawn > CHART_EVERY && document.getElementById("chart-part") && !pressed()) {
        chartOld = false;
        drawn = Date.now();
        htmx?.ajax("GET", bar.dataset.chart ?? "", { target: "#chart-part", swap: "outerHTML" });
      }
      tell();
    } catch {
      words.textContent = told = "The server cannot be reached; trying again.";
      bar.classList.add("resting");
    }
    window.setTimeout(turn, EVERY);
  };

  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!pressed()));
    if (!pressed()) put();
    tell();
  });
  show.addEventListener("click", () => {
    put();
    tell();
    table()?.scrollIntoView({ block: "start" });
  });
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!bar.isConnected || event.key !== "p" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
    pause.click();
  });
  window.setTimeout(turn, EVERY);
}
