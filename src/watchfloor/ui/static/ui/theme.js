// Runs before the first paint: the theme and the width of the navigation this browser chose.
(function () {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (localStorage.getItem("navigation") === "narrow") document.documentElement.dataset.navigation = "narrow";
  } catch {
    // Storage is forbidden: the system's theme it is.
  }
})();
