/** The keyboard cursor on the axis: a slider that adds a point on Enter. */
{
  const STEPS = 100;
  let x = 0;

  const element = () => document.getElementById("axis-cursor");

  /** @returns {[number, number]} */
  const shown = () => gmm.state.shown;

  function move(/** @type {number} */ to) {
    const [low, high] = shown();
    x = gmm.pointer.tidy(Math.min(high, Math.max(low, to)), STEPS / (high - low));
    place();
  }

  /** Move the mark to the cursor's value on the drawn axis; beyond an end, both go to that end. */
  function place() {
    const gd = gmm.plot.element("plot");
    if (!gd) return;
    const axis = gd._fullLayout.xaxis;
    const [low, high] = shown();
    x = Math.min(high, Math.max(low, x));
    const px = axis._offset + (axis._length * (x - low)) / (high - low);
    const cursor = element();
    cursor.style.setProperty("--at", `${px}px`);
    cursor.setAttribute("aria-valuemin", String(low));
    cursor.setAttribute("aria-valuemax", String(high));
    cursor.setAttribute("aria-valuenow", String(x));
    const text = gmm.words.place(x, [low, high]);
    cursor.setAttribute("aria-valuetext", text);
    cursor.dataset.value = text;
  }

  const takeBackNearest = () => gmm.actions.takeBack(x, Infinity);

  function press(/** @type {KeyboardEvent} */ event) {
    const [low, high] = shown();
    const step = ((high - low) / STEPS) * (event.shiftKey ? 10 : 1);
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: () => move(x - step),
      ArrowDown: () => move(x - step),
      ArrowRight: () => move(x + step),
      ArrowUp: () => move(x + step),
      Home: () => move(low),
      End: () => move(high),
      Enter: () => gmm.actions.add(x),
      " ": () => gmm.actions.add(x),
      Delete: takeBackNearest,
      Backspace: takeBackNearest,
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  function listen() {
    element().addEventListener("keydown", press);
    place();
  }

  gmm.cursor = { focus: () => element().focus(), listen, place };
}
