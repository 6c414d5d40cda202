// Choosing a time on a chart: by dragging over it, or with the keys. The chart's data say what the buckets are:
// brush: {starts: ISO times of the buckets' starts, end: where the last one ends, href: an address with {from} and {to}}.

/** @typedef {{starts: string[], end: string, href: string}} Brush */
/** @typedef {{from: number, to: number}} Span places of the first and the last bucket chosen */

const FAR = 6; // pixels a pointer travels before it drags

/**
 * @param {HTMLElement} canvas
 * @param {import("./vendor/echarts.min.js").Chart} drawn
 * @param {import("./chart-options.js").Data} data
 */
export function brush(canvas, drawn, data) {
  const times = /** @type {Brush} */ (data.brush);
  const band = document.createElement("div");
  band.className = "chart-band";
  band.hidden = true;
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  canvas.append(band);
  canvas.after(said);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `${canvas.getAttribute("aria-label")}. Arrow keys walk over the times, with Shift they choose, Enter shows only the chosen time.`);
  const last = times.starts.length - 1;
  /** @param {number} place */
  const within = (place) => Math.min(Math.max(place, 0), last);

  /** @param {Span} span */
  const show = (span) => {
    const [left, right] = [drawn.convertToPixel({ xAxisIndex: 0 }, span.from), drawn.convertToPixel({ xAxisIndex: 0 }, span.to)];
    const half = last ? Math.abs(drawn.convertToPixel({ xAxisIndex: 0 }, 1) - drawn.convertToPixel({ xAxisIndex: 0 }, 0)) / 2 : 20;
    band.style.left = `${Math.min(left, right) - half}px`;
    band.style.width = `${Math.abs(right - left) + 2 * half}px`;
    band.hidden = false;
    const total = (data.series ?? []).reduce((sum, one) => sum + one.values.slice(span.from, span.to + 1).reduce((a, b) => a + b, 0), 0);
    band.dataset.words = `${words(times.starts[span.from])} – ${words(end(span))}: ${total.toLocaleString("en")}`;
    said.textContent = band.dataset.words;
  };
  /** @param {Span} span */
  const end = (span) => times.starts[span.to + 1] ?? times.end;
  /** @param {Span} span */
  const go = (span) => location.assign(times.href.replace("%7Bfrom%7D", encodeURIComponent(times.starts[span.from])).replace("%7Bto%7D", encodeURIComponent(end(span))));

  pointer(canvas, (x) => within(Math.round(drawn.convertFromPixel({ xAxisIndex: 0 }, x))), show, go, () => (band.hidden = true));
  keys(canvas, within, show, go, () => (band.hidden = true));
}

/** @param {string} time */
const words = (time) => time.slice(0, 16).replace("T", " ");

/**
 * @param {HTMLElement} canvas
 * @param {(x: number) => number} placeOf
 * @param {(span: Span) => void} show
 * @param {(span: Span) => void} go
 * @param {() => void} clear
 */
function pointer(canvas, placeOf, show, go, clear) {
  let from = -1;
  let dragged = false;
  /** @param {PointerEvent} event */
  const at = (event) => event.clientX - canvas.getBoundingClientRect().left;
  /** @param {PointerEvent} event */
  const span = (event) => {
    const [first, second] = [placeOf(from), placeOf(at(event))];
    return { from: Math.min(first, second), to: Math.max(first, second) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = at(event);
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from < 0 || (!dragged && Math.abs(at(event) - from) < FAR)) return;
    if (!dragged) canvas.setPointerCapture(event.pointerId);
    dragged = true;
    show(span(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    const chosen = dragged && from >= 0 ? span(event) : null;
    from = -1;
    if (chosen) go(chosen);
  });
  canvas.addEventListener("pointercancel", () => {
    from = -1;
    clear();
  });
  // The click that ends a drag is none on a bar.
  canvas.addEventListener("click", (event) => dragged && event.stopPropagation(), true);
}

/**
 * @param {HTMLElement} canvas
 * @param {(place: number) => number} within
 * @param {(span: Span) => void} show
 * @param {(span: Span) => void} go
 * @param {() => void} clear
 */
function keys(canvas, within, show, go, clear) {
  let anchor = -1;
  let place = -1;
  const span = () => ({ from: Math.min(anchor, place), to: Math.max(anchor, place) });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step !== undefined) {
      place = within(place < 0 ? 0 : place + step);
      if (!event.shiftKey || anchor < 0) anchor = place;
      show(span());
    } else if (event.key === "Enter" && place >= 0) {
      go(span());
    } else if (event.key === "Escape" && place >= 0) {
      anchor = place = -1;
      clear();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
