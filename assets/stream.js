/** Live news of the session: losses of a run, changes by somebody else. */
{
  const RETRY_MS = 1500;
  const POLL_RUN_MS = 500;
  const SETTLE_MS = 60;
  let sessionId = "";
  let settleTimer = 0;
  let wasBroken = false;

  /** Listen to the session, instead of the one before. */
  function open(/** @type {string} */ id) {
    if (id === sessionId) return; // where it broke it is tried again after a pause
    sessionId = id;
    feed.follow(`api/v1/sessions/${id}/events`);
  }

  function opened() {
    const { connection, outbox } = gmm.state;
    if (connection === "lost" || wasBroken) {
      outbox.resend();
      gmm.answers.lookAgain();
    }
    wasBroken = false;
    if (connection === "lost" || !outbox.busy) gmm.show.connection("live");
  }

  /** A refusal is an answer: the server is there, and the page polls meanwhile. */
  function broken(/** @type {boolean} */ refused) {
    wasBroken = true;
    if (!refused) gmm.exchange.examine(() => !feed.isLive(), false);
    gmm.answers.look();
  }

  /** Somebody has changed the session: mostly this page itself, whose answer is on its way. */
  function revision(/** @type {{id: string, revision: number, playing: {status: string}|null}} */ news) {
    clearTimeout(settleTimer);
    const { view, outbox } = gmm.state;
    if (!view || news.id !== view.id || news.revision < view.revision) return;
    // the end or a pause of an example is no revision
    if (news.revision === view.revision && news.playing?.status === view.playing?.status) return;
    // the answer to a question on its way may be older than this news, and must not end it
    const waits = outbox.busy || gmm.answers.looking();
    if (waits) settleTimer = setTimeout(() => revision(news), SETTLE_MS);
    else if (!gmm.answers.told(news)) gmm.answers.look();
  }

  function started(news, /** @type {string} */ position) {
    const serial = Number(position.split("-")[1]);
    const { run, n_before, method, epochs } = news;
    const begun = {
      id: run,
      serial,
      // a quick one has ended when this is sent; its end is told, with the model, by what follows
      status: news.status === "queued" ? "queued" : "running",
      n_before,
      method,
      epochs,
      error: null,
      model: null,
    };
    const { state } = gmm;
    if (state.run && state.run.serial >= serial) return;
    state.losses = [];
    state.follow(begun);
    gmm.show.all();
  }

  function queued(/** @type {{run: string, n_before: number}} */ news) {
    const { state } = gmm;
    if (!state.run || state.run.id !== news.run || !state.training()) return;
    Object.assign(state.run, { status: "queued", n_before: news.n_before });
    gmm.show.all();
  }

  function progress(/** @type {{run: string, first: number, losses: number[]}} */ news) {
    const { state } = gmm;
    if (!state.run || state.run.id !== news.run || !state.training()) return;
    if (state.run.status === "queued") {
      state.run.status = "running";
      gmm.show.all();
    }
    state.losses = state.losses.slice(0, news.first - 1).concat(news.losses);
    gmm.charts.schedule();
    gmm.show.loss();
  }

  /** The run has ended: fetch its result, unless it came with the answer already. */
  function ended(/** @type {{run: string}} */ news) {
    const { state } = gmm;
    if (state.run && state.run.id === news.run && state.training()) gmm.exchange.follow(news.run);
  }

  const ends = { done: ended, failed: ended, cancelled: ended };
  const handlers = { revision, started, queued, progress, ...ends, gone: () => gmm.answers.look() };
  const feed = gmm.feed(handlers, RETRY_MS, opened, broken);

  /** Ask how far a run is while nothing tells it. */
  function listen() {
    setInterval(() => {
      if (!feed.isLive() && gmm.state.training()) gmm.exchange.follow(gmm.state.run.id);
    }, POLL_RUN_MS);
  }

  gmm.stream = { listen, open };
}
