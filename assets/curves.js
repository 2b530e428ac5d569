/** The curves of the plot as data: the models shown, their grid and the height of the axis. */
(function (gmm) {
  "use strict";

  const EDGE = 0.04;
  const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  const TIGHT = 1.06;
  const LOOSE = 2.2;

  /** @returns {[number, number]} the chosen axis, extended to include all points */
  function range(/** @type {[number, number]} */ axis, /** @type {number[]} */ points) {
    let [low, high] = axis;
    for (const x of points) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
    const edge = EDGE * (high - low);
    return [low < axis[0] ? low - edge : low, high > axis[1] ? high + edge : high];
  }

  /**
   * A round upper end of the density axis. It stays the same while the curve fits. An axis that
   * moves with every click would hide the effect of the click.
   *
   * @returns {number}
   */
  function ceiling(/** @type {number} */ top, /** @type {number} */ before) {
    if (top * TIGHT <= before && before <= top * LOOSE) return before;
    const power = 10 ** Math.floor(Math.log10(top * TIGHT));
    return power * (STEPS.find((step) => step * power >= top * TIGHT) || 10);
  }

  /** @returns {{x: (number|null)[], y: (number|null)[]}} all components as one path with gaps */
  function components(/** @type {any} */ model, /** @type {number[]} */ xs) {
    const path = { x: [], y: [] };
    if (!model || model.weights.length < 2) return path;
    for (let k = 0; k < model.weights.length; k += 1) {
      path.x.push(...xs, null);
      path.y.push(...xs.map((x) => gmm.density.component(model, k, x)), null);
    }
    return path;
  }

  function whole(/** @type {any} */ model, /** @type {number[]} */ xs) {
    return model ? { x: xs, y: xs.map((x) => gmm.density.at(model, x)) } : { x: [], y: [] };
  }

  /** @returns {any} a path for each curve trace by its uid, and the highest value */
  function all(/** @type {any} */ state, /** @type {[number, number]} */ shown) {
    const view = state.view || { online: null, scratch: null };
    const online = state.mode === "scratch" ? null : view.online;
    const scratch = state.mode === "online" ? null : view.scratch;
    const xs = gmm.density.grid(shown, [online, scratch].filter(Boolean));
    const paths = {
      "online-components": components(online, xs),
      "scratch-components": components(scratch, xs),
      online: whole(online, xs),
      scratch: whole(scratch, xs),
    };
    return { paths, top: Math.max(1e-12, ...paths.online.y, ...paths.scratch.y), online, scratch };
  }

  gmm.curves = { all, ceiling, range };
})((window.dash_clientside = window.dash_clientside || {}));
