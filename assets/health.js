/** Why an answer does not come: no server, a server that cannot save, or one that is busy. */
{
  const DEADLINE_MS = 2000;

  /** @returns {Promise<boolean|Hindrance>} false: no server; true: all is well */
  async function ask() {
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const answer = await fetch("healthz", { cache: "no-store", signal });
      if (answer.ok) return true;
      const { error } = await answer.json();
      return {
        reason: error.code === "store_unavailable" ? "store" : "busy",
        message: error.message,
      };
    } catch {
      return false;
    }
  }

  /** Ask the server how it is, and show what hinders it while `isDue`; `awaited` is an answer. */
  async function examine(/** @type {() => boolean} */ isDue, awaited = true) {
    const found = await ask();
    if (!isDue()) return;
    if (found === false) gmm.show.connection("lost");
    else if (found !== true) gmm.show.connection("hindered", found);
    else if (awaited) gmm.show.connection("hindered", { reason: "busy", message: "" });
  }

  gmm.health = { examine };
}
