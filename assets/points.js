/**
 * The points, on a layer above the plot: those that the server has as one path, those on their way to
 * it as hollow dots. Few points are stacked dots, many are ticks, and very many are a histogram.
 * Plotly would draw each as an element of its own.
 *
 * @typedef {{x: (number|null)[], y: (number|null)[]}} Path
 * @typedef {{edges: number[], counts: number[]}} Bins
 */
{
  const SVG = "http://www.w3.org/2000/svg";
  const DOT_PX = 10;
  const MOST_DOTS = 300;
  /** More would be one black bar. */
  const MOST_TICKS = 1000;
  const BINS = 80;
  const GOLDEN = 0.6180339887498949;
  const RADIUS_PX = 4.5;
  /** Height of a hollow dot above ticks or a histogram, as a share of the strip. */
  const LOW = 0.15;
  /** Most hollow dots above ticks or a histogram. */
  const MOST_COMING = 50;

  /** @returns {"dots"|"ticks"|"histogram"} the form in which `count` points are shown */
  function formOf(/** @type {number} */ count) {
    if (count <= MOST_DOTS) return "dots";
    return count <= MOST_TICKS ? "ticks" : "histogram";
  }

  /**
   * Give each point the lowest row in which it overlaps no earlier point. So a new point never
   * moves an old one. When the strip is full, rows start again at the bottom.
   *
   * @returns {number[]} one height in [0, 1] per point, in the order of the points
   */
  function stack(
    /** @type {number[]} */ points,
    /** @type {number} */ pixelsPerUnit,
    /** @type {number} */ stripPx,
  ) {
    const rows = Math.max(1, Math.floor(stripPx / DOT_PX));
    /** @type {Map<number, {px: number, row: number}[]>} */
    const columns = new Map();
    return points.map((x) => {
      const px = x * pixelsPerUnit;
      const column = Math.floor(px / DOT_PX);
      const taken = new Set();
      for (const near of [column - 1, column, column + 1]) {
        for (const dot of columns.get(near) || []) {
          if (Math.abs(dot.px - px) < DOT_PX) taken.add(dot.row);
        }
      }
      let row = 0;
      while (taken.has(row)) row += 1;
      columns.set(column, [...(columns.get(column) || []), { px, row }]);
      const shift = Math.floor(row / rows) % 2 ? 0.5 : 0;
      return ((row % rows) + 0.5 + shift) / (rows + 0.5);
    });
  }

  /** @returns {Path} one short vertical line per point; the golden ratio spreads their heights evenly */
  function ticks(/** @type {number[]} */ points) {
    const path = { x: [], y: [] };
    points.forEach((x, index) => {
      const low = 0.1 + 0.65 * ((index * GOLDEN) % 1);
      path.x.push(x, x, null);
      path.y.push(low, low + 0.15, null);
    });
    return path;
  }

  /** @returns {Bins} the points counted in equal bins over the range */
  function bins(/** @type {number[]} */ points, /** @type {[number, number]} */ [low, high]) {
    const edges = Array.from({ length: BINS + 1 }, (_, k) => low + ((high - low) * k) / BINS);
    const inside = points.filter((x) => x >= low && x <= high);
    return recount({ edges, counts: new Array(BINS).fill(0) }, inside, 1);
  }

  /** @returns {Bins} with `sign` more or fewer in the bin of each point; outer bins reach so far */
  function recount(/** @type {Bins} */ bins, /** @type {number[]} */ points, sign) {
    const edges = bins.edges.slice();
    const counts = bins.counts.slice();
    const n = counts.length;
    const [low, high] = [edges[0], edges[n]];
    for (const x of points) {
      const bin = Math.floor(((x - low) / (high - low)) * n);
      counts[Math.max(0, Math.min(n - 1, bin))] += sign;
      edges[0] = Math.min(edges[0], x);
      edges[n] = Math.max(edges[n], x);
    }
    return { edges, counts };
  }

  /** @returns {Path} the outline of a histogram whose highest column is 1 */
  function outline(/** @type {Bins} */ { edges, counts }) {
    const heights = counts.map((count, k) => count / (edges[k + 1] - edges[k] || 1));
    const top = Math.max(...heights) || 1;
    const path = { x: [edges[0]], y: [0] };
    heights.forEach((height, k) => {
      path.x.push(edges[k], edges[k + 1]);
      path.y.push(height / top, height / top);
    });
    path.x.push(edges[counts.length]);
    path.y.push(0);
    return path;
  }

  /** @returns {number|null} the point nearest to x within `reach` (data units) */
  function nearest(
    /** @type {number[]} */ points,
    /** @type {number} */ x,
    /** @type {number} */ reach,
  ) {
    const closer = (best, point) => (Math.abs(point - x) <= Math.abs(best - x) ? point : best);
    const best = points.reduce(closer, Infinity);
    return points.length && Math.abs(best - x) <= reach ? best : null;
  }

  /** @returns {HTMLElement} the layer, which also takes the events of the pointer */
  const layer = () => document.getElementById("points-layer");

  /** @returns {SVGElement} the drawing of the strip below the curves, with one path */
  function drawing() {
    const found = layer().querySelector("svg");
    if (found) return found;
    const made = document.createElementNS(SVG, "svg");
    made.append(document.createElementNS(SVG, "path"));
    layer().append(made);
    return made;
  }

  /** @returns {{left: number, top: number, width: number, height: number}} the strip, pixels */
  function strip({ xaxis, yaxis, _size: plot }) {
    const top = yaxis._offset + yaxis._length;
    return { left: xaxis._offset, top, width: xaxis._length, height: plot.t + plot.h - top };
  }

  /** Mark a press or a point on its way by a hollow dot. */
  function mark(/** @type {number} */ left, /** @type {number} */ top) {
    const dot = document.createElement("i");
    dot.className = "dot";
    dot.style.transform = `translate(${left}px, ${top}px)`;
    layer().append(dot);
  }

  /** @returns {string} a circle */
  function circle(/** @type {number} */ x, /** @type {number} */ y) {
    const arc = `a${RADIUS_PX},${RADIUS_PX} 0 1 0`;
    return `M${(x - RADIUS_PX).toFixed(2)},${y.toFixed(2)}${arc} ${2 * RADIUS_PX},0${arc} ${-2 * RADIUS_PX},0`;
  }

  /** Draw points, or the histogram `binned` of very many. */
  function draw(gd, /** @type {{held: number[], coming: number[], binned: Bins|null}} */ { held, coming, binned }) {
    const { left, top, width, height } = strip(gd._fullLayout);
    const { xaxis } = gd._fullLayout;
    const points = held.concat(coming);
    const form = binned ? "histogram" : formOf(points.length);
    const x = (/** @type {number} */ value) => xaxis.c2p(value);
    const y = (/** @type {number} */ share) => height * (1 - share);
    /** @type {number[]} */
    let heights = [];
    let d = "";
    if (form === "dots") {
      heights = stack(points, xaxis._length / (xaxis.range[1] - xaxis.range[0]), height);
      d = held.map((value, index) => circle(x(value), y(heights[index]))).join("");
    } else {
      const line = form === "ticks" ? ticks(held) : outline(binned || bins(held, xaxis.range));
      d = gmm.sketch.path(line, x, y);
    }
    const svg = drawing();
    for (const [name, value] of Object.entries({ left, top, width, height })) svg.style[name] = `${value}px`;
    svg.firstElementChild.setAttribute("class", form);
    svg.firstElementChild.setAttribute("d", d);
    for (const dot of layer().querySelectorAll(".dot")) dot.remove();
    const few = form === "dots" ? coming : coming.slice(-MOST_COMING);
    few.forEach((value, index) => {
      mark(left + x(value), top + y(form === "dots" ? heights[held.length + index] : LOW));
    });
  }

  gmm.points = { draw, layer, mark, nearest, recount };
}
