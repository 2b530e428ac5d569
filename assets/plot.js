/**
 * The plot: fills the traces of figures.py with the curves of the state.
 *
 * `schedule` shows the state in the next frame. As long as Plotly need not draw other axes or other
 * traces, a sketch draws the curves (sketch.js). The points are above the plot (points.js).
 */
{
  /** How much higher than ours the curves of other learners may make the plot. */
  const HIGHER = 2;
  let frame = 0;
  /** The frame that is to paint what has been drawn; 0: it is on the screen. */
  let painting = 0;
  /** What is on the screen: settings that Plotly drew with, the top of the axis, and the curves. */
  let drawn = { key: "", ceiling: 0, curves: /** @type {any} */ (null) };
  /** The last computed curves and their inputs. */
  let known = { of: /** @type {any[]} */ ([]), curves: /** @type {any} */ (null) };

  /** @returns {any} the element that Plotly draws into, null before Dash has drawn it */
  function element(/** @type {string} */ id) {
    const found = document.querySelector(`#${id} .js-plotly-plot`);
    return found && /** @type {any} */ (found)._fullLayout ? found : null;
  }

  /** @returns {any} the curves of the state; the same object while they do not change */
  function curvesOf(state) {
    const { id, online, scratch } = state.seen() || { id: "", online: null, scratch: null };
    const of = [id, online && online.number, scratch && scratch.number, state.mode, ...state.shown];
    if (known.of.length !== of.length || of.some((each, index) => each !== known.of[index])) {
      known = { of, curves: gmm.curves.all(state, state.shown) };
    }
    const truth = truthOf(state);
    if (!gmm.race.shown.length && !truth.top) return known.curves;
    const { paths, top } = gmm.race.lines(state.shown);
    const highest = Math.max(known.curves.top, Math.min(top, HIGHER * known.curves.top));
    return {
      ...known.curves,
      paths: { ...known.curves.paths, ...paths, ...truth.paths },
      top: Math.max(highest, truth.top),
    };
  }

  /** @returns {{paths: any, top: number}} the curve of the truth, where it is known and asked for */
  function truthOf(state) {
    const { truth } = state.view || {};
    if (!state.truth || !truth) return { paths: {}, top: 0 };
    const line = gmm.curves.line("truth", truth, state.shown);
    return { paths: { truth: line }, top: Math.max(...line.y) };
  }

  /** @returns {boolean} whether the same curves are drawn already */
  function sameCurves(one, other) {
    if (!one || !other || one === other) return one === other;
    const uids = Object.keys(one.paths);
    return uids.length === Object.keys(other.paths).length && uids.every((uid) => one.paths[uid] === other.paths[uid]);
  }

  /** @returns {any} the picture as data */
  function picture(state, gd) {
    state.expected = state.outbox.expect(state.points);
    const { emptied } = state.expected;
    const past = gmm.rewind.view();
    const held = past ? state.points.slice(0, past.n_points) : state.expected.held;
    const coming = past ? [] : state.expected.coming;
    const bins = emptied ? null : state.binned;
    const binned = past && past.n_points < state.view.n_points ? null : bins; // it has the later points, too
    const points = held.concat(coming);
    // the ends of a histogram stand for its points
    const ends = bins ? [bins.edges[0], bins.edges[bins.counts.length]] : [];
    state.reach = gmm.curves.reach(state.home, [...ends, ...points]);
    state.shown = gmm.curves.range(state.axis, state.reach);
    const curves = curvesOf(state);
    const ceiling =
      curves.online || curves.scratch ? gmm.curves.ceiling(curves.top, drawn.ceiling) : 1;
    const key = JSON.stringify([
      state.mode, state.shown, gd.clientWidth, gd.clientHeight, Object.keys(curves.paths).length,
      curves.online?.weights.length, curves.scratch?.weights.length,
    ]);
    return { held, coming, binned, curves, ceiling, key };
  }

  function show() {
    frame = 0;
    painting = painting || requestAnimationFrame(() => { painting = 0; });
    const { state } = gmm;
    const gd = element("plot");
    if (!gd || !state.outbox) return;
    const seen = picture(state, gd);
    if (seen.key !== drawn.key) redraw(gd, seen);
    else sketch(gd, seen);
    gmm.points.draw(gd, seen);
    gmm.cursor.place();
    gmm.pointer.read();
  }

  /** Draw the curves that have changed into what Plotly has drawn. */
  function sketch(gd, { curves, ceiling }) {
    const scaled = ceiling !== drawn.ceiling;
    if (scaled) scale(gd, ceiling);
    else if (sameCurves(curves, drawn.curves)) return;
    fill(gd.data, curves);
    gmm.sketch.curves(gd, curves, scaled ? null : drawn.curves);
    Object.assign(drawn, { curves, ceiling });
  }

  /** Let Plotly draw what it drew last with another ceiling: a third of the time of a redraw. */
  function scale(gd, /** @type {number} */ ceiling) {
    gd.removeAllListeners("plotly_relayout"); // Dash would take the layout over and draw all of it
    window.Plotly.relayout(gd, { "yaxis.range": [0, ceiling] });
  }

  function redraw(gd, { key, curves, ceiling }) {
    const data = gd.data.map((trace) => ({ ...trace }));
    fill(data, curves);
    const xaxis = { ...gd.layout.xaxis, range: gmm.state.shown.slice() };
    const yaxis = { ...gd.layout.yaxis, range: [0, ceiling] };
    window.Plotly.react(gd, data, { ...gd.layout, xaxis, yaxis });
    drawn = { key, ceiling, curves };
  }

  /** Fill the curves into the traces. */
  function fill(/** @type {any[]} */ data, { paths, online, scratch, numbers }) {
    const byUid = Object.fromEntries(data.map((trace) => [trace.uid, trace]));
    for (const uid of Object.values(gmm.state.settings.lines)) if (byUid[uid]) byUid[uid].visible = uid in paths;
    byUid.truth.visible = "truth" in paths;
    for (const [uid, line] of Object.entries(paths)) Object.assign(byUid[uid], line);
    const both = Boolean(online && scratch);
    byUid.online.fill = both ? "none" : "tozeroy";
    byUid.scratch.fill = both ? "tonexty" : "tozeroy";
    Object.assign(byUid.numbers, numbers);
    document.getElementById("plot-frame").dataset.filled = both ? "difference" : "curve";
  }

  /** Dash has had the empty plot drawn: the state before the first answer, unless its size has changed. */
  function begin(gd) {
    const { width, height } = gd._fullLayout;
    if (width !== gd.clientWidth || height !== gd.clientHeight) return;
    const { key, curves, ceiling } = picture(gmm.state, gd);
    drawn = { key, ceiling, curves };
  }

  /** Show the state in the next frame. */
  function schedule() {
    if (!frame) frame = requestAnimationFrame(show);
  }

  /** Show the state immediately, for an answer; waiting would cost one frame. */
  function now() {
    cancelAnimationFrame(frame);
    show();
  }

  /** @returns {boolean} whether a frame with a new picture is still to come */
  const awaited = () => frame !== 0 || painting !== 0;

  gmm.plot = { awaited, begin, element, now, schedule };
}
