/**
 * The story of two minutes: sets the page up step by step, and tells dash_app/ui/story.py what is on
 * the screen, which makes the sentences of it.
 *
 * Examples are played in a session of the story, so a person's own points stay untouched. The
 * address keeps naming the own session: a reload leaves the story.
 */
{
  const TELL_EVERY_MS = 150;
  const SEEN = "story-seen";
  /** Where the browser keeps the person's own learners while the story shows others. */
  const OWN_LEARNERS = "story-own-learners";
  const N_LAST = 10;
  /** @type {number|null} the step that is shown; null: there is no story */
  let index = null;
  /** @type {{id: string, kept: boolean}|null} the session that comes back at the end */
  let own = null;
  /** @type {string|null} the session in which the examples are played */
  let stage = null;
  /** The sessions are being changed; buttons wait. */
  let moving = false;
  let timer = 0;
  let told = "";
  /** The example for which the training from scratch was asked. */
  let trained = "";

  const script = () => gmm.state.settings.story;
  const step = () => script()[index];

  /** @returns {boolean} whether the page shows the session of the story */
  const isStaged = () => own !== null && gmm.state.view !== null && gmm.state.view.id !== own.id;

  const isTold = () => index !== null;

  function open() {
    if (isTold() || moving || !gmm.state.view || gmm.show.missesServer()) return;
    gmm.rewind.close(); // the story tells of the present, and of both curves
    gmm.set_props("mode", { value: "both" });
    const { id, n_points: n } = gmm.state.view;
    own = { id, kept: n > 0 };
    sessionStorage.setItem(OWN_LEARNERS, JSON.stringify(gmm.race.racing));
    markSeen();
    document.getElementById("page").dataset.story = "yes";
    timer = setInterval(tell, TELL_EVERY_MS);
    go(0);
    document.getElementById("story-next").focus({ preventScroll: true });
  }

  /** Set the page up for a step. */
  function go(/** @type {number} */ wanted) {
    if (moving || !own) return; // it may have been left in the same moment
    index = wanted;
    told = "";
    const { example, learners } = step();
    compare(learners);
    const move = example ? !isStaged() : isStaged();
    if (!move) {
      play();
      return;
    }
    moving = true;
    gmm.answers.enter(example ? stage : own.id, () => {
      moving = false;
      if (index === null) return;
      if (isStaged()) stage = gmm.state.view.id;
      play();
    });
  }

  /** @returns {boolean} whether the example of the step plays or has been played, and is all there */
  function isWhole() {
    const { view, outbox } = gmm.state;
    const { example, half_life, n_points: n } = step();
    if (outbox.starts) return true;
    const same = view.example === example && view.half_life === half_life;
    return same && (Boolean(view.playing) || view.n_points >= n);
  }

  /** Let the server play the example of the step, unless it is there already. */
  function play() {
    const { example } = step();
    if (example && isStaged() && !isWhole()) {
      trained = "";
      gmm.actions.press(`example-${example}`);
      compare(step().learners);
    }
    tell();
  }

  function compare(/** @type {string[]} */ names) {
    gmm.set_props("racing", { value: names });
  }

  /** @returns {boolean} whether the example has been played, and all learners have learned it */
  function isDone() {
    const { view, outbox } = gmm.state;
    const { example, learners } = step();
    const changes = outbox.pending.some(({ kind }) => kind !== "train");
    if (!example || !isStaged() || view.playing || changes || !isWhole()) return false;
    if (view.half_life !== null) return true;
    return ["summary", "scratch", ...learners].every((name) => last(name)?.n_points === view.n_points);
  }

  /** @returns {any} the newest record of a learner */
  function last(/** @type {string} */ name) {
    const records = gmm.race.records.get(name) || [];
    return records[records.length - 1];
  }

  const mean = (/** @type {number[]} */ xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

  /** @returns {any} what is on the screen */
  function figures() {
    const { points } = gmm.state;
    const done = isDone();
    const gone = Boolean(step().example) && isStaged() && !isWhole();
    const found = { step: index, done, gone, kept: own.kept, online: gmm.state.seen().online };
    if (!done) return found;
    const records = Object.fromEntries(
      ["summary", "scratch", ...step().learners].map((name) => [name, last(name) || null]),
    );
    const third = points.slice(0, Math.round(step().n_points / 3));
    const first = { n: third.length, low: Math.min(...third), high: Math.max(...third) };
    return { ...found, records, first, mean: mean(points), last_mean: mean(points.slice(-N_LAST)) };
  }

  /** Tell what is on the screen, where it has changed. */
  function tell() {
    if (index === null || moving || !gmm.state.view) return;
    const data = figures();
    const { view } = gmm.state;
    if (data.done && trained !== view.example && !gmm.state.scratchCurrent()) {
      trained = view.example;
      gmm.actions.press("train");
    }
    const key = JSON.stringify([index, data.done, data.gone, data.online && data.online.number, view.revision]);
    if (key === told) return;
    told = key;
    gmm.set_props("story", { data });
  }

  /** Leave the story: the own points and learners come back, and the focus goes to Help. */
  function leave() {
    if (index === null) return;
    clearInterval(timer);
    index = null;
    delete document.getElementById("page").dataset.story;
    document.getElementById("help-open").focus({ preventScroll: true });
    const { id } = own;
    const end = () => {
      own = null;
      moving = false;
      giveLearnersBack();
    };
    moving ||= isStaged();
    if (moving) gmm.answers.enter(id, end);
    else end();
  }

  /** Compare with the person's own learners again, if the story has shown others. */
  function giveLearnersBack() {
    const kept = sessionStorage.getItem(OWN_LEARNERS);
    if (kept) compare(JSON.parse(kept));
    sessionStorage.removeItem(OWN_LEARNERS);
  }

  function openAgain() {
    gmm.set_props("help", { opened: false });
    open();
  }

  const next = () => (index === script().length - 1 ? leave() : go(index + 1));
  const back = () => go(Math.max(0, index - 1));

  function markSeen() {
    localStorage.setItem(SEEN, "yes");
    document.getElementById("page").dataset.storySeen = "yes";
  }

  /** Offer the story on an empty page, until it was seen or there was a point. */
  function listen() {
    const page = document.getElementById("page");
    if (localStorage.getItem(SEEN)) page.dataset.storySeen = "yes";
    giveLearnersBack(); // a reload has left the story
    new MutationObserver(() => {
      if (page.dataset.empty === "no") markSeen();
    }).observe(page, { attributeFilter: ["data-empty"] });
    document.addEventListener("keydown", (event) => {
      const target = /** @type {Element} */ (event.target);
      const inDialog = gmm.keyboard.inDialog() || target.closest?.("input");
      if (event.key !== "Escape" || index === null || inDialog) return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    }, true);
  }

  gmm.story = { back, isTold, leave, listen, next, open, openAgain };
}
