/**
 * What the callbacks need of the state, as plain data: the store `state` holds it.
 *
 * @typedef {{n_components: number, half_life: number|null, capacity: number}} Settings
 * @typedef {{view: any, settings: Settings, run: any, training: boolean, current: boolean,
 *   pass: number, connection: string, hindrance: any, coming: number,
 *   playing: any, starts: boolean, axisWrong: string, shown: [number, number], outside: number, least: boolean,
 *   step: number|null, steps: number, all: number, replays: boolean,
 *   timings: Record<string, number[]>, problem: any, announcement: string}} Snapshot
 */
{
  const DEFAULTS = { n_components: 3, half_life: null, capacity: 256 };

  /** @returns {Settings} the settings once all changes have reached the server */
  function settings() {
    const { view, outbox } = gmm.state;
    const { n_components, half_life, capacity } = view || DEFAULTS;
    return Object.assign({ n_components, half_life, capacity }, ...outbox.pending.map((/** @type {Command} */ command) => command.settings));
  }

  /**
   * How many points are beyond an end of the axis that a person has set. Of a histogram those bins
   * count that are beyond it as a whole, so there may be more points.
   */
  function outside() {
    const { axis, shown, expected, binned } = gmm.state;
    const { edges, counts } = (!expected.emptied && binned) || { edges: [], counts: [] };
    const least = counts.length > 0;
    if (axis[0] === null && axis[1] === null) return { outside: 0, least };
    const [low, high] = shown;
    const inBins = counts.filter((_, k) => edges[k + 1] < low || edges[k] > high);
    const points = [...expected.held, ...expected.coming].filter((x) => x < low || x > high);
    return { outside: inBins.reduce((sum, count) => sum + count, points.length), least };
  }

  /** @returns {number|undefined} the smallest value that is at least as large as `share` of all */
  function quantile(/** @type {number[]} */ values, /** @type {number} */ share) {
    const sorted = values.slice().sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  }

  /** @returns {Record<string, number[]>} last, median and 99th percentile of each series, ms */
  function times() {
    const found = {};
    for (const [name, values] of Object.entries(gmm.state.timings)) {
      const shares = [0.5, 0.99].map((share) => quantile(values, share));
      found[name] = [values[values.length - 1], ...shares];
    }
    return found;
  }

  /** @returns {Snapshot} */
  function take(problem = null, announcement = "") {
    const { state } = gmm;
    const view = state.seen();
    const { run, connection, hindrance, axisWrong, shown, losses } = state;
    return {
      view, connection, hindrance, axisWrong, shown, problem, announcement,
      run: run && { ...run, losses: null },
      settings: settings(),
      playing: view ? view.playing : null,
      starts: state.outbox.starts || Boolean(view?.playing && !view.n_points),
      training: state.training(),
      current: gmm.race.cursor !== null || state.scratchCurrent(),
      step: gmm.race.cursor,
      steps: gmm.race.steps(),
      all: gmm.race.ends().pop() || 0,
      replays: gmm.rewind.playing(),
      pass: losses.length,
      coming: state.expected.coming.length,
      ...outside(),
      timings: times(),
    };
  }

  gmm.snapshot = { settings, take };
}
