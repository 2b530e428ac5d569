/** Dark and light theme: follows the system until the user chooses; the choice is stored. */
(function (gmm) {
  "use strict";

  const STORAGE_KEY = "theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  /** @returns {"dark"|"light"} */
  function current() {
    const chosen = window.localStorage.getItem(STORAGE_KEY);
    if (chosen === "dark" || chosen === "light") return chosen;
    return system.matches ? "dark" : "light";
  }

  function apply() {
    document.documentElement.dataset.theme = current();
  }

  /** @returns {"dark"|"light"} the theme after the switch */
  function toggle() {
    window.localStorage.setItem(STORAGE_KEY, current() === "dark" ? "light" : "dark");
    apply();
    return current();
  }

  /** Call `listener` whenever the system's theme changes. */
  function onSystemChange(/** @type {() => void} */ listener) {
    system.addEventListener("change", () => {
      apply();
      listener();
    });
  }

  /** @returns {string} the value of a colour variable of page.css, such as "online" */
  function colour(/** @type {string} */ name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  apply(); // before the first paint, so that the other theme does not flash
  gmm.theme = { colour, current, onSystemChange, toggle };
})((window.dash_clientside = window.dash_clientside || {}));
