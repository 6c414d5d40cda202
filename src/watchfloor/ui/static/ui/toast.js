// Short messages in the corner; polite to screen readers.

/**
 * @param {string} text
 * @param {"info" | "success" | "warning" | "danger"} [tone]
 */
export function toast(text, tone = "info") {
  const region = document.getElementById("toasts");
  if (!region) return;
  const element = document.createElement("div");
  element.className = `toast toast-${tone}`;
  element.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button subtle icon-only small";
  close.dataset.close = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  element.append(close);
  region.append(element);
}
