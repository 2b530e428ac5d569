/**
 * The menu closes by Escape, by a press elsewhere, and after one of its buttons. Its own button then
 * has the focus, which a dialog gives back as it closes; not after Rewind, where Space plays.
 */
{
  function listen() {
    const menu = /** @type {HTMLDetailsElement} */ (document.querySelector("details.menu"));
    const close = () => {
      menu.open = false;
    };
    document.addEventListener("pointerdown", (event) => {
      if (!menu.contains(/** @type {Node} */ (event.target))) close();
    });
    menu.addEventListener("click", (event) => {
      const pressed = /** @type {HTMLElement} */ (event.target).closest("button");
      if (!pressed) return;
      close();
      if (pressed.id !== "rewind-open") menu.querySelector("summary").focus();
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      close();
      menu.querySelector("summary").focus();
    });
  }

  gmm.menu = { listen };
}
