/** Limits on one attempt, in milliseconds. */
export interface Timeouts {
  /** Until the connection (including TLS) is made. Default 10,000. */
  readonly connect?: number;
  /**
   * From then until the first byte of a streamed answer. Default 120,000, because thinking models are silent for long.
   * An answer that is not streamed comes all at once: only `total` applies to it.
   */
  readonly firstToken?: number;
  /** Between two parts of the body, including those that only keep the connection alive. Default 60,000. */
  readonly idle?: number;
  /** From the start to the last byte. An answer that takes longer is not asked for again. Default 600,000. */
  readonly total?: number;
}

export const DEFAULT_TIMEOUTS: Required<Timeouts> = {
  connect: 10_000,
  firstToken: 120_000,
  idle: 60_000,
  total: 600_000,
};
