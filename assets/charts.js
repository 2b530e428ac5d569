/** The small charts: loss from scratch, loss online, and the difference, over time. */
(function (gmm) {
  "use strict";

  const MOST_SAMPLES = 600;
  const PAUSE_MS = 150;
  const AT_LATEST_MS = 150;
  /** Less than this is not worth an axis of its own. */
  const LEAST_NATS = 0.02;
  /** While the loss falls its axis reaches further down, by this share of what is needed... */
  const ROOM_BELOW = 0.4;
  /** ...and is drawn anew where it is so many times higher than needed. */
  const MOST_ROOM = 2.5;
  const SLACK = 0.05;
  /** The chart that is drawn while the person watches it change. */
  const LIVE = "scratch-loss-chart";
  let liveFrame = 0;
  /** @type {Set<string>} charts that await drawing */
  const due = new Set();
  /** Those charts, which wait for idle time. */
  const drawing = { timer: 0, since: 0 };
  /** @type {Record<string, string>} the theme in which each chart is drawn */
  const themes = {};

  /** @returns {number[]} indices that keep the ends and spread evenly over a long series */
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
   * The range in which a falling loss is worth seeing: a start that is out of all proportion leaves
   * the chart at its top, rather than pressing the rest flat.
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

  /** @returns {number} the largest size of a measure, with room above it, and at least `least` */
  function most(
    /** @type {any[]} */ entries,
    /** @type {string} */ name,
    /** @type {number} */ least,
  ) {
    const sizes = entries.map((entry) => Math.abs(entry.comparison[name] || 0));
    return 1.1 * Math.max(least, ...sizes);
  }

  /** Draw `series` (one a trace) with the theme's colours. */
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

  /** @returns {any} the axis of passes: whole from the start where their number is known */
  function passes(/** @type {any} */ state) {
    const { run, logScale } = state;
    const type = logScale ? "log" : "linear";
    if (!run || run.method !== "adam" || run.status === "cancelled")
      return { type, autorange: true };
    const range = logScale ? [0, Math.log10(Math.max(2, run.epochs))] : [1, run.epochs];
    return { type, autorange: false, range };
  }

  /**
   * Let the drawn line grow: a redraw by Plotly takes 20 ms and more, this less than one.
   *
   * @returns {boolean} whether that was possible: same colours, same passes, and the losses fit
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

  /** The loss of the run from scratch, pass by pass; losses may be negative. */
  function drawScratchLoss(/** @type {any} */ state) {
    const { losses } = state;
    const kept = sample(losses.length, state.logScale);
    const series = { x: kept.map((index) => index + 1), y: kept.map((index) => losses[index]) };
    series.mode = losses.length > 1 ? "lines" : "lines+markers";
    const axes = { xaxis: passes(state), yaxis: focus(series.y) };
    if (state.training()) {
      if (grow(LIVE, series, axes)) return;
      const { range } = axes.yaxis;
      if (range) range[0] -= ROOM_BELOW * (range[1] - range[0]); // where the loss is going
    }
    fill(LIVE, [series], axes);
  }

  /** The online loss after each increment. */
  function drawOnlineLoss(/** @type {any} */ state) {
    const kept = sample(state.history.length, false);
    const series = {
      x: kept.map((index) => index + 1),
      y: kept.map((index) => state.history[index].loss),
      mode: state.history.length > 1 ? "lines" : "lines+markers",
    };
    fill("online-loss-chart", [series], { yaxis: focus(series.y) });
  }

  /** How far the two were apart after each increment; hollow where from scratch was out of date. */
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

  /** Draw one of the charts that are due while nothing is awaited, and the next one later. */
  function drawSoon() {
    gmm.idle.wait(drawing, drawNext, PAUSE_MS, AT_LATEST_MS);
  }

  /** Draw the named charts: the live one in the next frame, others once the plot had its turn. */
  function schedule(/** @type {string[]} */ ...ids) {
    const wanted = ids.length ? ids : [LIVE, ...Object.keys(SLOW)];
    const slow = wanted.filter((id) => id !== LIVE);
    if (slow.length < wanted.length && !liveFrame) liveFrame = requestAnimationFrame(drawLive);
    for (const id of slow) due.add(id);
    if (slow.length) drawSoon();
  }

  gmm.charts = { sample, schedule };
})((window.dash_clientside = window.dash_clientside || {}));
