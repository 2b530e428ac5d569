// A click adds a point to the axis. The server trains a Gaussian mixture on the points. The page
// draws its density. No library: plain SVG and fetch.

/**
 * @typedef {Object} Answer  answer of /train and /update; each list has one entry per component
 * @property {number[]} pi     mixing weights
 * @property {number[]} mu     means
 * @property {number[]} sigma  variances, not standard deviations
 * @property {number[]} std    standard deviations
 * @property {"online"|"scratch"} mode
 * @property {number} n_points
 * @property {number} n_new
 * @property {number} loss     mean negative log-likelihood, nats a point
 * @property {number} time     seconds of training
 */

/**
 * @typedef {Object} Held  answer of /points, and what tabs tell each other
 * @property {{x: number, y: number}[]} coordinates
 * @property {number} n_components
 */

/** @typedef {"restore"|"update"|"train"|"clear"} Task */

const SVG = "http://www.w3.org/2000/svg";
const POINT_RADIUS = 5;
const N_EQUAL = 401; // positions of the density, 0.005 apart
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 4000;
const BUSY_STATUS = [429, 503]; // with Retry-After
const GATEWAY_STATUS = [502, 503, 504];
const ORDER = /** @type {Task[]} */ (["clear", "restore", "train", "update"]); // of the waiting tasks

// ---------------------------------------------------------------- density

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

// ---------------------------------------------------------------- drawing

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
function createChart(box) {
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
      drawCurve();
    },
    /** Mark the curve as out of date until the next answer. */
    markStale() {
      for (const line of lines.children) line.classList.add("stale");
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

// ---------------------------------------------------------------- server

/**
 * @typedef {Object} Refusal  the server took nothing; the same request may succeed later
 * @property {string} message
 * @property {?number} retryMs  wait that the server asked for; null: it did not answer
 */

const AWAY = { message: "The server is away. The points are kept; trying again.", retryMs: null };

/**
 * The refusal in an answer that asks to wait: a busy or starting server, or a limit on requests.
 * @param {Response} response
 * @param {?{error?: {message?: string}}} answer
 * @returns {?Refusal}
 */
function refusalIn(response, answer) {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const message = answer?.error?.message;
  if (BUSY_STATUS.includes(response.status) && seconds >= 0 && message) {
    const again = `The points are kept; trying again in ${seconds} s.`;
    return { message: `Not trained yet: ${message}. ${again}`, retryMs: Math.max(1000 * seconds, RETRY_FIRST_MS) };
  }
  return GATEWAY_STATUS.includes(response.status) ? AWAY : null;
}

/**
 * Send one request at a time. Each request carries all points, so one waiting task of a kind is
 * enough. After a refusal the task waits and is sent again.
 *
 * @param {Object} page
 * @param {(task: Task) => ?[string, RequestInit]} page.requestFor   null without a point to train on
 * @param {(task: Task, answer: any) => void} page.onAnswer
 * @param {(message: string) => void} page.onMessage   "" after a success
 */
function createTrainer({ requestFor, onAnswer, onMessage }) {
  /** @type {Set<Task>} */
  const waiting = new Set();
  let running = false;
  let generation = 0;
  let retryMs = RETRY_FIRST_MS;
  let wake = () => {};

  /** @returns {Promise<?Refusal>} null after an answer, with a result or an error */
  async function perform(/** @type {Task} */ task) {
    const asked = generation;
    const request = requestFor(task);
    if (request === null) {
      onMessage("There is no point to train on yet: click on the axis first.");
      return null;
    }
    let response;
    let answer = null;
    try {
      response = await fetch(...request);
      answer = await response.json();
    } catch {
      if (response === undefined) return AWAY;
    }
    const refusal = refusalIn(response, answer);
    if (refusal !== null || asked !== generation) return refusal; // or cleared after the request
    if (answer === null) {
      onMessage("The server's answer could not be read.");
    } else if (!response.ok) {
      const reason = answer.error?.message ?? `the server answered with status ${response.status}`;
      onMessage(`Not trained: ${reason}`);
    } else {
      onMessage("");
      if (task !== "clear") onAnswer(task, answer);
    }
    return null;
  }

  /** Wait as long as the server asks for. If it is away, a click tries at once. */
  async function pause(/** @type {Refusal} */ refusal) {
    onMessage(refusal.message);
    const slept = await new Promise((resolve) => {
      if (refusal.retryMs === null) wake = () => resolve(false);
      setTimeout(() => resolve(true), refusal.retryMs ?? retryMs);
    });
    wake = () => {};
    if (slept && refusal.retryMs === null) retryMs = Math.min(2 * retryMs, RETRY_MOST_MS);
  }

  async function run() {
    if (running) return;
    running = true;
    for (let task = next(); task !== undefined; task = next()) {
      const asked = generation;
      const refusal = await perform(task);
      if (refusal === null) {
        retryMs = RETRY_FIRST_MS;
      } else {
        if (asked === generation) waiting.add(task);
        await pause(refusal);
      }
    }
    running = false;
  }

  /** @returns {Task | undefined} */
  function next() {
    const task = ORDER.find((each) => waiting.has(each));
    if (task === undefined) return undefined;
    waiting.delete(task);
    if (task === "train") waiting.delete("update"); // a training includes it
    return task;
  }

  /** Send nothing that waits, and read no answer that is on its way. */
  function forget() {
    generation += 1;
    waiting.clear();
  }

  return {
    forget,
    ask(/** @type {Task} */ task) {
      if (task === "clear") forget();
      waiting.add(task);
      wake();
      void run();
    },
  };
}

// ---------------------------------------------------------------- page

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @returns {(answer: ?Answer) => void} */
function createReadout() {
  const summary = byId("summary");
  const table = byId("parameters");
  const [weights, means, stds] = table.querySelectorAll("tr");
  const number = (/** @type {number} */ value) => value.toFixed(3).replace(/^-(?=[0.]*$)/, ""); // no -0.000

  function fill(/** @type {HTMLTableRowElement} */ row, /** @type {number[]} */ values) {
    while (row.cells.length > 1) row.deleteCell(1);
    for (const value of values) row.insertCell().textContent = number(value);
  }

  return (answer) => {
    table.hidden = answer === null;
    if (answer === null) {
      summary.textContent = "No points yet.";
      return;
    }
    const points = answer.n_points === 1 ? "1 point" : `${answer.n_points} points`;
    const model = answer.mode === "scratch" ? "from scratch" : "online";
    const time = answer.time > 0 ? `trained in ${(1000 * answer.time).toFixed(1)} ms` : "up to date";
    summary.textContent = `${points}, ${model}, ${time}, loss ${number(answer.loss)} nats a point`;
    fill(weights, answer.pi);
    fill(means, answer.mu);
    fill(stds, answer.std);
  };
}

function start() {
  const controls = {
    toggle: /** @type {HTMLInputElement} */ (byId("toggle")),
    components: /** @type {HTMLInputElement} */ (byId("n_components")),
    epochs: /** @type {HTMLInputElement} */ (byId("epochs")),
    retrain: /** @type {HTMLInputElement} */ (byId("retrain")),
  };
  const chart = createChart(byId("centeredBox"));
  const showAnswer = createReadout();
  /** @type {{x: number, y: number}[]} */
  let coordinates = [];
  let areAll = false; // coordinates has the points from before this page was loaded
  const tabs = new BroadcastChannel("points of the exercise's page"); // they share the session

  const { ask, forget } = createTrainer({
    requestFor(task) {
      if (task === "clear") return ["/clear", { method: "POST" }];
      if (task === "restore") return ["/points", {}];
      if (coordinates.length === 0) return null;
      const query = new URLSearchParams({
        n_components: controls.components.value,
        epochs: controls.epochs.value,
      });
      if (task === "train" && controls.retrain.checked) query.set("retrain", "1");
      return [
        `/${task}?${query}`,
        {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ coordinates }),
        },
      ];
    },
    onAnswer(task, answer) {
      if (task === "restore") {
        restore(answer);
        return;
      }
      showAnswer(answer);
      if (task === "train" || !controls.retrain.checked) chart.showCurve(answer);
      const isNewest =
        answer.n_points === coordinates.length &&
        answer.pi.length === Number(controls.components.value);
      if (!isNewest) chart.markStale();
    },
    onMessage(message) {
      const place = byId("message");
      place.textContent = message;
      place.hidden = message === "";
    },
  });

  /** Show the points from before a reload, before those clicked meanwhile. */
  function restore(/** @type {Held} */ held) {
    if (areAll) return; // another tab had them already
    const clicked = coordinates;
    areAll = true;
    if (held.coordinates.length > 0) {
      const n_components = clicked.length > 0 ? Number(controls.components.value) : held.n_components;
      take({ n_components, coordinates: [...held.coordinates, ...clicked] });
    }
    if (clicked.length > 0) share();
  }

  /** Show other points and train on them. */
  function take(/** @type {Held} */ held) {
    coordinates = held.coordinates;
    showComponents(held.n_components);
    chart.showPoints(coordinates.map(({ x }) => x));
    chart.markStale();
    ask("update");
  }

  /** Tell the other tabs: each request has all points, so a tab without them would remove them. */
  function share() {
    if (areAll) tabs.postMessage({ coordinates, n_components: Number(controls.components.value) });
  }

  /** Take what another tab has told; one that has just been opened asks with null. */
  function hear(/** @type {?Held} */ told) {
    if (told === null) {
      if (coordinates.length > 0) share();
      return;
    }
    const clicked = areAll ? [] : coordinates;
    areAll = true;
    if (told.coordinates.length + clicked.length > 0) {
      take({ ...told, coordinates: [...told.coordinates, ...clicked] });
      if (clicked.length > 0) share();
    } else {
      forget();
      empty();
    }
  }

  function addPoint(/** @type {MouseEvent} */ event) {
    if (!controls.toggle.checked) return;
    const x = chart.positionOf(event);
    coordinates.push({ x, y: 0 });
    chart.addPoint(x);
    chart.markStale();
    ask("update");
    share();
  }

  function clear() {
    empty();
    ask("clear");
    areAll = true;
    share();
  }

  function empty() {
    coordinates = [];
    chart.clear();
    showAnswer(null);
  }

  function draw() {
    chart.removeLine();
    ask("train");
  }

  /** Move the slider; a number that another client has set may be beyond its ends. */
  function showComponents(/** @type {number} */ n) {
    const { components } = controls;
    components.min = String(Math.min(Number(components.min), n));
    components.max = String(Math.max(Number(components.max), n));
    components.value = String(n);
    showSettings();
  }

  function showSettings() {
    byId("n_components_label").textContent = `Number of components: ${controls.components.value}`;
    byId("epochs_label").textContent = `Number of epochs: ${controls.epochs.value}`;
    chart.svg.classList.toggle("still", !controls.toggle.checked);
  }

  controls.toggle.checked = true;
  showSettings();
  byId("controls").addEventListener("input", showSettings);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  controls.components.addEventListener("change", () => {
    if (coordinates.length === 0) return;
    chart.markStale();
    ask("update");
    share();
  });
  controls.retrain.addEventListener("change", () => {
    chart.markStale();
    if (!controls.retrain.checked && coordinates.length > 0) ask("update");
  });
  byId("draw").addEventListener("click", draw);
  byId("clear").addEventListener("click", clear);
  const box = byId("centeredBox");
  box.addEventListener("click", addPoint);
  box.addEventListener("mousemove", chart.moveCursor);
  box.addEventListener("mouseleave", chart.hideCursor);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "p") draw();
    if (key === "c") clear();
  });
  tabs.addEventListener("message", (event) => hear(event.data));
  tabs.postMessage(null);
  ask("restore");
}

start();
