/**
 * The quantile of the standard normal distribution: `normalQuantile(0.975)` is 1.96. Exact to nine digits.
 * @see https://web.archive.org/web/20151030215612/http://home.online.no/~pjacklam/notes/invnorm/
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError("a probability between 0 and 1");
  if (probability > 0.5) return -normalQuantile(1 - probability);
  if (probability < LOW) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return polynomial(TAIL, q) / (polynomial(TAIL_BELOW, q) * q + 1);
  }
  const q = probability - 0.5;
  const r = q * q;
  return (polynomial(CENTRE, r) * q) / (polynomial(CENTRE_BELOW, r) * r + 1);
}

const LOW = 0.02425;
const CENTRE = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_BELOW = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
];
const TAIL = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];

function polynomial(coefficients: readonly number[], at: number): number {
  return coefficients.reduce((sum, coefficient) => sum * at + coefficient, 0);
}

/**
 * The quantile of Student's distribution: `studentQuantile(0.975, 10)` is 2.228. Exact for one and two degrees of freedom, to
 * three digits from five on, for probabilities from 0.005 to 0.995.
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5
 */
export function studentQuantile(probability: number, freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError("at least one degree of freedom");
  if (freedom === 1) return Math.tan(Math.PI * (probability - 0.5));
  if (freedom === 2) return (2 * probability - 1) / Math.sqrt(2 * probability * (1 - probability));
  const z = normalQuantile(probability);
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), z);
}
