/** `12.50` for 1250. */
export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** The cents of an amount as the model writes it; `undefined` if it is no amount of money. */
export function centsOf(amount: number): number | undefined {
  const cents = Math.round(amount * 100);
  const isExact = Math.abs(amount * 100 - cents) < 1e-6;
  return isExact && cents > 0 && Number.isSafeInteger(cents) ? cents : undefined;
}
