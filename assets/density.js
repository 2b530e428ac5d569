/**
 * Densities of one-dimensional Gaussian mixtures, computed in the browser from their parameters.
 * Pure functions; tests compare them with the server's `Mixture.density`.
 *
 * @typedef {{weights: number[], means: number[], variances: number[]}} Mixture
 */
"use strict";

(function (gmm) {
  const N_EQUAL = 321;
  const STEPS_PER_STD = 4;
  /** Reach of a component's own positions to either side, in its standard deviations. */
  const REACH_STDS = 6;

  /** @returns {number} weight * N(x | mean, variance) of component k */
  function component(
    /** @type {Mixture} */ mixture,
    /** @type {number} */ k,
    /** @type {number} */ x,
  ) {
    const variance = mixture.variances[k];
    const distance = x - mixture.means[k];
    const scale = mixture.weights[k] / Math.sqrt(2 * Math.PI * variance);
    return scale * Math.exp((-0.5 * distance * distance) / variance);
  }

  /** @returns {number} the density at x */
  function at(/** @type {Mixture} */ mixture, /** @type {number} */ x) {
    let sum = 0;
    for (let k = 0; k < mixture.weights.length; k += 1) sum += component(mixture, k, x);
    return sum;
  }

  /** @returns {number[]} the responsibilities at x; computed by logs, to be exact in the tails */
  function responsibilities(/** @type {Mixture} */ mixture, /** @type {number} */ x) {
    const logs = mixture.weights.map((weight, k) => {
      const distance = x - mixture.means[k];
      const variance = mixture.variances[k];
      return Math.log(weight) - 0.5 * (Math.log(variance) + (distance * distance) / variance);
    });
    const top = Math.max(...logs);
    const shares = logs.map((log) => Math.exp(log - top));
    const total = shares.reduce((sum, share) => sum + share, 0);
    return shares.map((share) => share / total);
  }

  /**
   * Equally spaced positions over the range, and each component's own positions around its mean.
   * Equal steps alone would miss a narrow component. The same grid as `dash_app.learning.grid`.
   *
   * @returns {number[]} ascending, each position once
   */
  function grid(
    /** @type {[number, number]} */ range,
    /** @type {Mixture[]} */ mixtures,
    nEqual = N_EQUAL,
  ) {
    const [low, high] = range;
    const xs = [];
    for (let i = 0; i < nEqual; i += 1) xs.push(low + ((high - low) * i) / (nEqual - 1));
    const steps = REACH_STDS * STEPS_PER_STD;
    for (const mixture of mixtures) {
      mixture.means.forEach((mean, k) => {
        const std = Math.sqrt(mixture.variances[k]);
        for (let j = -steps; j <= steps; j += 1) xs.push(mean + (j / STEPS_PER_STD) * std);
      });
    }
    return Array.from(new Set(xs.filter((x) => x >= low && x <= high))).sort((a, b) => a - b);
  }

  gmm.density = { at, component, grid, responsibilities };
})((window.dash_clientside = window.dash_clientside || {})); // the exercise's page loads this script alone
