/** How many cases a property test tries: `PROPERTY_RUNS` when set (`npm run test:soak` sets 10000), else the default. */
export function propertyRuns(defaultRuns: number): number {
  const wanted = Number(process.env.PROPERTY_RUNS);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : defaultRuns;
}

/** Whether this is `npm run test:soak`, where a bound on time can be held: each case is tried alone. */
export const inBulk = process.env.PROPERTY_RUNS !== undefined;
