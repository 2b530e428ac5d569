// A click adds a point to the axis. The server trains a Gaussian mixture on the points. The page
// draws its density. No library: plain SVG and fetch.

import { createChart } from "./chart.js";
import { createTrainer } from "./trainer.js";

/** @typedef {import("./trainer.js").Answer} Answer */

/**
 * @typedef {Object} Held  answer of /points, and what tabs tell each other
 * @property {{x: number, y: number}[]} coordinates
 * @property {number} n_components
 */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @returns {(answer: ?Answer, beyond?: number) => void} with the number of points that are not seen */
function createReadout() {
  const summary = byId("summary");
  const table = byId("parameters");
  const [weights, means, stds] = table.querySelectorAll("tr");
  const number = (/** @type {number} */ value) => value.toFixed(3).replace(/^-(?=[0.]*$)/, ""); // no -0.000

  function fill(/** @type {HTMLTableRowElement} */ row, /** @type {number[]} */ values) {
    while (row.cells.length > 1) row.deleteCell(1);
    for (const value of values) row.insertCell().textContent = number(value);
  }

  return (answer, beyond = 0) => {
    table.hidden = answer === null;
    if (answer === null) {
      summary.textContent = "No points yet.";
      return;
    }
    const points = answer.n_points === 1 ? "1 point" : `${answer.n_points} points`;
    const unseen = beyond > 0 ? ` (${beyond} beyond the axis)` : "";
    const model = answer.mode === "scratch" ? "from scratch" : "online";
    const time = answer.time > 0 ? `trained in ${(1000 * answer.time).toFixed(1)} ms` : "up to date";
    summary.textContent = `${points}${unseen}, ${model}, ${time}, loss ${number(answer.loss)} nats a point`;
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
      showAnswer(answer, coordinates.filter(({ x }) => Math.abs(x) > 1).length);
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
