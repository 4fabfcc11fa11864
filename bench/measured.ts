/** One line of a benchmark's table. */
export interface Measured {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be, as text. */
  readonly budget?: string;
}
