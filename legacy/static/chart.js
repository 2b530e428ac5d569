// The chart: the points below, and the density above them. Plain SVG.

/** @typedef {import("./trainer.js").Answer} Answer */

const SVG = "http://www.w3.org/2000/svg";
const POINT_RADIUS = 5;
const N_EQUAL = 401; // positions of the density, 0.005 apart

/**
 * The density over [-1, 1], scaled to a minimum of 0 and a maximum of 1.
 * @param {Answer} answer
 * @returns {[number, number][]}
 */
function stretchedCurve(answer) {
  const { density } = window.dash_clientside; // density.js, which both pages load
  const mixture = { weights: answer.pi, means: answer.mu, variances: answer.sigma };
  const xs = density.grid([-1, 1], [mixture], N_EQUAL);
  const heights = xs.map((x) => density.at(mixture, x));
  const least = Math.min(...heights);
  const range = Math.max(...heights) - least;
  return xs.map((x, i) => [x, range > 0 ? (heights[i] - least) / range : 0]);
}

/**
 * @param {string} name
 * @param {Object<string, string|number>} attributes
 * @returns {SVGElement}
 */
function svgElement(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/**
 * An SVG that fills the box inside its padding: x from -1 to 1 over the width, y from 1 to -1 over the height.
 * @param {HTMLElement} box
 */
export function createChart(box) {
  const svg = svgElement("svg", { role: "img", "aria-label": "Points and their density" });
  const axes = svgElement("g", {});
  const marks = svgElement("g", {});
  const lines = svgElement("g", {});
  const cursor = svgElement("circle", { r: POINT_RADIUS, class: "cursor", visibility: "hidden" });
  svg.append(axes, marks, lines, cursor);
  box.append(svg);

  /** @type {number[]} */
  let points = [];
  /** @type {?[number, number][]} */
  let curve = null;
  let stale = false;
  let width = 1;
  let height = 1;

  const toX = (/** @type {number} */ x) => ((x + 1) / 2) * width;
  const toY = (/** @type {number} */ y) => ((1 - y) / 2) * height;

  function drawAxes() {
    const tick = (/** @type {number} */ x, /** @type {number} */ y, text, anchor) => {
      const label = svgElement("text", { x, y, class: "tick", "text-anchor": anchor });
      label.textContent = text;
      return label;
    };
    axes.replaceChildren(
      svgElement("line", { x1: 0, x2: width, y1: toY(0), y2: toY(0), class: "axis" }),
      svgElement("line", { x1: toX(0), x2: toX(0), y1: 0, y2: height, class: "axis" }),
      ...[-0.5, 0.5].map((x) => tick(toX(x), toY(0) + 20, String(x), "middle")),
      tick(4, toY(0) + 20, "-1", "start"),
      tick(width - 4, toY(0) + 20, "1", "end"),
      ...[-0.5, 0.5].map((y) => tick(toX(0) + 8, toY(y) + 4, String(y), "start")),
    );
  }

  function drawPoint(/** @type {number} */ x) {
    marks.append(svgElement("circle", { class: "point", r: POINT_RADIUS, cx: toX(x), cy: toY(0) }));
  }

  function drawCurve() {
    lines.replaceChildren();
    if (curve === null) return;
    const path = curve.map(([x, y]) => `${toX(x).toFixed(3)},${toY(y).toFixed(3)}`).join("L");
    const base = toY(0).toFixed(3);
    lines.append(
      svgElement("path", { class: "drawn-area", d: `M0,${base}L${path}L${width},${base}Z` }),
      svgElement("path", { class: "drawn-line", d: `M${path}` }),
    );
    for (const line of lines.children) line.classList.toggle("stale", stale);
  }

  function resize() {
    const frame = svg.getBoundingClientRect();
    width = Math.max(frame.width, 1);
    height = Math.max(frame.height, 1);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawAxes();
    marks.replaceChildren();
    points.forEach(drawPoint);
    drawCurve();
  }

  new ResizeObserver(resize).observe(box);
  resize();

  return {
    svg,
    /** The x of a mouse event, in the axis' units. */
    positionOf(/** @type {MouseEvent} */ event) {
      const frame = svg.getBoundingClientRect();
      const x = ((event.clientX - frame.left) / frame.width) * 2 - 1;
      return Math.min(Math.max(x, -1), 1);
    },
    moveCursor(/** @type {MouseEvent} */ event) {
      const frame = svg.getBoundingClientRect();
      cursor.setAttribute("cx", String(event.clientX - frame.left));
      cursor.setAttribute("cy", String(event.clientY - frame.top));
      cursor.setAttribute("visibility", "visible");
    },
    hideCursor() {
      cursor.setAttribute("visibility", "hidden");
    },
    addPoint(/** @type {number} */ x) {
      points.push(x);
      drawPoint(x);
    },
    showPoints(/** @type {number[]} */ xs) {
      points = xs;
      marks.replaceChildren();
      points.forEach(drawPoint);
    },
    showCurve(/** @type {Answer} */ answer) {
      curve = stretchedCurve(answer);
      stale = false;
      drawCurve();
    },
    /** Mark the curve as out of date until the next answer. */
    markStale() {
      stale = true;
      drawCurve();
    },
    removeLine() {
      curve = null;
      drawCurve();
    },
    clear() {
      this.showPoints([]);
      this.removeLine();
    },
  };
}
