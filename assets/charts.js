/** The small charts: loss from scratch, loss online, and the difference, over time. */
(function (gmm) {
  "use strict";

  const MOST_SAMPLES = 600;
  const EVERY_MS = 200;
  /** Less than this is not worth an axis of its own. */
  const LEAST_NATS = 0.02;
  const idle =
    window.requestIdleCallback || ((/** @type {() => void} */ run) => setTimeout(run, 1));
  /** @type {Set<string>} charts that await drawing */
  const due = new Set();

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
    window.Plotly.react(gd, data, layout);
  }

  /** The loss of the run from scratch, pass by pass; losses may be negative. */
  function drawScratchLoss(/** @type {any} */ state) {
    const losses = state.losses;
    const kept = sample(losses.length, state.logScale);
    const series = { x: kept.map((index) => index + 1), y: kept.map((index) => losses[index]) };
    series.mode = losses.length > 1 ? "lines" : "lines+markers";
    const xaxis = { type: state.logScale ? "log" : "linear", autorange: true };
    fill("scratch-loss-chart", [series], { xaxis, yaxis: focus(series.y) });
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

  const DRAW = {
    "scratch-loss-chart": drawScratchLoss,
    "online-loss-chart": drawOnlineLoss,
    "difference-chart": drawDifference,
  };

  /** Draw one of the charts that are due, and go on when the browser has a moment again. */
  function drawNext() {
    const [id] = due;
    due.delete(id);
    DRAW[id](gmm.state);
    if (due.size) idle(drawNext, { timeout: EVERY_MS });
  }

  /** Draw the named charts soon: the plot comes first, and a burst of news is drawn once. */
  function schedule(/** @type {string[]} */ ...ids) {
    const wanted = ids.length ? ids : Object.keys(DRAW);
    if (due.size === 0) {
      if (wanted.includes("scratch-loss-chart")) requestAnimationFrame(drawNext);
      else setTimeout(() => idle(drawNext, { timeout: EVERY_MS }), EVERY_MS);
    }
    for (const id of wanted) due.add(id);
  }

  gmm.charts = { sample, schedule };
})((window.dash_clientside = window.dash_clientside || {}));
