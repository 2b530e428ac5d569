/** The menu closes by Escape, by a press elsewhere, and after one of its buttons. */
"use strict";

(function (gmm) {
  function listen() {
    const menu = /** @type {HTMLDetailsElement} */ (document.querySelector("details.menu"));
    const close = () => {
      menu.open = false;
    };
    document.addEventListener("pointerdown", (event) => {
      if (!menu.contains(/** @type {Node} */ (event.target))) close();
    });
    menu.addEventListener("click", (event) => {
      if (/** @type {HTMLElement} */ (event.target).closest("button")) close();
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      close();
      menu.querySelector("summary").focus();
    });
  }

  gmm.menu = { listen };
})((window.dash_clientside = window.dash_clientside || {}));
