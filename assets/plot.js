/**
 * The plot: fills the traces of figures.py with the curves and points of the state.
 *
 * `schedule` shows the state in the next frame. If the axes stay the same, or only the density's has
 * another end, it draws a sketch and fills the data of Plotly, which redraws when the user pauses.
 * Otherwise Plotly redraws at once.
 */
(function (gmm) {
  "use strict";

  /** A redraw takes up to 100 ms and shows nothing new, so it waits until a person has paused. */
  const REDRAW_MS = { pause: 1500, latest: 5000 };
  /** Ticks cannot be sketched, so many new ones wait less. */
  const REDRAW_TICKS_MS = { pause: 90, latest: 500 };
  /** Height of a new dot above ticks or a histogram, as a share of the strip. */
  const LOW = 0.15;
  /** Most dots above ticks or a histogram. */
  const MOST_FRESH = 50;
  /** How much higher than ours the curves of other learners may make the plot. */
  const HIGHER = 2;
  let frame = 0;
  /** The frame that is to paint what has been drawn; 0: it is on the screen. */
  let painting = 0;
  /** The redraw by Plotly that waits for idle time. */
  const redrawing = { timer: 0, since: 0 };
  /** What Plotly has drawn: settings, number of points, the top of the axis, and all of it. */
  let drawn = { key: "", points: 0, ceiling: 0, seen: /** @type {any} */ (null) };
  /** What is on the screen, drawn by Plotly or sketched. */
  let sketched = /** @type {any} */ (null);
  /** The last computed curves and their inputs. */
  let known = { of: /** @type {any[]} */ ([]), curves: /** @type {any} */ (null) };

  /** The curve of the truth, and of which truth and axis it is. */
  let trueCurve = { of: "", paths: {}, top: 0 };

  /** @returns {any} the element that Plotly draws into, null before Dash has drawn it */
  function element(/** @type {string} */ id) {
    const found = document.querySelector(`#${id} .js-plotly-plot`);
    return found && /** @type {any} */ (found)._fullLayout ? found : null;
  }

  /** @returns {any} the curves of the state; the same object while they do not change */
  function curvesOf(/** @type {any} */ state) {
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

  /** @returns {{paths: any, top: number}} the curve of the truth; the same object while it stays */
  function truthOf(/** @type {any} */ state) {
    const { truth } = state.view || {};
    if (!state.truth || !truth) return { paths: {}, top: 0 };
    const of = JSON.stringify([truth, state.shown]);
    if (trueCurve.of !== of) {
      const line = gmm.curves.whole(truth, gmm.density.grid(state.shown, [truth]));
      trueCurve = { of, paths: { truth: line }, top: Math.max(...line.y) };
    }
    return trueCurve;
  }

  /** @returns {boolean} whether the same curves are drawn already */
  function sameCurves(/** @type {any} */ one, /** @type {any} */ other) {
    if (!one || !other || one === other) return one === other;
    const uids = Object.keys(one.paths);
    return uids.length === Object.keys(other.paths).length && uids.every((uid) => one.paths[uid] === other.paths[uid]);
  }

  /** @returns {any} the picture as data */
  function picture(/** @type {any} */ state, /** @type {any} */ gd) {
    state.expected = state.outbox.expect(state.points);
    const { emptied } = state.expected;
    const past = gmm.rewind.view();
    const held = past ? state.points.slice(0, past.n_points) : state.expected.held;
    const coming = past ? [] : state.expected.coming;
    const binned = emptied ? null : state.binned;
    // the ends of a histogram stand for its points
    const points = binned
      ? [binned.edges[0], binned.edges[binned.counts.length], ...coming]
      : held.concat(coming);
    state.reach = gmm.curves.reach(state.home, points);
    state.shown = gmm.curves.range(state.axis, state.reach);
    const curves = curvesOf(state);
    const ceiling =
      curves.online || curves.scratch ? gmm.curves.ceiling(curves.top, drawn.ceiling) : 1;
    const form = binned ? "histogram" : gmm.rug.form(points.length);
    const key = JSON.stringify([
      ...[state.mode, state.shown, form, form === "histogram" || state.pointsReplaced],
      gmm.theme.current(),
      ...[Boolean(curves.online), Boolean(curves.scratch), gd.clientWidth, gd.clientHeight],
      Object.keys(curves.paths).length,
      ...[
        curves.online && curves.online.weights.length,
        curves.scratch && curves.scratch.weights.length,
      ],
    ]);
    return { points, held, coming, binned, curves, ceiling, form, key, replaced: state.pointsReplaced };
  }

  /** @returns {number[]} the height of each dot in the strip, 0 to 1 */
  function heights(/** @type {any} */ gd, /** @type {number[]} */ points, shown) {
    const { xaxis, yaxis2 } = gd._fullLayout;
    return gmm.rug.stack(points, xaxis._length / (shown[1] - shown[0]), yaxis2._length);
  }

  function show() {
    frame = 0;
    painting = painting || requestAnimationFrame(() => { painting = 0; });
    const { state } = gmm;
    const gd = element("plot");
    if (!gd || !state.outbox) return;
    const seen = picture(state, gd);
    // a sketch can add dots and ticks, and take none away
    const fewer = seen.form !== "histogram" && seen.held.length < drawn.points;
    if (seen.key !== drawn.key || fewer) {
      redraw(gd, seen);
    } else {
      if (seen.ceiling !== drawn.ceiling) rescale(gd, seen.ceiling);
      sketch(gd, seen);
    }
    showFresh(gd, seen);
    gmm.cursor.place();
    gmm.pointer.read();
  }

  /** @returns {boolean} whether two pictures are the same */
  function same(/** @type {any} */ one, /** @type {any} */ other) {
    const points = [one, other].map((seen) => [seen.held.length, seen.binned, seen.replaced]);
    return points[0].every((each, index) => each === points[1][index]) && sameCurves(one.curves, other.curves);
  }

  /** Let Plotly draw what it has with another ceiling: a third of the time of a redraw. */
  function rescale(/** @type {any} */ gd, /** @type {number} */ ceiling) {
    gd.removeAllListeners("plotly_relayout"); // Dash would take the layout over and draw all of it
    window.Plotly.relayout(gd, { "yaxis.range": [0, ceiling] });
    drawn.ceiling = ceiling;
    sketched = drawn.seen; // the sketches are gone
  }

  /** Draw what has changed into what Plotly has drawn, and fill its data for the next redraw. */
  function sketch(/** @type {any} */ gd, /** @type {any} */ seen) {
    if (!same(seen, sketched)) {
      fill(gd.data, gd, seen, gmm.state.shown);
      gmm.sketch.curves(gd, seen.curves, sketched.curves);
      if (seen.form === "histogram") gmm.sketch.histogram(gd, gd.data.find((/** @type {any} */ trace) => trace.uid === "many"));
      sketched = seen;
    }
    if (same(seen, drawn.seen)) return;
    const ticks = seen.form === "ticks" && seen.held.length - drawn.points > MOST_FRESH;
    const { pause, latest } = ticks ? REDRAW_TICKS_MS : REDRAW_MS;
    gmm.idle.wait(redrawing, replot, pause, latest);
  }

  /** Let Plotly draw the sketched picture. */
  function replot() {
    drawn.key = "";
    schedule();
  }

  /** Show the points that Plotly has not drawn yet, and that the histogram does not count. */
  function showFresh(/** @type {any} */ gd, /** @type {any} */ seen) {
    const { held, coming, points, form } = seen;
    if (form === "dots") {
      const fresh = points.slice(drawn.points);
      const places = fresh.length ? heights(gd, points, gmm.state.shown) : [];
      gmm.sketch.points(gd, fresh, places.slice(drawn.points), held.length - drawn.points);
    } else {
      const fresh = form === "ticks" ? held.slice(drawn.points) : [];
      const few = fresh.concat(coming).slice(-MOST_FRESH);
      gmm.sketch.points(gd, few, few.map(() => LOW), few.length - coming.length);
    }
  }

  function redraw(/** @type {any} */ gd, /** @type {any} */ seen) {
    gmm.idle.stop(redrawing);
    const { state } = gmm;
    const data = gd.data.map((/** @type {any} */ trace) => ({ ...trace }));
    data.forEach(paint);
    fill(data, gd, seen, state.shown);
    const layout = colours(gd.layout);
    layout.xaxis = { ...layout.xaxis, range: state.shown.slice(), showline: true };
    layout.yaxis = { ...layout.yaxis, range: [0, seen.ceiling] };
    window.Plotly.react(gd, data, layout);
    drawn = { key: seen.key, points: seen.held.length, ceiling: seen.ceiling, seen };
    sketched = seen;
  }

  /** Fill curves, dots, ticks or histogram into the traces. */
  function fill(/** @type {any[]} */ data, gd, /** @type {any} */ seen, shown) {
    const { paths, online, scratch } = seen.curves;
    const byUid = Object.fromEntries(data.map((trace) => [trace.uid, trace]));
    for (const uid of Object.values(gmm.state.settings.lines)) if (byUid[uid]) byUid[uid].visible = uid in paths;
    byUid.truth.visible = "truth" in paths;
    for (const [uid, line] of Object.entries(paths)) Object.assign(byUid[uid], line);
    const both = Boolean(online && scratch);
    Object.assign(byUid.online, {
      fill: both ? "none" : "tozeroy",
      fillcolor: gmm.theme.colour("online-fill"),
    });
    byUid.scratch.fill = both ? "tonexty" : "tozeroy";
    byUid.scratch.fillcolor = gmm.theme.colour(both ? "difference-fill" : "scratch-fill");
    const named = gmm.theme.colour(online ? "online" : "scratch");
    Object.assign(byUid.numbers, seen.curves.numbers, { textfont: { color: named, size: 12 } });
    const none = { x: [], y: [] };
    Object.assign(byUid.points, none);
    Object.assign(byUid.many, none, { fill: seen.form === "histogram" ? "tozeroy" : "none" });
    byUid.many.fillcolor = gmm.theme.colour("points-fill");
    if (seen.form === "dots") {
      Object.assign(byUid.points, { x: seen.held, y: heights(gd, seen.held, shown) });
    } else if (seen.form === "ticks") {
      Object.assign(byUid.many, gmm.rug.ticks(seen.held));
    } else {
      const bins = seen.binned || gmm.rug.bins(seen.held, shown);
      Object.assign(byUid.many, gmm.rug.outline(bins));
    }
  }

  /** Give a trace its colour in the theme. */
  function paint(/** @type {any} */ trace) {
    const color = gmm.theme.colour(trace.meta);
    trace.line = { ...trace.line, color };
    if (!trace.marker) return;
    const edge = { ...trace.marker.line, color: gmm.theme.colour("surface") };
    trace.marker = { ...trace.marker, color, line: edge };
  }

  /** @returns {any} axis and text colours of the theme, for any chart of the page */
  function colours(/** @type {any} */ layout) {
    const font = { ...layout.font, color: gmm.theme.colour("ink-soft"), size: 12 };
    const axis = { gridcolor: gmm.theme.colour("grid"), linecolor: gmm.theme.colour("line") };
    const themed = { ...layout, font };
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      themed[name] = { ...layout[name], ...axis, tickcolor: axis.linecolor };
    }
    return themed;
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

  gmm.plot = { awaited, colours, element, now, schedule };
})((window.dash_clientside = window.dash_clientside || {}));
