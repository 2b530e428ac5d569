/** Dark and light: the colours of the page for what is drawn without a style sheet. */
"use strict";

(function (gmm) {
  const ATTRIBUTE = "data-mantine-color-scheme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  /** @returns {"dark"|"light"} the theme that is shown */
  function current() {
    return root.getAttribute(ATTRIBUTE) === "dark" ? "dark" : "light";
  }

  /** @returns {string} the value of a colour variable of page.css, such as "online" */
  function colour(/** @type {string} */ name) {
    return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  }

  /** Call `listener` whenever the theme has changed. */
  function onChange(/** @type {() => void} */ listener) {
    new MutationObserver(listener).observe(root, { attributeFilter: [ATTRIBUTE] });
  }

  // before the first paint, so that the other theme does not flash; later Mantine sees to it
  const chosen = window.localStorage.getItem("mantine-color-scheme-value") || "auto";
  const first = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
  root.setAttribute(ATTRIBUTE, first);

  gmm.theme = { colour, current, onChange };
})((window.dash_clientside = window.dash_clientside || {}));
