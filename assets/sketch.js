/**
 * Draws changes of the curves quickly: patches the paths that Plotly has drawn. This takes one or two
 * milliseconds; a redraw by Plotly takes 20 to 100 ms, and would show the same.
 */
{
  /** @returns {string} an SVG path through the points; null starts a new line */
  function path(
    /** @type {{x: any[], y: any[]}} */ line,
    /** @type {(x: number) => number} */ px,
    /** @type {(y: number) => number} */ py,
  ) {
    let d = "";
    let pen = "M";
    line.x.forEach((x, index) => {
      if (x === null) {
        pen = "M";
        return;
      }
      d += `${pen}${px(x).toFixed(2)},${py(line.y[index]).toFixed(2)}`;
      pen = "L";
    });
    return d;
  }

  /** Give a trace its path; Plotly draws one with gaps as an element for each part. */
  function patch(gd, /** @type {string} */ selector, /** @type {string} */ d) {
    if (!d) return;
    gd.querySelectorAll(selector).forEach((/** @type {Element} */ part, /** @type {number} */ index) => {
      part.setAttribute("d", index ? "M0,0" : d);
    });
  }

  /** Replace the paths of the drawn curves, except for those that were drawn before. */
  function curves(gd, drawn, before = null) {
    const { paths, online, scratch } = drawn;
    const { xaxis, yaxis } = gd._fullLayout;
    const through = (line) => path(line, xaxis.c2p, yaxis.c2p);
    for (const [uid, line] of Object.entries(paths)) {
      if (!before || before.paths[uid] !== line) patch(gd, `.trace${uid} .js-line`, through(line));
    }
    const floor = (line) => ({
      x: [line.x[0], ...line.x, line.x[line.x.length - 1]],
      y: [0, ...line.y, 0],
    });
    numbers(gd, drawn.numbers);
    if (online && scratch) {
      const x = [...paths.scratch.x, ...paths.online.x.slice().reverse()];
      const y = [...paths.scratch.y, ...paths.online.y.slice().reverse()];
      patch(gd, ".traceonline .js-fill", `${through({ x, y })}Z`); // Plotly keeps it with the curve to which it fills
    } else {
      if (online) patch(gd, ".traceonline .js-fill", `${through(floor(paths.online))}Z`);
      if (scratch) patch(gd, ".tracescratch .js-fill", `${through(floor(paths.scratch))}Z`);
    }
  }

  /** Move the numbers of the components, as many as before; those beyond the axis are hidden. */
  function numbers(gd, /** @type {{x: number[], y: number[], text: string[]}} */ { x, y, text }) {
    const { xaxis, yaxis } = gd._fullLayout;
    gd.querySelectorAll(".tracenumbers text").forEach((/** @type {Element} */ drawn, /** @type {number} */ k) => {
      drawn.setAttribute("x", xaxis.c2p(x[k]));
      drawn.setAttribute("y", yaxis.c2p(y[k]));
      if (drawn.textContent !== text[k]) drawn.textContent = text[k];
      const inside = xaxis.range[0] <= x[k] && x[k] <= xaxis.range[1];
      drawn.parentElement.setAttribute("display", inside ? "inline" : "none");
    });
  }

  gmm.sketch = { curves, path };
}
