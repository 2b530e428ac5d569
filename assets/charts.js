/** The small charts: loss from scratch, loss online, and the difference, over time. */
(function (gmm) {
  "use strict";

  const MOST_SAMPLES = 600;
  const PAUSE_MS = 150;
  const AT_LATEST_MS = 150;
  /** Smallest upper end of an axis of differences; smaller differences do not matter. */
  const LEAST_NATS = 0.02;
  /** Extra room below a falling loss, as a share of the axis. More room means fewer redraws. */
  const ROOM_BELOW = 0.4;
  /** Redraw the axis when it is this many times higher than needed. */
  const MOST_ROOM = 2.5;
  const SLACK = 0.05;
  /** The chart that is drawn immediately, because the user watches it change. */
  const LIVE = "scratch-loss-chart";
  let liveFrame = 0;
  /** @type {Set<string>} charts to be drawn */
  const due = new Set();
  /** The idle-time task that draws them. */
  const drawing = { timer: 0, since: 0 };
  /** @type {Record<string, string>} the theme in which each chart is drawn */
  const themes = {};

  /** @returns {number[]} evenly spread indices of a long series, both ends included */
  function sample(/** @type {number} */ length, /** @type {boolean} */ logarithmic) {
    if (length <= MOST_SAMPLES) return Array.from({ length }, (_, index) => index);
    const last = length - 1;
    const picked = new Set();
    for (let i = 0; i < MOST_SAMPLES; i += 1) {
      const share = i / (MOST_SAMPLES - 1);
      picked.add(Math.round(logarithmic ? length ** share - 1 : last * share));
    }
    return Array.from(picked).sort((a, b) => a - b);
  }

  /**
   * The range of the loss axis. Very high first losses are cut off at the top, because they would
   * flatten the rest of the curve.
   *
   * @returns {{autorange: boolean, range?: [number, number]}}
   */
  function focus(/** @type {number[]} */ losses) {
    if (losses.length === 0) return { autorange: true };
    const low = Math.min(...losses);
    const high = Math.max(...losses);
    const settled = Math.max(...losses.slice(Math.floor(losses.length / 4)));
    const top = high - low > 8 * (settled - low) ? low + Math.max(2 * (settled - low), 1) : high;
    const margin = Math.max(0.08 * (Math.min(high, top) - low), LEAST_NATS);
    return { autorange: false, range: [low - margin, Math.min(high, top) + margin] };
  }

  /** @returns {number} the largest absolute value of a measure plus some room; at least `least` */
  function most(
    /** @type {any[]} */ entries,
    /** @type {string} */ name,
    /** @type {number} */ least,
  ) {
    const sizes = entries.map((entry) => Math.abs(entry.comparison[name] || 0));
    return 1.1 * Math.max(least, ...sizes);
  }

  /** Draw `series`, one per trace, in the colours of the theme. */
  function fill(/** @type {string} */ id, /** @type {any[]} */ series, /** @type {any} */ axes) {
    const gd = gmm.plot.element(id);
    if (!gd) return;
    const data = gd.data.map((/** @type {any} */ trace, /** @type {number} */ index) => {
      const color = gmm.theme.colour(trace.meta);
      const styled = { ...trace, ...series[index], line: { ...trace.line, color } };
      if (trace.marker) styled.marker = { ...trace.marker, ...series[index].marker, color };
      return styled;
    });
    const layout = gmm.plot.colours(gd.layout);
    for (const [name, axis] of Object.entries(axes)) layout[name] = { ...layout[name], ...axis };
    layout.hoverlabel = {
      bgcolor: gmm.theme.colour("surface"),
      bordercolor: gmm.theme.colour("line"),
      font: { color: gmm.theme.colour("ink"), size: 12 },
    };
    gd.closest(".finding").dataset.empty = data.every((trace) => trace.x.length === 0)
      ? "yes"
      : "no";
    themes[id] = gmm.theme.current();
    gmm.set_props(id, { figure: { data, layout } });
  }

  /** @returns {any} the axis of passes; it has its final range if their number is known */
  function passes(/** @type {any} */ state) {
    const { run, logScale } = state;
    const type = logScale ? "log" : "linear";
    if (!run || run.method !== "adam" || run.status === "cancelled")
      return { type, autorange: true };
    const range = logScale ? [0, Math.log10(Math.max(2, run.epochs))] : [1, run.epochs];
    return { type, autorange: false, range };
  }

  /**
   * Extend the drawn line without Plotly. A redraw by Plotly takes at least 20 ms; this takes less
   * than 1 ms.
   *
   * @returns {boolean} whether it was possible: same theme and axis, and the losses fit into it
   */
  function grow(/** @type {string} */ id, /** @type {any} */ series, /** @type {any} */ axes) {
    const gd = gmm.plot.element(id);
    if (!gd) return false;
    const { xaxis, yaxis } = gd._fullLayout;
    const [low, high] = axes.yaxis.range || [0, 0];
    const [bottom, top] = yaxis.range;
    const same =
      themes[id] === gmm.theme.current() &&
      xaxis.type === axes.xaxis.type &&
      String(xaxis.range) === String(axes.xaxis.range);
    const slack = SLACK * (top - bottom);
    const fits = bottom <= low && high <= top + slack && top - bottom < MOST_ROOM * (high - low);
    return same && fits && series.x.length > 2 && gmm.sketch.line(gd, series);
  }

  /** Draw the loss of the run from scratch by pass; losses may be negative. */
  function drawScratchLoss(/** @type {any} */ state) {
    const { losses } = state;
    const kept = sample(losses.length, state.logScale);
    const series = { x: kept.map((index) => index + 1), y: kept.map((index) => losses[index]) };
    series.mode = losses.length > 1 ? "lines" : "lines+markers";
    const axes = { xaxis: passes(state), yaxis: focus(series.y) };
    if (state.training()) {
      if (grow(LIVE, series, axes)) return;
      const { range } = axes.yaxis;
      if (range) range[0] -= ROOM_BELOW * (range[1] - range[0]); // room for lower losses
    }
    fill(LIVE, [series], axes);
  }

  /** Draw the online loss after each increment. */
  function drawOnlineLoss(/** @type {any} */ state) {
    const kept = sample(state.history.length, false);
    const series = {
      x: kept.map((index) => index + 1),
      y: kept.map((index) => state.history[index].loss),
      mode: state.history.length > 1 ? "lines" : "lines+markers",
    };
    fill("online-loss-chart", [series], { yaxis: focus(series.y) });
  }

  /** Draw the difference after each increment; hollow if the model from scratch was outdated. */
  function drawDifference(/** @type {any} */ state) {
    const measured = state.history
      .map((/** @type {any} */ entry, /** @type {number} */ index) => ({ ...entry, at: index + 1 }))
      .filter((/** @type {any} */ entry) => entry.comparison);
    const kept = sample(measured.length, false).map((index) => measured[index]);
    const x = kept.map((entry) => entry.at);
    const gap = most(kept, "gap", 0.01);
    const symbol = kept.map((entry) => (entry.comparison.current ? "circle" : "circle-open"));
    fill(
      "difference-chart",
      [
        { x, y: kept.map((entry) => entry.comparison.total_variation), marker: { symbol } },
        { x, y: kept.map((entry) => entry.comparison.gap) },
      ],
      {
        yaxis: { range: [0, most(kept, "total_variation", 0.01)], autorange: false },
        yaxis2: { range: [-gap, gap], autorange: false },
      },
    );
  }

  const SLOW = {
    "online-loss-chart": drawOnlineLoss,
    "difference-chart": drawDifference,
  };

  function drawLive() {
    liveFrame = 0;
    drawScratchLoss(gmm.state);
  }

  function drawNext() {
    const [id] = due;
    due.delete(id);
    SLOW[id](gmm.state);
    if (due.size) drawSoon();
  }

  /** Draw one chart that is due while no answer is awaited; draw the next one later. */
  function drawSoon() {
    gmm.idle.wait(drawing, drawNext, PAUSE_MS, AT_LATEST_MS);
  }

  /** Draw the named charts: the live one in the next frame, the others after the plot. */
  function schedule(/** @type {string[]} */ ...ids) {
    const wanted = ids.length ? ids : [LIVE, ...Object.keys(SLOW)];
    const slow = wanted.filter((id) => id !== LIVE);
    if (slow.length < wanted.length && !liveFrame) liveFrame = requestAnimationFrame(drawLive);
    for (const id of slow) due.add(id);
    if (slow.length) drawSoon();
  }

  gmm.charts = { sample, schedule };
})((window.dash_clientside = window.dash_clientside || {}));
