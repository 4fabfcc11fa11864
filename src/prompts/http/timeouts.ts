/** Limits on one attempt, in milliseconds. */
export interface Timeouts {
  /** Until the connection (with TLS) is made. Default 10 s. */
  readonly connect?: number;
  /**
   * From there until the first byte of a streamed answer. Default 2 min: thinking models are silent for long. An answer
   * that is not streamed comes all at once, at its end: for it only `total` counts.
   */
  readonly firstToken?: number;
  /** Between two parts of the body; what keeps a connection alive is one too. Default 1 min. */
  readonly idle?: number;
  /** From the start to the last byte. An answer that takes longer is not asked for again. Default 10 min. */
  readonly total?: number;
}

export const DEFAULT_TIMEOUTS: Required<Timeouts> = {
  connect: 10_000,
  firstToken: 120_000,
  idle: 60_000,
  total: 600_000,
};
