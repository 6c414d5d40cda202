// The attack story as it went: a slider over its alerts, a button that plays them, one entity and what it touches brought out.
// Steps and links stand in the page; the graph is told which of its nodes to show in full. Reduced motion: steps by hand only.

const PAUSE = 1400;

/** @typedef {{id: string, nodes: string[], label: string}} Step */

/** @param {HTMLElement} element */
export default function playback(element) {
  const figure = /** @type {HTMLElement | null} */ (element.querySelector("figure[data-kind='graph']"));
  const slider = /** @type {HTMLInputElement | null} */ (element.querySelector("input[type='range']"));
  const play = /** @type {HTMLButtonElement | null} */ (element.querySelector("[data-play]"));
  const says = element.querySelector("output");
  const picked = /** @type {HTMLSelectElement | null} */ (element.querySelector("select[data-highlight]"));
  const source = element.querySelector("script[data-steps]");
  if (!figure || !slider || !play || !says || !source) return;
  /** @type {{steps: Step[], links: [string, string][]}} */
  const story = JSON.parse(source.textContent ?? "{}");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;

  /** @param {Set<string> | null} ids */
  const tell = (ids) => figure.dispatchEvent(new CustomEvent("chart:show", { detail: { ids } }));
  const show = () => {
    const place = Number(slider.value);
    const whole = place >= story.steps.length;
    const now = story.steps[place - 1];
    says.textContent = whole ? `All ${story.steps.length} alerts` : now ? now.label : "Before the first alert";
    tell(whole ? null : new Set(story.steps.slice(0, place).flatMap((step) => step.nodes)));
    for (const line of document.querySelectorAll("[data-step]")) {
      const own = line.getAttribute("data-step");
      const current = !whole && own === now?.id;
      line.classList.toggle("current", current);
      if (current) line.scrollIntoView({ block: "nearest" });
      line.classList.toggle("quiet", !whole && story.steps.findIndex((step) => step.id === own) >= place);
    }
    if (picked && picked.value) picked.value = "";
  };
  const stop = () => {
    window.clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
    label(play, still.matches ? "Next alert" : "Play");
  };
  const step = () => {
    slider.value = String(Number(slider.value) + 1);
    show();
    if (Number(slider.value) >= story.steps.length) stop();
  };
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (Number(slider.value) >= story.steps.length) slider.value = "0";
    step();
    if (still.matches || Number(slider.value) >= story.steps.length) return;
    timer = window.setInterval(() => (element.isConnected ? step() : stop()), PAUSE);
    play.setAttribute("aria-pressed", "true");
    label(play, "Pause");
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  picked?.addEventListener("change", () => {
    stop();
    slider.value = slider.max;
    const chosen = picked.value;
    says.textContent = chosen ? `${picked.selectedOptions[0]?.text} and what it touches` : `All ${story.steps.length} alerts`;
    tell(chosen ? around(chosen, story.links) : null);
  });
  figure.addEventListener("chart:pick", (event) => {
    const id = String(/** @type {CustomEvent} */ (event).detail.id);
    const button = element.querySelector(`[data-pane="${CSS.escape(id)}"]`);
    if (button instanceof HTMLElement) {
      event.preventDefault();
      button.click();
    }
  });
  stop();
}

/**
 * A node, its neighbours, and the neighbours of the alerts among them: from an entity by its alerts to the other entities.
 * @param {string} id
 * @param {[string, string][]} links of alert and entity
 */
function around(id, links) {
  const alerts = new Set(links.filter(([alert, entity]) => entity === id || alert === id).map(([alert]) => alert));
  return new Set([id, ...alerts, ...links.filter(([alert]) => alerts.has(alert)).map(([, entity]) => entity)]);
}

/**
 * @param {HTMLElement} button
 * @param {string} words
 */
function label(button, words) {
  const text = button.querySelector("[data-words]");
  if (text) text.textContent = words;
}
