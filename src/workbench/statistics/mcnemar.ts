/** Two-sided, and for each direction alone, how probable it is that chance alone brings a difference this large. */
export interface McNemar {
  readonly twoSided: number;
  /** That so many more got worse than better. */
  readonly worse: number;
  /** That so many more got better than worse. */
  readonly better: number;
}

/**
 * McNemar's exact test of paired outcomes: of the cases whose outcome changed, half should have got worse if only chance
 * were at work. Cases that stayed the same say nothing.
 */
export function mcNemarExact(gotWorse: number, gotBetter: number): McNemar {
  const changed = gotWorse + gotBetter;
  const worse = halfTail(gotWorse, changed);
  const better = halfTail(gotBetter, changed);
  return { twoSided: Math.min(1, 2 * Math.min(worse, better)), worse, better };
}

/** P(X ≥ least) of so many tosses of a fair coin. */
function halfTail(least: number, tosses: number): number {
  if (least <= 0) return 1;
  let logTerm = -tosses * Math.LN2;
  let sum = 0;
  // From all heads downwards: each term follows from the one before.
  for (let heads = tosses; heads >= least; heads -= 1) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(heads) - Math.log(tosses - heads + 1);
  }
  return Math.min(1, sum);
}
