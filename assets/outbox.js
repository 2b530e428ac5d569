/**
 * Changes of the session on their way to the server: in order, one request in flight, each with a
 * key under which the server applies it once however often it is sent.
 *
 * @typedef {{kind: string, key?: string, x?: number[], whole?: boolean,
 *   settings?: any, n_points?: number}} Command
 * @typedef {{held: number[], coming: number[], emptied: boolean}} Expected
 */
{
  const FIRST_DEADLINE_MS = 2500;
  const LONGEST_DEADLINE_MS = 20000;
  const LONGEST_PAUSE_MS = 8000;

  /** @returns {string} 128 random bits; crypto.randomUUID exists on secure origins only */
  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** @returns {number[]|null} the points after a command; null where only the server knows them */
  function apply(/** @type {number[]} */ points, /** @type {Command} */ command) {
    if (command.kind === "add") return points.concat(command.x);
    if (["configure", "pause", "resume", "stop"].includes(command.kind)) return points;
    if (command.kind === "clear") return [];
    if (command.kind !== "remove") return null;
    const left = points.slice();
    for (const x of command.x) {
      const index = left.lastIndexOf(x);
      if (index >= 0) left.splice(index, 1);
    }
    return left;
  }

  /** @returns {boolean} whether two commands in a row are as good as one; increments stay whole */
  function joins(/** @type {Command} */ first, /** @type {Command} */ second) {
    if (first.kind !== second.kind || first.whole || second.whole) return false;
    return first.kind === "add" || first.kind === "configure";
  }

  class Outbox {
    constructor() {
      /** @type {Command[]} */
      this._waiting = [];
      /** @type {Command|null} */
      this.inFlight = null;
      this.attempt = 0;
      this.sentAt = 0;
      this._timer = 0;
      this._held = true;
    }

    /** Queue a command and send it as soon as the one before it is answered. */
    push(/** @type {Command} */ command) {
      this._waiting.push({ key: newKey(), ...command });
      this.next();
    }

    /** Start sending: the session is known. */
    release() {
      if (!this._held) return;
      this._held = false;
      if (this.inFlight) this.resend();
      else this.next();
    }

    /** Keep what is queued, send nothing. */
    hold() {
      this._held = true;
      clearTimeout(this._timer);
    }

    /** Begin again in a new session, with the settings and the points that the lost one held. */
    restart(settings, /** @type {number[]} */ points) {
      this.hold();
      if (this.inFlight) this._waiting.unshift(this.inFlight);
      this.inFlight = null;
      if (points.length)
        this._waiting.unshift({ kind: "add", key: newKey(), x: points, whole: true });
      this._waiting.unshift({ kind: "configure", key: newKey(), settings });
    }

    /** @returns {Command|null} the command that is now done, or null for an answer that is late */
    acknowledge(/** @type {string} */ key) {
      const done = this.inFlight;
      if (!done || done.key !== key) return null;
      clearTimeout(this._timer);
      this.inFlight = null;
      return done;
    }

    /**
     * Send the command again later, under its own key: the server cannot carry it out yet.
     * @returns {boolean} whether it is the command in flight
     */
    defer(/** @type {string} */ key, /** @type {number} */ atLeastMs) {
      if (!this.inFlight || this.inFlight.key !== key || this._held) return false;
      clearTimeout(this._timer);
      const growing = Math.min(atLeastMs * 2 ** (this.attempt - 1), LONGEST_PAUSE_MS);
      this._timer = setTimeout(() => this.resend(), Math.max(atLeastMs, growing));
      return true;
    }

    /** Send the command in flight again, under its own key: the connection is back. */
    resend() {
      if (this.inFlight && !this._held) this._dispatch();
    }

    /** @returns {Expected} the points once all is done, as far as known */
    expect(/** @type {number[]} */ points) {
      let held = points;
      let coming = /** @type {number[]} */ ([]);
      let emptied = false;
      for (const command of this.pending) {
        if (command.kind === "add") {
          coming = coming.concat(command.x);
        } else if (command.kind === "remove") {
          const left = apply(coming, command);
          if (left.length === coming.length) held = apply(held, command);
          coming = left;
        } else if (command.kind === "clear" || command.kind === "play") {
          held = [];
          coming = [];
          emptied = true;
        }
      }
      return { held, coming, emptied };
    }

    /** @returns {Command[]} what is under way and what waits, in order */
    get pending() {
      return this.inFlight ? [this.inFlight, ...this._waiting] : this._waiting;
    }

    /** @returns {boolean} whether an example is asked for, and the answer has not come */
    get starts() {
      return this.pending.some(({ kind }) => kind === "play");
    }

    /** @returns {boolean} whether anything is under way or waiting */
    get busy() {
      return this.inFlight !== null || this._waiting.length > 0;
    }

    /** Send the next command, if the answer to the last one has been dealt with. */
    next() {
      if (this._held || this.inFlight || this._waiting.length === 0) return;
      this.inFlight = this._merged(this._waiting.shift());
      this.attempt = 0;
      this.sentAt = performance.now();
      this._dispatch();
    }

    /** Clicks that waited together travel together, and so do the steps of a slider. */
    _merged(/** @type {Command} */ command) {
      let merged = command;
      while (this._waiting.length && joins(merged, this._waiting[0])) {
        const next = this._waiting.shift();
        if (next.kind === "add") merged = { ...merged, x: [...merged.x, ...next.x] };
        else merged = { ...merged, settings: { ...merged.settings, ...next.settings } };
      }
      return merged;
    }

    _dispatch() {
      this.attempt += 1;
      clearTimeout(this._timer);
      const deadline = Math.min(FIRST_DEADLINE_MS * 2 ** (this.attempt - 1), LONGEST_DEADLINE_MS);
      this._timer = setTimeout(() => {
        gmm.answers.overdue();
        this.resend();
      }, deadline);
      gmm.exchange.perform(this.inFlight);
    }
  }

  gmm.outbox = { Outbox, apply, newKey };
}
