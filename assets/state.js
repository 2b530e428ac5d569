/**
 * The one object that the page is drawn from. The server's answers replace its parts, unless a
 * newer answer is here already.
 *
 * @typedef {{total_variation: number, gap: number, current: boolean}} Comparison
 * @typedef {{number: number, weights: number[], means: number[], variances: number[],
 *   loss: number, n_points: number, revision: number, time_s: number}} Model
 * @typedef {{id: string, n_components: number, half_life: number|null, n_points: number,
 *   revision: number, can_undo: boolean, can_redo: boolean, online: Model|null,
 *   scratch: Model|null, comparison: Comparison|null}} View
 * @typedef {{id: string, serial: number, status: string, method: string, epochs: number,
 *   losses?: number[], error: string|null, model: Model|null}} Run
 * @typedef {{reason: "busy"|"rate"|"store", message: string}} Hindrance
 */
(function (gmm) {
  "use strict";

  const state = {
    settings: { memory_steps: [null] },
    /** @type {View|null} the session as the newest answer has it */
    view: null,
    /** @type {number[]} points that the server has acknowledged, in order of arrival */
    points: [],
    /** How often the list was replaced rather than grown: what is drawn is then drawn anew. */
    pointsReplaced: 0,
    /** @type {{held: number[], coming: number[]}} the same, with what is on its way */
    expected: { held: [], coming: [] },
    /** @type {{loss: number, n_points: number, comparison: Comparison|null}[]} each increment */
    history: [],
    /** @type {number[]} losses of the last run from scratch, pass by pass */
    losses: [],
    /** @type {Run|null} the last run from scratch */
    run: null,
    /** @type {any} the changes on their way to the server, see outbox.js */
    outbox: null,
    mode: "both",
    auto: false,
    method: "em",
    epochs: 200,
    logScale: false,
    /** @type {[number, number]} the axis as chosen */
    axis: [-1, 1],
    /** @type {[number, number]} the axis as drawn */
    shown: [-1, 1],
    connection: "connecting",
    /** @type {Hindrance|null} why the server does not carry out a command yet */
    hindrance: null,
    /** @type {Record<string, number[]>} response times by what they measure, ms */
    timings: { "online training": [], "round trip": [], "from scratch": [] },
  };

  /** @returns {boolean} whether a run waits for its turn or is under way */
  const isAlive = (/** @type {Run} */ run) => run.status === "queued" || run.status === "running";

  /** @returns {boolean} whether a run from scratch has been asked for and has not ended */
  const training = () => Boolean(state.run && isAlive(state.run));

  /** @returns {boolean} whether the model from scratch has seen what the session holds now */
  function scratchCurrent() {
    const comparison = state.view && state.view.comparison;
    return Boolean(comparison && comparison.current);
  }

  /** Take over a view unless a newer one is here. @returns {boolean} whether it brings news */
  function receive(/** @type {View} */ view) {
    const known = state.view && state.view.id === view.id ? state.view.revision : -1;
    if (view.revision < known) return false;
    state.view = view;
    return view.revision > known;
  }

  /** Note loss and distance of the online model, if it is another than `before`. */
  function remember(/** @type {Model|null} */ before) {
    const { online, comparison } = state.view;
    if (!online) {
      state.history = [];
    } else if (!before || online.number !== before.number) {
      gmm.timing.record(state.timings, "online training", 1e3 * online.time_s);
      state.history.push({ loss: online.loss, n_points: online.n_points, comparison });
    } else if (state.history.length) {
      state.history[state.history.length - 1].comparison = comparison;
    }
  }

  /** Forget what the charts show: the points are gone. */
  function reset() {
    state.history = [];
    state.losses = [];
    state.run = null;
  }

  /** Take over how a run stands, unless a newer one is here. @returns {boolean} it just ended */
  function follow(/** @type {Run} */ run) {
    const known = state.run;
    if (known && run.serial < known.serial) return false;
    const again = Boolean(known && known.id === run.id && !isAlive(known));
    if (again && isAlive(run)) return false;
    if (run.losses && (!known || known.id !== run.id || run.losses.length >= state.losses.length)) {
      state.losses = run.losses;
    }
    state.run = run;
    return !isAlive(run) && !again;
  }

  gmm.state = Object.assign(state, { follow, receive, remember, reset, scratchCurrent, training });
})((window.dash_clientside = window.dash_clientside || {}));
