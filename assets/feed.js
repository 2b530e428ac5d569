/** Server-sent events of an address: open while the tab is visible, as a browser allows six connections a host. */
{
  /**
   * @param {Record<string, (news: any, position: string) => void>} handlers by the event's name
   * @param {number} retryMs how long after it broke it is opened again
   * @param {() => void} opened
   * @param {(refused: boolean) => void} broken
   */
  function feed(handlers, retryMs, opened = () => {}, broken = () => {}) {
    let address = "";
    let timer = 0;
    /** @type {EventSource|null} */
    let source = null;

    function close() {
      clearTimeout(timer);
      source?.close();
      source = null;
    }

    function open() {
      close();
      if (document.hidden || !address) return;
      source = new EventSource(address);
      source.onopen = opened;
      source.onerror = () => {
        const refused = source?.readyState === EventSource.CLOSED;
        close();
        broken(refused);
        timer = setTimeout(open, retryMs);
      };
      for (const [name, handle] of Object.entries(handlers)) {
        source.addEventListener(name, (event) => handle(JSON.parse(event.data), event.lastEventId));
      }
    }

    /** Listen to this address, at once also after it broke; to none where it is empty. */
    function follow(/** @type {string} */ wanted) {
      if (wanted === address && source) return;
      address = wanted;
      open();
    }

    document.addEventListener("visibilitychange", open);
    window.addEventListener("pagehide", close);
    return { follow, isLive: () => source?.readyState === EventSource.OPEN };
  }

  gmm.feed = feed;
}
