/** Dark or light before the first paint, so that the other does not flash; later Mantine sees to it. */
{
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = window.localStorage.getItem("mantine-color-scheme-value") || "auto";
  const first = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
  document.documentElement.setAttribute("data-mantine-color-scheme", first);
}
