// The requests to the server, one at a time.

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

/** @typedef {"restore"|"update"|"train"|"clear"} Task */

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 4000;
const BUSY_STATUS = [429, 503]; // with Retry-After
const GATEWAY_STATUS = [502, 503, 504];
const ORDER = /** @type {Task[]} */ (["clear", "restore", "train", "update"]); // of the waiting tasks

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
export function createTrainer({ requestFor, onAnswer, onMessage }) {
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
