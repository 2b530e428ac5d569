/** The curves of the plot as data: the models shown, their grid and the height of the axis. */
{
  const EDGE = 0.04;
  const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  const TIGHT = 1.06;
  const LOOSE = 2.2;
  /** Less mass than this on the axis is drawn as nearly nothing. */
  const LEAST_MASS = 0.01;
  /** Numbers closer than this share of the axis would be on each other: the first has both. */
  const CLOSE = 0.02;
  /** Width of a further digit, as a share of the axis. */
  const WIDTH = 0.0125;
  /** The text of the second; Plotly leaves out an empty one. */
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
   *
   * @returns {number}
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

  /** @returns {any} the number of each component in the table, above the curve at its mean */
  function numbers(model, /** @type {[number, number]} */ [low, high]) {
    if (!model || model.weights.length < 2) return { x: [], y: [], text: [] };
    /** @type {number[]} */
    const x = model.means;
    /** @type {number[][]} the components that each label names */
    const groups = [];
    x.forEach((mean, k) => {
      const meets = (/** @type {number[]} */ group, /** @type {number} */ j) =>
        group.length && Math.abs(x[j] - mean) < room(`${label(group)}${k + 1}`) * (high - low);
      const near = groups.findIndex(meets);
      groups.push(near < 0 ? [k + 1] : []);
      if (near >= 0) groups[near].push(k + 1);
    });
    return { x, y: x.map((mean) => gmm.density.at(model, mean)), text: groups.map(label) };
  }

  /** @returns {number} how far apart two labels are at least, together of this text; a share of the axis */
  const room = (/** @type {string} */ text) => CLOSE + (WIDTH * (text.length - 2)) / 2;

  /** @returns {string} the numbers of some components, in ascending order */
  function label(/** @type {number[]} */ group) {
    const [first, last] = [group[0], group[group.length - 1]];
    const row = group.length > 2 && last - first === group.length - 1;
    return row ? `${first}\u2013${last}` : group.join(", ") || NONE;
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
    return { paths, top, online, scratch, numbers: numbers(online || scratch, shown) };
  }

  gmm.curves = { all, ceiling, range, reach, whole };
}
