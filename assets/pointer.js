/**
 * Mouse, finger and pen on the plot: a press adds, shift and the right button remove, hover reads.
 * The layer above the plot takes the events. Plotly's own clicks need a hover at the place first,
 * and name the position of the click before while it redraws.
 *
 * @typedef {{clientX: number, shiftKey: boolean}} Press
 */
{
  const REACH_PX = 6;
  const MOST_PARTS = 4;
  const MOUSE_SLACK_PX = 6;
  const TOUCH_SLACK_PX = 10;
  /** A longer press of a finger removes, also in a browser that sends no contextmenu for it. */
  const LONG_PRESS_MS = 500;
  /** @type {PointerEvent|null} the button or finger that is down and may become a click */
  let down = null;
  /** @type {PointerEvent|null} where the mouse is, over the plot */
  let hovering = null;
  /** @type {Press[]} presses before the plot was drawn */
  const early = [];

  /** @returns {boolean} whether the event is on the plot or on the points above it */
  function onPlot(/** @type {Event} */ event) {
    const target = /** @type {Element} */ (event.target);
    return Boolean(target.closest && target.closest("#points-layer"));
  }

  /** @returns {number} x rounded to two digits more than a pixel resolves */
  function tidy(/** @type {number} */ x, /** @type {number} */ perUnit) {
    const digits = Math.max(0, Math.ceil(Math.log10(perUnit)) + 2);
    return digits > 100 ? x : Number(x.toFixed(digits)); // toFixed takes no more
  }

  /** @returns {{x: number, px: number, perUnit: number}|null} an event's position on the axis */
  function position(gd, /** @type {{clientX: number}} */ event) {
    const axis = gd._fullLayout.xaxis;
    const px = event.clientX - gd.getBoundingClientRect().left - axis._offset;
    if (px < 0 || px > axis._length) return null;
    const perUnit = axis._length / (axis.range[1] - axis.range[0]);
    return { x: tidy(axis.range[0] + px / perUnit, perUnit), px: px + axis._offset, perUnit };
  }

  /** Add a point where the plot was pressed, or remove the nearest one. */
  function click(gd, /** @type {Press} */ press) {
    const where = position(gd, press);
    if (!where) return;
    if (press.shiftKey) gmm.actions.takeBack(where.x, REACH_PX / where.perUnit);
    else gmm.actions.add(where.x);
  }

  /** @returns {string[]} the lines of text for a position x */
  function reading(state, /** @type {number} */ x) {
    const lines = [`x = ${gmm.words.place(x, state.shown)}`];
    const shown = { online: "Online", scratch: "From scratch" };
    const seen = state.seen();
    for (const kind of ["online", "scratch"]) {
      const model = seen && seen[kind];
      if (!model || (state.mode !== kind && state.mode !== "both")) continue;
      const shares = gmm.density.responsibilities(model, x);
      const parts = shares
        .map((share, k) => ({ share, k }))
        .filter((part) => part.share >= 0.005)
        .map((part) => `  ${Math.round(100 * part.share)} % component ${part.k + 1}`);
      lines.push(`${shown[kind]}: density ${gmm.words.number(gmm.density.at(model, x))}`);
      lines.push(...parts.slice(0, MOST_PARTS)); // in one line they would be cut at the edge
    }
    return lines;
  }

  /** Show the reading under the pointer; the curves may have changed since it moved. */
  function read() {
    const gd = gmm.plot.element("plot");
    const readout = document.getElementById("readout");
    if (!readout) return;
    const where = hovering && gd ? position(gd, hovering) : null;
    readout.hidden = !where;
    if (!where) return;
    readout.textContent = reading(gmm.state, where.x).join("\n");
    const right = where.px > gd.clientWidth / 2;
    readout.dataset.side = right ? "left" : "right";
    readout.style.setProperty("--at", `${where.px}px`);
  }

  /** A finger that moves farther scrolls or drags. */
  function moves(/** @type {PointerEvent} */ event) {
    const slack = event.pointerType === "mouse" ? MOUSE_SLACK_PX : TOUCH_SLACK_PX;
    return Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > slack;
  }

  function pressed(/** @type {PointerEvent} */ event) {
    down = event.isPrimary && event.button === 0 && onPlot(event) ? event : null;
  }

  function moved(/** @type {PointerEvent} */ event) {
    if (down && moves(event)) down = null;
    const hovered = event.pointerType !== "touch" && onPlot(event);
    if (!hovered && !hovering) return;
    hovering = hovered ? event : null;
    read();
  }

  function released(/** @type {PointerEvent} */ event) {
    const press = down;
    if (!press || event.pointerId !== press.pointerId || moves(event)) return;
    down = null;
    const removing = press.pointerType !== "mouse" && event.timeStamp - press.timeStamp > LONG_PRESS_MS;
    const gd = gmm.plot.element("plot");
    if (!gd || !gmm.state.outbox) {
      if (!removing) keep(event);
    } else if (removing) removes(event);
    else click(gd, event);
  }

  /** The plot is not drawn yet: mark the press, and act on it later. */
  function keep(/** @type {PointerEvent} */ event) {
    const { clientX, clientY, shiftKey } = event;
    early.push({ clientX, shiftKey });
    const { left, top } = gmm.points.layer().getBoundingClientRect();
    gmm.points.mark(clientX - left, clientY - top);
  }

  /** Remove the point at a right click or a long press. */
  function removes(/** @type {PointerEvent} */ event) {
    if (!onPlot(event)) return;
    event.preventDefault();
    down = null;
    const gd = gmm.plot.element("plot");
    if (gd) click(gd, { clientX: event.clientX, shiftKey: true });
  }

  /** The plot is drawn: act on the presses that came before. */
  function listen(gd) {
    for (const press of early.splice(0)) click(gd, press);
  }

  // from now on, since the page may be seen long before Plotly has come
  document.addEventListener("pointerdown", pressed, true);
  document.addEventListener("pointermove", moved, true);
  document.addEventListener("pointerup", released, true);
  document.addEventListener("contextmenu", removes, true);
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && onPlot(event)) event.preventDefault(); // it would select text up to here
  }, true);
  document.addEventListener("pointercancel", () => (down = null), true);
  document.documentElement.addEventListener("pointerleave", () => {
    hovering = null;
    read();
  });

  gmm.pointer = { listen, read, tidy };
}
