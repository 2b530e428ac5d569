/**
 * The state: the one object from which the page is drawn. Answers of the server replace its parts,
 * unless a newer answer has arrived already.
 *
 * @typedef {{total_variation: number, gap: number|null, current: boolean}} Comparison
 * @typedef {{number: number, weights: number[], means: number[], variances: number[],
 *   loss: number, mean_nll: number, n_points: number, revision: number, time_s: number,
 *   exact?: boolean, run?: string, method?: string, converged?: boolean}} Model
 * @typedef {{id: string, n_components: number, half_life: number|null, n_points: number,
 *   revision: number, can_undo: boolean, can_redo: boolean, online: Model|null,
 *   scratch: Model|null, comparison: Comparison|null, example: string|null,
 *   truth: {weights: number[], means: number[], variances: number[]}|null, capacity: number, playing: {name: string, done: number, total: number,
 *   status: "playing"|"paused"}|null}} View
 * @typedef {{id: string, serial: number, status: string, method: string, epochs: number,
 *   losses?: number[], error: string|null, model: Model|null}} Run
 * @typedef {{reason: "busy"|"rate"|"store", message: string}} Hindrance
 */
{
  const KEPT_TIMES = 1000;

  const state = {
    /** @type {any} constants of the page, see `_stores` in dash_app/ui/layout.py */
    settings: {},
    /** @type {View|null} the session in the newest answer */
    view: null,
    /** @type {number[]} points that the server has acknowledged, in order of arrival */
    points: [],
    /** @type {Bins|null} the acknowledged points instead, where they are very many */
    binned: null,
    /** How often the acknowledged points have changed. */
    edition: 0,
    /** @type {Expected} acknowledged points, and points on their way */
    expected: { held: [], coming: [], emptied: false },
    /** @type {number[]} losses of the last run from scratch, pass by pass */
    losses: [],
    /** @type {Run|null} the last run from scratch */
    run: null,
    /** @type {{id: string, losses?: number[]}|null} an ended run; without losses: the server has none */
    course: null,
    /** @type {any} the changes on their way to the server, see outbox.js */
    outbox: null,
    mode: "both",
    auto: false,
    /** Whether the density that the points come from is drawn, where it is known. */
    truth: false,
    method: "em",
    epochs: 200,
    /** @type {[number|null, number|null]} the axis as chosen; null: as far as the points reach */
    axis: [null, null],
    /** Whether the boxes of the axis have something else than two ends. */
    axisWrong: "",
    /** @type {[number, number]} the axis of few points */
    home: [-1, 1],
    /** @type {[number, number]} the axis that shows all points */
    reach: [-1, 1],
    /** @type {[number, number]} the axis as drawn */
    shown: [-1, 1],
    connection: "connecting",
    /** @type {Hindrance|null} why the server does not carry out a command yet */
    hindrance: null,
    /** @type {Record<string, number[]>} response times by what they measure, ms */
    timings: { "online training": [], "round trip": [], "from scratch": [] },
  };

  /** @returns {boolean} whether a run is queued or running */
  const isAlive = (/** @type {Run} */ run) => run.status === "queued" || run.status === "running";

  /** @returns {boolean} whether a run from scratch was requested and has not ended */
  const training = () => Boolean(state.run && isAlive(state.run));

  /** @returns {boolean} whether the model from scratch was trained on the current points */
  function scratchCurrent() {
    const comparison = state.view && state.view.comparison;
    return Boolean(comparison && comparison.current);
  }

  /** @returns {any} the session as it is shown: as it is, or rewound */
  const seen = () => gmm.rewind.view() || state.view;

  /** Store a view unless a newer one is stored. @returns {boolean} whether its revision is new */
  function receive(/** @type {View} */ view) {
    const known = state.view && state.view.id === view.id ? state.view.revision : -1;
    if (view.revision < known) return false;
    if (view.scratch?.run !== state.view?.scratch?.run) gmm.charts.schedule();
    state.view = view;
    const example = state.settings.examples[view.example];
    state.home = example ? example.axis : [-1, 1];
    return view.revision > known;
  }

  /** Take over the points of an answer, or their histogram. */
  function replace(/** @type {{points: number[]|null, histogram?: Bins}} */ answer) {
    state.points = answer.points || [];
    state.binned = answer.histogram || null;
    state.edition += 1;
  }

  /** Change the points as the server has done it. */
  function change(/** @type {Command} */ command) {
    const { kind, x } = command;
    if (x || kind === "clear") state.edition += 1;
    if (kind === "clear") state.binned = null;
    if (state.binned && (kind === "add" || kind === "remove")) {
      state.binned = gmm.points.recount(state.binned, x, kind === "add" ? 1 : -1);
    } else {
      state.points = gmm.outbox.apply(state.points, command) || [];
    }
  }

  /** @returns {number} how many points the page knows of */
  function known() {
    const counts = state.binned ? state.binned.counts : [];
    return counts.reduce((sum, count) => sum + count, state.points.length);
  }

  /** Note a response time; the oldest one of a long series goes. */
  function time(/** @type {string} */ name, /** @type {number} */ ms) {
    const series = state.timings[name];
    series.push(ms);
    if (series.length > KEPT_TIMES) series.shift();
  }

  /** Note the time of the online training, if the model is new. */
  function timeOnline(/** @type {Model|null} */ before) {
    const { online } = state.view;
    if (online && online.number !== before?.number) time("online training", 1e3 * online.time_s);
  }

  /** Forget the run, because the points were cleared. */
  function reset() {
    state.losses = [];
    state.run = null;
  }

  /** Store a run unless a newer one is stored. @returns {boolean} whether it has just ended */
  function follow(/** @type {Run} */ run) {
    const known = state.run;
    if (known && run.serial < known.serial) return false;
    const again = Boolean(known && known.id === run.id && !isAlive(known));
    if (again && isAlive(run)) return false;
    if (run.losses && (!known || known.id !== run.id || run.losses.length >= state.losses.length)) {
      state.losses = run.losses;
    }
    state.run = run;
    if (run.status === "done") state.course = run;
    return !isAlive(run) && !again;
  }

  gmm.state = Object.assign(state, {
    change, follow, known, receive, replace, reset, scratchCurrent, seen, time, timeOnline, training,
  });
}
