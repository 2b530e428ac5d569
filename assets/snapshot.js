/**
 * What the callbacks need of the state, as plain data: the store `state` holds it.
 *
 * @typedef {{n_components: number, half_life: number|null, capacity: number}} Settings
 * @typedef {{view: any, settings: Settings, run: any, training: boolean, current: boolean,
 *   pass: number, connection: string, hindrance: any, coming: number,
 *   playing: any, axisWrong: string, shown: [number, number], outside: number,
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

  /** @returns {number} points beyond an end of the axis that a person has set */
  function outside() {
    const { axis, shown, expected } = gmm.state;
    if (axis[0] === null && axis[1] === null) return 0;
    const beyond = (/** @type {number} */ x) => x < shown[0] || x > shown[1];
    return expected.held.filter(beyond).length + expected.coming.filter(beyond).length;
  }

  /** @returns {Record<string, number[]>} last, median and 99th percentile of each series, ms */
  function times() {
    const found = {};
    for (const [name, values] of Object.entries(gmm.state.timings)) {
      const shares = [0.5, 0.99].map((share) => gmm.timing.quantile(values, share));
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
      training: state.training(),
      current: gmm.race.cursor !== null || state.scratchCurrent(),
      step: gmm.race.cursor,
      steps: gmm.race.steps(),
      all: gmm.race.ends().pop() || 0,
      replays: gmm.rewind.playing(),
      pass: losses.length,
      coming: state.expected.coming.length,
      outside: outside(),
      timings: times(),
    };
  }

  gmm.snapshot = { settings, take };
}
