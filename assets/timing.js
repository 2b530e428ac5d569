/** Response times of this page: the last one, the median, the 99th percentile. */
{
  const KEPT = 1000;

  /** Add a duration to the series `name`; drop the oldest of a long series. */
  function record(
    /** @type {Record<string, number[]>} */ timings,
    /** @type {string} */ name,
    /** @type {number} */ ms,
  ) {
    const values = timings[name] || (timings[name] = []);
    values.push(ms);
    if (values.length > KEPT) values.shift();
  }

  /** @returns {number|undefined} the smallest value that is at least as large as `share` of all */
  function quantile(/** @type {number[]} */ values, /** @type {number} */ share) {
    const sorted = values.slice().sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  }

  gmm.timing = { quantile, record };
}
