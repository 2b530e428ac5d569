/** One listener for all keys of the page; it ignores typing into a field. */
(function (gmm) {
  "use strict";

  const press = (/** @type {string} */ id) => () => document.getElementById(id).click();
  const other = (/** @type {string} */ name, /** @type {[string, string]} */ values) => () => {
    const now = document.getElementById(`${name}-${values[0]}`).getAttribute("aria-pressed");
    press(`${name}-${now === "true" ? values[1] : values[0]}`)();
  };

  let examplesDrawn = 0;
  function nextExample() {
    const buttons = document.querySelectorAll(".examples button");
    /** @type {HTMLElement} */ (buttons[examplesDrawn % buttons.length]).click();
    examplesDrawn += 1;
  }

  /** @type {Record<string, () => void>} */
  const KEYS = {
    p: press("train"),
    c: press("clear"),
    u: press("undo"),
    r: press("redo"),
    t: press("theme"),
    y: press("copy-parameters"),
    "?": press("help-open"),
    o: press("mode-online"),
    s: press("mode-scratch"),
    b: press("mode-both"),
    a: press("auto"),
    e: other("method", ["em", "adam"]),
    l: other("scale", ["linear", "log"]),
    x: () => gmm.cursor.focus(),
    g: () => document.getElementById("axis-low").focus(),
    d: nextExample,
    m: () => gmm.actions.step("memory", 1, true),
    "]": () => gmm.actions.step("epochs", 1),
    "[": () => gmm.actions.step("epochs", -1),
    "+": () => gmm.actions.step("n-components", 1),
    "-": () => gmm.actions.step("n-components", -1),
  };
  for (let k = 1; k <= 9; k += 1) KEYS[String(k)] = () => gmm.actions.setComponents(k);

  /** @returns {boolean} whether the key belongs to the element that has the focus */
  function typing(/** @type {EventTarget|null} */ target) {
    const element = /** @type {HTMLElement} */ (target);
    if (!element || !element.closest) return false;
    if (element.isContentEditable || element.closest("textarea, select, dialog")) return true;
    const input = /** @type {HTMLInputElement|null} */ (element.closest("input"));
    return Boolean(input && !["radio", "checkbox", "range"].includes(input.type));
  }

  /** @returns {string|null} the key's name in KEYS; includes the usual chords of undo and redo */
  function name(/** @type {KeyboardEvent} */ event) {
    if (event.altKey) return null;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z") return event.shiftKey ? "r" : "u";
      return key === "y" ? "r" : null;
    }
    return event.key.length === 1 ? event.key.toLowerCase() : null;
  }

  function listen() {
    document.addEventListener("keydown", (event) => {
      if (typing(event.target)) return;
      const key = name(event);
      if (key === null || !KEYS[key] || event.repeat) return;
      event.preventDefault();
      KEYS[key]();
    });
  }

  gmm.keyboard = { listen };
})((window.dash_clientside = window.dash_clientside || {}));
