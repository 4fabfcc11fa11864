import { seededRandom } from "../../model/random.ts";
import { differenceOf, type Pair } from "./pair.ts";
import { type ResampleOptions, roundsFor, type Tails, TINY } from "./resampling.ts";

/**
 * The permutation test of pairs that may have different numbers of samples on both sides. If nothing had changed, the passed
 * answers of a case could as well lie otherwise among its samples of before and now: the answers of each case are dealt anew,
 * and the p-values are the shares of such deals in which the sum of the differences of pass rates is at most, or at least, the
 * one observed. From a sample of deals, in such a way that the level holds however many samples there are.
 */
export function dealAnew(pairs: readonly Pair[], options: ResampleOptions = {}): Tails {
  // Where all answers of a case are alike, each deal is the same.
  const open = pairs.filter(({ before, now }) => {
    const passed = before.passed + now.passed;
    return passed > 0 && passed < before.samples + now.samples;
  });
  const known = new Map<string, Deals>();
  const deals = open.map((pair) => {
    const { before, now } = pair;
    const key = `${before.samples} ${now.samples} ${before.passed + now.passed}`;
    const found = known.get(key) ?? dealsOf(pair);
    known.set(key, found);
    return found;
  });
  const observed = open.reduce((sum, pair) => sum + differenceOf(pair), 0);
  const random = seededRandom(options.seed ?? 1);
  const rounds = roundsFor(open.length, options);
  // What was observed is one of the deals; a sample need not hold it.
  let low = 1;
  let high = 1;
  for (let round = 0; round < rounds; round += 1) {
    let sum = 0;
    for (const { upTo, differences } of deals) {
      const drawn = random();
      let at = 0;
      while (at < upTo.length - 1 && drawn >= (upTo[at] ?? 1)) at += 1;
      sum += differences[at] ?? 0;
    }
    if (sum <= observed + TINY) low += 1;
    if (sum >= observed - TINY) high += 1;
  }
  return { drop: low / (rounds + 1), rise: high / (rounds + 1) };
}

/** The ways in which a case's answers can lie: how probable it is to be among the first of them, and each one's difference. */
interface Deals {
  readonly upTo: readonly number[];
  readonly differences: readonly number[];
}

/** The number of passed answers among those of now is distributed hypergeometrically. */
function dealsOf({ before, now }: Pair): Deals {
  const passed = before.passed + now.passed;
  const least = Math.max(0, passed - before.samples);
  const most = Math.min(now.samples, passed);
  const logs = [0];
  for (let one = least; one < most; one += 1) {
    const up = (now.samples - one) * (passed - one);
    const down = (one + 1) * (before.samples - passed + one + 1);
    logs.push((logs.at(-1) ?? 0) + Math.log(up) - Math.log(down));
  }
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const weights = logs.map((log) => Math.exp(log - largest));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const upTo = weights.map((weight) => {
    sum += weight;
    return sum / all;
  });
  const differences = weights.map((_, index) => {
    const passedNow = least + index;
    return differenceOf({
      before: { ...before, passed: passed - passedNow },
      now: { ...now, passed: passedNow },
    });
  });
  return { upTo, differences };
}
