/**
 * The points, on a layer above the plot: those that the server has as one path, as `rug.js` says;
 * those on their way to it as hollow dots. Plotly would draw each as an element of its own.
 */
{
  const SVG = "http://www.w3.org/2000/svg";
  const RADIUS_PX = 4.5;
  /** Height of a hollow dot above ticks or a histogram, as a share of the strip. */
  const LOW = 0.15;
  /** Most hollow dots above ticks or a histogram. */
  const MOST_COMING = 50;

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
    const form = binned ? "histogram" : gmm.rug.form(points.length);
    const x = (/** @type {number} */ value) => xaxis.c2p(value);
    const y = (/** @type {number} */ share) => height * (1 - share);
    /** @type {number[]} */
    let heights = [];
    let d = "";
    if (form === "dots") {
      heights = gmm.rug.stack(points, xaxis._length / (xaxis.range[1] - xaxis.range[0]), height);
      d = held.map((value, index) => circle(x(value), y(heights[index]))).join("");
    } else {
      const bins = () => binned || gmm.rug.bins(held, xaxis.range);
      d = gmm.sketch.path(form === "ticks" ? gmm.rug.ticks(held) : gmm.rug.outline(bins()), x, y);
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

  gmm.points = { draw, layer, mark };
}
