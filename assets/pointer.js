/** Mouse and touch on the plot: click adds, shift-click and right-click remove, hover reads. */
(function (gmm) {
  "use strict";

  const REACH_PX = 6;
  const MOST_PARTS = 4;

  /** @returns {number} x rounded to two digits more than a pixel resolves */
  function tidy(/** @type {number} */ x, /** @type {number} */ perUnit) {
    const digits = Math.max(0, Math.min(15, Math.ceil(Math.log10(perUnit)) + 2));
    return Number(x.toFixed(digits));
  }

  /** @returns {{x: number, px: number, perUnit: number}|null} an event's position on the axis */
  function position(/** @type {any} */ gd, /** @type {{clientX: number}} */ event) {
    const axis = gd._fullLayout.xaxis;
    const px = event.clientX - gd.getBoundingClientRect().left - axis._offset;
    if (px < 0 || px > axis._length) return null;
    const perUnit = axis._length / (axis.range[1] - axis.range[0]);
    return { x: tidy(axis.range[0] + px / perUnit, perUnit), px: px + axis._offset, perUnit };
  }

  /**
   * Add a point at a click or touch, or remove the nearest one. The position is that of the event:
   * while Plotly redraws, its `xvals` are those of the previous click.
   */
  function click(/** @type {any} */ gd, /** @type {any} */ event) {
    const where = position(gd, event.changedTouches ? event.changedTouches[0] : event);
    if (!where || event.button === 2) return; // a right-click arrives as contextmenu as well
    if (event.shiftKey) takeBack(where);
    else gmm.actions.add(where.x);
  }

  function takeBack(/** @type {{x: number, perUnit: number}} */ where) {
    const { held, coming } = gmm.state.expected;
    const point = gmm.rug.nearest([...held, ...coming], where.x, REACH_PX / where.perUnit);
    if (point === null) gmm.show.announce("No point within reach here.");
    else gmm.actions.remove(point);
  }

  /** @returns {string[]} the lines of text for a position x */
  function reading(/** @type {any} */ state, /** @type {number} */ x) {
    const lines = [`x = ${gmm.words.number(x)}`];
    const shown = { online: "Online", scratch: "From scratch" };
    for (const kind of ["online", "scratch"]) {
      const model = state.view && state.view[kind];
      if (!model || (state.mode !== kind && state.mode !== "both")) continue;
      const shares = gmm.density.responsibilities(model, x);
      const parts = shares
        .map((share, k) => ({ share, k }))
        .filter((part) => part.share >= 0.005)
        .map((part) => `${Math.round(100 * part.share)} % component ${part.k + 1}`);
      lines.push(`${shown[kind]}: density ${gmm.words.number(gmm.density.at(model, x))}`);
      lines.push(`  ${parts.slice(0, MOST_PARTS).join(", ")}`);
    }
    return lines;
  }

  function read(/** @type {any} */ gd, /** @type {MouseEvent} */ event) {
    const readout = document.getElementById("readout");
    const where = position(gd, event);
    readout.hidden = !where;
    if (!where) return;
    const lines = reading(gmm.state, where.x);
    readout.textContent = lines.join("\n");
    const right = where.px > gd.clientWidth / 2;
    readout.dataset.side = right ? "left" : "right";
    readout.style.setProperty("--at", `${where.px}px`);
  }

  function listen(/** @type {any} */ gd) {
    // Dash's listener copies each click into an unused property, which takes 10 ms per click
    gd.removeAllListeners("plotly_click");
    gd.on("plotly_click", (/** @type {any} */ data) => click(gd, data.event));
    gd.addEventListener("contextmenu", (/** @type {MouseEvent} */ event) => {
      event.preventDefault();
      const where = position(gd, event);
      if (where) takeBack(where);
    });
    // the browser repeats a touch as a mouse click: without this, one tap would add two points
    gd.addEventListener("touchend", (/** @type {TouchEvent} */ event) => event.preventDefault());
    gd.addEventListener("mousemove", (/** @type {MouseEvent} */ event) => read(gd, event));
    gd.addEventListener("mouseleave", () => {
      document.getElementById("readout").hidden = true;
    });
  }

  gmm.pointer = { listen, reading, tidy };
})((window.dash_clientside = window.dash_clientside || {}));
