// Collapses the left navigation to its icons; remembered in this browser.

/** @param {HTMLElement} button */
export default function navigation(button) {
  const root = document.documentElement;
  const show = () => button.setAttribute("aria-expanded", String(root.dataset.navigation !== "narrow"));
  button.addEventListener("click", () => {
    if (root.dataset.navigation === "narrow") delete root.dataset.navigation;
    else root.dataset.navigation = "narrow";
    localStorage.setItem("navigation", root.dataset.navigation ?? "wide");
    show();
    window.dispatchEvent(new Event("resize"));
  });
  show();
}
