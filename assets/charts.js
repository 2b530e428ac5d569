/**
 * The small charts as figures: the data are filled into the figures of dash_app/ui/figures.py.
 * The functions are pure, except that `schedule` hands the data to Dash.
 *
 * @typedef {{data: any[], layout: any}} Figure
 */
"use strict";

(function (gmm) {
  const MOST_SAMPLES = 600;
  const PAUSE_MS = 150;
  const AT_LATEST_MS = 150;
  const LIVE = "scratch-loss-chart";
  const LIVE_EVERY_MS = 40;
  /** Smallest room above and below a loss; smaller differences do not matter. */
  const LEAST_NATS = 0.02;
  /** Extra room below a falling loss, as a share of the axis. More room means fewer redraws. */
  const ROOM_BELOW = 0.4;
  /** The idle-time task that hands the history over, and the timer of the live chart. */
  const drawing = { timer: 0, since: 0 };
  let liveTimer = 0;

  /** @returns {number[]} evenly spread indices of a long series, both ends included */
  function sample(/** @type {number} */ length) {
    if (length <= MOST_SAMPLES) return Array.from({ length }, (_, index) => index);
    const last = length - 1;
    const picked = Array.from({ length: MOST_SAMPLES }, (_, index) =>
      Math.round((last * index) / (MOST_SAMPLES - 1)),
    );
    return [...new Set(picked)];
  }

  /**
   * The range of a loss axis. Very high first losses are cut off at the top, because they would
   * flatten the rest of the curve.
   *
   * @returns {any}
   */
  function focus(/** @type {number[]} */ losses, roomBelow = 0) {
    if (losses.length === 0) return { autorange: true };
    const low = Math.min(...losses);
    const high = Math.max(...losses);
    const settled = Math.max(...losses.slice(Math.floor(losses.length / 4)));
    const far = high - low > 8 * (settled - low);
    const top = far ? low + Math.max(2 * (settled - low), 1) : high;
    const margin = Math.max(0.08 * (Math.min(high, top) - low), LEAST_NATS);
    const range = [low - margin, Math.min(high, top) + margin];
    range[0] -= roomBelow * (range[1] - range[0]);
    return { autorange: false, range };
  }

  /** @returns {Figure} the figure with other data and axes; its explanation shows while it is empty */
  function filled(/** @type {Figure} */ figure, /** @type {any[]} */ series, /** @type {any} */ axes) {
    const data = figure.data.map((trace, index) => ({ ...trace, ...series[index] }));
    const visible = data.every((trace) => trace.x.length === 0);
    const annotations = figure.layout.annotations.map((/** @type {any} */ each) => ({ ...each, visible }));
    const layout = { ...figure.layout, annotations };
    for (const axis of ["xaxis", "yaxis"]) {
      layout[axis] = { ...layout[axis], ...axes[axis], visible: !visible };
    }
    return { data, layout };
  }

  /** @returns {Figure} the loss after each increment; from scratch where it saw the same points */
  function losses(/** @type {any[]} */ history, /** @type {Figure} */ figure) {
    const kept = sample(history.length);
    const online = { x: kept.map((i) => i + 1), y: kept.map((i) => history[i].loss) };
    const both = kept.filter((i) => Number.isFinite(history[i].scratch));
    const scratch = { x: both.map((i) => i + 1), y: both.map((i) => history[i].scratch) };
    const mode = history.length > 1 ? "lines" : "lines+markers";
    const yaxis = focus([...online.y, ...scratch.y]);
    return filled(figure, [{ ...online, mode }, scratch], { yaxis });
  }

  /** @returns {Figure} the difference at each increment with a model from scratch of its points */
  function differences(/** @type {any[]} */ history, /** @type {Figure} */ figure) {
    const measured = history
      .map((entry, index) => ({ x: index + 1, y: entry.comparison?.total_variation, entry }))
      .filter(({ entry }) => entry.comparison && entry.comparison.current);
    const kept = sample(measured.length).map((index) => measured[index]);
    const y = kept.map((each) => each.y);
    const axes = {
      xaxis: { autorange: false, range: [0.5, history.length + 0.5] },
      yaxis: { autorange: false, range: [0, 1.15 * Math.max(0.01, ...y)] },
    };
    return filled(figure, [{ x: kept.map((each) => each.x), y }], axes);
  }

  /** @returns {any} the axis of passes; it has its final range if their number is known */
  function passes(/** @type {any} */ { run, scale }) {
    const type = scale === "log" ? "log" : "linear";
    if (!run || run.method !== "adam" || run.status === "cancelled") return { type, autorange: true };
    const range = type === "log" ? [0, Math.log10(Math.max(2, run.epochs))] : [1, run.epochs];
    return { type, autorange: false, range };
  }

  /** @returns {Figure} the loss after each pass of a run */
  function run(/** @type {any} */ told, /** @type {Figure} */ figure) {
    const y = told.losses;
    const x = y.map((/** @type {number} */ _, /** @type {number} */ index) => index + 1);
    const axes = { xaxis: passes(told), yaxis: focus(y, told.training ? ROOM_BELOW : 0) };
    return filled(figure, [{ x, y, mode: y.length > 1 ? "lines" : "lines+markers" }], axes);
  }

  /** @returns {boolean} whether all losses are inside the axis of a drawn figure */
  function fits(/** @type {Figure} */ figure, /** @type {number[]} */ added) {
    const { range } = figure.layout.yaxis;
    return Boolean(range) && added.every((loss) => range[0] <= loss && loss <= range[1]);
  }

  function tellLosses() {
    liveTimer = 0;
    const { losses: told, run: of, training } = gmm.state;
    const { id, method, epochs, status } = of || {};
    const data = { losses: told, training: training(), run: of && { id, method, epochs, status } };
    gmm.set_props("losses", { data });
  }

  function tellHistory() {
    gmm.set_props("history", { data: gmm.state.history.slice() });
  }

  /** Hand over the data of the named charts: the live one soon, the others in idle time. */
  function schedule(/** @type {string[]} */ ...ids) {
    const others = ids.filter((id) => id !== LIVE);
    const live = ids.length === 0 || others.length < ids.length;
    if (live && !liveTimer) liveTimer = setTimeout(tellLosses, LIVE_EVERY_MS);
    if (ids.length === 0 || others.length) {
      gmm.idle.wait(drawing, tellHistory, PAUSE_MS, AT_LATEST_MS);
    }
  }

  gmm.charts = { differences, fits, losses, run, schedule };
})((window.dash_clientside = window.dash_clientside || {}));
