/** The curves of the plot as data: the models shown, their grid and the height of the axis. */
{
  const EDGE = 0.04;
  const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  const TIGHT = 1.06;
  const LOOSE = 2.2;
  /** Less mass than this on the axis is drawn as nearly nothing. */
  const LEAST_MASS = 0.01;
  /** Least room between two numbers, and the width of a digit, pixels; closer ones share a label. */
  const GAP_PX = 4;
  const DIGIT_PX = 7.7;
  /** The text of a number that the first one has with its own; Plotly leaves out an empty text. */
  const NONE = "\u00a0";

  /**
   * The axis that shows all points: an end is that of `home`, or beyond it with some room.
   *
   * @returns {[number, number]}
   */
  function reach(/** @type {[number, number]} */ home, /** @type {number[]} */ points) {
    let [low, high] = home;
    for (const x of points) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
    const edge = EDGE * (high - low);
    if (low < home[0]) low -= edge;
    if (high > home[1]) high += edge;
    return [low, high];
  }

  /**
   * The axis: an end that was chosen is where it was chosen. The other one is as far as the points
   * reach; or beyond the chosen one, where the points no longer reach so far.
   *
   * @returns {[number, number]}
   */
  function range(
    /** @type {[number|null, number|null]} */ chosen,
    /** @type {[number, number]} */ reached,
  ) {
    const [low, high] = [chosen[0] ?? reached[0], chosen[1] ?? reached[1]];
    if (low < high) return [low, high];
    const width = Math.max(reached[1] - reached[0], Math.abs(chosen[0] ?? high));
    return chosen[0] === null ? [high - width, high] : [low, low + width];
  }

  /**
   * A round upper end of the density axis. It stays the same while the curve fits. An axis that
   * moves with every click would hide the effect of the click.
   */
  function ceiling(/** @type {number} */ top, /** @type {number} */ before) {
    if (top * TIGHT <= before && before <= top * LOOSE) return before;
    const power = 10 ** Math.floor(Math.log10(top * TIGHT));
    return power * (STEPS.find((step) => step * power >= top * TIGHT) || 10);
  }

  /** @returns {{x: (number|null)[], y: (number|null)[]}} all components as one path with gaps */
  function components(model, /** @type {number[]} */ xs) {
    const path = { x: [], y: [] };
    if (!model || model.weights.length < 2) return path;
    for (let k = 0; k < model.weights.length; k += 1) {
      path.x.push(...xs, null);
      path.y.push(...xs.map((x) => gmm.density.component(model, k, x)), null);
    }
    return path;
  }

  function whole(model, /** @type {number[]} */ xs) {
    return model ? { x: xs, y: xs.map((x) => gmm.density.at(model, x)) } : { x: [], y: [] };
  }

  /** The last line of each trace, and of which mixture and axis it is. @type {Record<string, {of: string, line: any}>} */
  const known = {};

  /** @returns {{x: number[], y: number[]}} the line of a trace; the same object while mixture and axis stay */
  function line(/** @type {string} */ uid, /** @type {Mixture} */ model, /** @type {[number, number]} */ axis) {
    const { weights, means, variances } = model;
    const of = JSON.stringify([weights, means, variances, axis]);
    if (known[uid]?.of !== of) known[uid] = { of, line: whole(model, gmm.density.grid(axis, [model])) };
    return known[uid].line;
  }

  /** @returns {any} the numbers of the components in the table, above the curve at their means */
  function numbers(model, /** @type {[number, number]} */ [low, high]) {
    if (!model || model.weights.length < 2) return { x: [], y: [], text: [] };
    const { clientWidth, _fullLayout: { margin } } = gmm.plot.element("plot");
    const pixels = (clientWidth - margin.l - margin.r) / (high - low);
    /** @type {number[]} */
    const means = model.means;
    const labels = means.map((_, k) => label(k, k, means));
    for (;;) {
      const apart = labels.slice(1).map((next, k) => {
        const room = GAP_PX + (DIGIT_PX * (labels[k].text + next.text).replace(/ /g, "").length) / 2;
        const px = (next.x - labels[k].x) * pixels;
        return px < room ? px : Infinity;
      });
      const least = Math.min(...apart);
      if (least === Infinity) break;
      const k = apart.indexOf(least); // the nearest first, so groups grow evenly
      labels.splice(k, 2, label(labels[k].first, labels[k + 1].last, means));
    }
    const x = means.slice();
    const y = means.map((mean) => gmm.density.at(model, mean));
    const text = means.map(() => NONE);
    for (const { first, last, ...each } of labels) {
      y[first] = Math.max(y[first], y[last]);
      [x[first], text[first]] = [each.x, each.text];
    }
    return { x, y, text };
  }

  /** @returns {any} the numbers of neighbouring components, in the middle above them */
  function label(/** @type {number} */ first, /** @type {number} */ last, /** @type {number[]} */ means) {
    const more = last === first ? "" : `${last === first + 1 ? ", " : "\u2013"}${last + 1}`;
    return { first, last, x: (means[first] + means[last]) / 2, text: `${first + 1}${more}` };
  }

  /** @returns {any} a path for each curve trace by its uid, and the highest value */
  function all(state, /** @type {[number, number]} */ shown) {
    const view = state.seen() || { online: null, scratch: null };
    const online = state.mode === "scratch" ? null : view.online;
    const scratch = state.mode === "online" ? null : view.scratch;
    const xs = gmm.density.grid(shown, [online, scratch].filter(Boolean));
    const paths = {
      "online-components": components(online, xs),
      "scratch-components": components(scratch, xs),
      online: whole(online, xs),
      scratch: whole(scratch, xs),
    };
    const least = LEAST_MASS / (shown[1] - shown[0]);
    const top = Math.max(least, ...paths.online.y, ...paths.scratch.y);
    return {
      paths, top, online, scratch,
      get numbers() {
        return numbers(online || scratch, shown); // of the width that the plot has now
      },
    };
  }

  gmm.curves = { all, ceiling, line, range, reach };
}
