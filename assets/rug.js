/**
 * The points under the curves. Few points are stacked dots, many are ticks, and very many are a
 * histogram. Pure functions of data and pixels.
 *
 * @typedef {{x: (number|null)[], y: (number|null)[]}} Path
 * @typedef {{edges: number[], counts: number[]}} Bins
 */
{
  const DOT_PX = 10;
  const MOST_DOTS = 300;
  /** More would be one black bar. */
  const MOST_TICKS = 1000;
  const BINS = 80;
  const GOLDEN = 0.6180339887498949;

  /** @returns {"dots"|"ticks"|"histogram"} the form in which `count` points are shown */
  function form(/** @type {number} */ count) {
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
    let best = null;
    let distance = reach;
    for (const point of points) {
      if (Math.abs(point - x) <= distance) {
        best = point;
        distance = Math.abs(point - x);
      }
    }
    return best;
  }

  gmm.rug = { bins, form, nearest, outline, recount, stack, ticks };
}
