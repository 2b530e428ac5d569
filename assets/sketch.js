/**
 * Draws changes quickly: patches the paths that Plotly has drawn, and puts new points on a layer
 * above. This takes one or two milliseconds; a redraw by Plotly takes 20 to 100 ms. The redraw
 * follows later and shows the same picture.
 */
(function (gmm) {
  "use strict";

  /** @returns {string} an SVG path through the points; null starts a new line */
  function path(/** @type {any} */ gd, /** @type {{x: any[], y: any[]}} */ line, axis = "yaxis") {
    const { xaxis, [axis]: yaxis } = gd._fullLayout;
    let d = "";
    let pen = "M";
    line.x.forEach((x, index) => {
      if (x === null) {
        pen = "M";
        return;
      }
      d += `${pen}${xaxis.c2p(x).toFixed(2)},${yaxis.c2p(line.y[index]).toFixed(2)}`;
      pen = "L";
    });
    return d;
  }

  /** Give a trace its path; Plotly draws one with gaps as an element for each part. */
  function patch(/** @type {any} */ gd, /** @type {string} */ selector, /** @type {string} */ d) {
    if (!d) return;
    gd.querySelectorAll(selector).forEach((/** @type {Element} */ part, /** @type {number} */ index) => {
      part.setAttribute("d", index ? "M0,0" : d);
    });
  }

  /** Replace the paths of the drawn curves, except for those that were drawn before. */
  function curves(/** @type {any} */ gd, /** @type {any} */ drawn, /** @type {any} */ before = null) {
    const { paths, online, scratch } = drawn;
    for (const [uid, line] of Object.entries(paths)) {
      if (!before || before.paths[uid] !== line) patch(gd, `.trace${uid} .js-line`, path(gd, line));
    }
    const floor = (/** @type {any} */ line) => ({
      x: [line.x[0], ...line.x, line.x[line.x.length - 1]],
      y: [0, ...line.y, 0],
    });
    numbers(gd, drawn.numbers);
    if (online && scratch) {
      const x = [...paths.scratch.x, ...paths.online.x.slice().reverse()];
      const y = [...paths.scratch.y, ...paths.online.y.slice().reverse()];
      patch(gd, ".tracescratch .js-fill", `${path(gd, { x, y })}Z`);
    } else {
      if (online) patch(gd, ".traceonline .js-fill", `${path(gd, floor(paths.online))}Z`);
      if (scratch) patch(gd, ".tracescratch .js-fill", `${path(gd, floor(paths.scratch))}Z`);
    }
  }

  /** Move the numbers of the components; there are as many as before. */
  function numbers(/** @type {any} */ gd, /** @type {{x: number[], y: number[], text: string[]}} */ { x, y, text }) {
    const { xaxis, yaxis } = gd._fullLayout;
    gd.querySelectorAll(".tracenumbers text").forEach((/** @type {Element} */ drawn, /** @type {number} */ k) => {
      drawn.setAttribute("x", xaxis.c2p(x[k]));
      drawn.setAttribute("y", yaxis.c2p(y[k]));
      if (drawn.textContent !== text[k]) drawn.textContent = text[k];
    });
  }

  /** Replace the outline of the histogram. */
  function histogram(/** @type {any} */ gd, /** @type {any} */ outline) {
    const d = path(gd, outline, "yaxis2");
    patch(gd, ".tracemany .js-line", d);
    patch(gd, ".tracemany .js-fill", `${d}Z`);
  }

  /** Draw dots for new points: solid if the server has them, hollow on their way. */
  function points(/** @type {any} */ gd, /** @type {number[]} */ fresh, heights, solid) {
    const layer = document.getElementById("fresh-points");
    const { xaxis, yaxis2 } = gd._fullLayout;
    const dots = fresh.map((x, index) => {
      const dot = document.createElement("i");
      dot.className = index < solid ? "dot" : "dot coming";
      const left = xaxis._offset + xaxis.c2p(x);
      const top = yaxis2._offset + yaxis2.c2p(heights[index]);
      dot.style.transform = `translate(${left}px, ${top}px)`;
      return dot;
    });
    layer.replaceChildren(...dots);
  }

  gmm.sketch = { curves, histogram, points };
})((window.dash_clientside = window.dash_clientside || {}));
