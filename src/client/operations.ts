// Written by scripts/generate-client.ts from the server's OpenAPI description. Do not edit.

import type { ThreadEvent } from "../thread/events.ts";

export type { ThreadEvent };

export type Accepted = { readonly threadId: string; readonly status: StatusKind; readonly seq: number };

export type ApprovalReason =
  | { readonly kind: "policy"; readonly because?: string }
  | { readonly kind: "faulty_policy"; readonly fault: string }
  | { readonly kind: "untrusted"; readonly sources: readonly string[] }
  | { readonly kind: "judge"; readonly reason: string }
  | { readonly kind: "doubtful"; readonly doubts: readonly string[] }
  | { readonly kind: "changed" }
  | { readonly kind: "unknown_requester" }
  | { readonly kind: "newer_input" }
  | { readonly kind: "approver"; readonly who: string }
  | { readonly kind: "look_alike"; readonly names: readonly string[] }
  | { readonly kind: "other"; readonly text: string };

export type Decision =
  | { readonly kind: "approved"; readonly editedStep?: { readonly [key: string]: unknown } }
  | { readonly kind: "denied"; readonly feedback?: string; readonly option?: string }
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "happened"; readonly result?: unknown }
  | { readonly kind: "did_not_happen" };

export type JobOutcome = { readonly result?: unknown } | { readonly error: string };

export type Launch = {
  readonly agent: string;
  readonly message?: string;
  readonly event?: { readonly name: string; readonly payload?: unknown };
};

export type NamedEvent = { readonly name: string; readonly payload?: unknown };

export type PersonRequest = {
  readonly requestId: string;
  readonly threadId: string;
  readonly agent: string;
  readonly path: readonly { readonly threadId: string; readonly agent: string }[];
  readonly type: "question" | "approval";
  readonly kind:
    | "approval"
    | "question"
    | "escalation"
    | "budget"
    | "provider"
    | "unknown_outcome"
    | "version";
  readonly urgency: "low" | "medium" | "high";
  readonly askedAt: string;
  readonly callId: string | null;
  readonly accepts: readonly string[];
  readonly to: readonly string[] | null;
  readonly mayDecide: boolean;
  readonly why: readonly string[];
  readonly question: {
    readonly kind: string;
    readonly question: string;
    readonly context: string | null;
    readonly options: {
      readonly urgency?: "low" | "medium" | "high";
      readonly format?: "free_text" | "yes_no" | "multiple_choice";
      readonly choices?: readonly string[];
    } | null;
  } | null;
  readonly approval: {
    readonly card: {
      readonly title: string;
      readonly intent: string;
      readonly arguments?: unknown;
      readonly emphasis?: readonly string[];
      readonly descriptions?: { readonly [key: string]: string };
      readonly reasons: readonly ApprovalReason[];
      readonly preview?: unknown;
      readonly said?: { readonly text: string; readonly length: number };
      readonly failures?: {
        readonly count: number;
        readonly latest: readonly { readonly at: string; readonly message: string }[];
      };
      readonly newer?: {
        readonly count: number;
        readonly latest: readonly {
          readonly at: string;
          readonly from: Principal | null;
          readonly text: string;
          readonly length: number;
        }[];
      };
      readonly rejectOptions?: { readonly [key: string]: string };
    };
    readonly digest: string;
    readonly expiresAt: string | null;
    readonly approvers: readonly string[] | null;
    readonly needed: number;
    readonly approvedBy: readonly Principal[];
    readonly mayDecide: boolean;
  } | null;
};

export type PersonResponse = { readonly decision: Decision; readonly digest?: string };

export type Principal = { readonly channel: string; readonly id: string; readonly name?: string };

export type StatusKind =
  | "running"
  | "awaiting_human"
  | "awaiting_approval"
  | "awaiting_time"
  | "awaiting_event"
  | "awaiting_child"
  | "paused"
  | "finished"
  | "failed"
  | "cancelled";

export type Thread = {
  readonly threadId: string;
  readonly agent: string;
  readonly status: { readonly kind: StatusKind };
  readonly title: string;
  readonly seq: number;
  readonly startedAt: string;
  readonly requester: Principal | null;
  readonly steps: number;
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedInputTokens: number;
  };
  readonly request: PersonRequest | null;
  readonly below: readonly PersonRequest[];
};

export type ThreadSummary = {
  readonly threadId: string;
  readonly agent: string;
  readonly status: StatusKind;
  readonly title: string;
  readonly subject: string;
  readonly requester: Principal | null;
  readonly tokens: number;
  readonly seq: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly pendingRequest: string | null;
  readonly awaitedEvent: string | null;
  readonly parentThreadId: string | null;
};

/** What each operation takes and answers. */
export interface Operations {
  /** The result of a long-running job. The token is all the permission it needs, and works once. */
  readonly "POST /jobs/{token}": {
    readonly path: { readonly token: string };
    readonly query: Record<never, never>;
    readonly body: JobOutcome;
    readonly answer: Accepted;
  };
  /** A delivery, signed as Standard Webhooks says. The same delivery again does nothing. */
  readonly "POST /webhooks/{channel}": {
    readonly path: { readonly channel: string };
    readonly query: Record<never, never>;
    readonly body: undefined;
    readonly answer: { readonly threads: readonly string[]; readonly dropped?: string };
  };
  /** The events of a thread: as JSON, or, with `Accept: text/event-stream`, as they come */
  readonly "GET /threads/{threadId}/events": {
    readonly path: { readonly threadId: string };
    readonly query: { readonly after?: number; readonly limit?: number };
    readonly body: undefined;
    readonly answer: { readonly events: readonly ThreadEvent[]; readonly next: number | null };
  };
  /** A named event, to this thread: to its call that waits for it, or else as new input */
  readonly "POST /threads/{threadId}/events": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: NamedEvent;
    readonly answer: Accepted;
  };
  /** List threads, the latest change first */
  readonly "GET /threads": {
    readonly path: Record<never, never>;
    readonly query: {
      readonly agent?: string;
      readonly status?: StatusKind | readonly StatusKind[];
      readonly pending?: "true";
      readonly search?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly answer: {
      readonly threads: readonly ThreadSummary[];
      readonly hits: readonly { readonly threadId: string; readonly seq: number; readonly text: string }[];
      readonly unindexed: number;
      readonly unreadable: readonly { readonly threadId: string; readonly problem: string }[];
      readonly next: string | null;
    };
  };
  /** Launch a thread. Answers at once; the work goes on. */
  readonly "POST /threads": {
    readonly path: Record<never, never>;
    readonly query: Record<never, never>;
    readonly body: Launch;
    readonly answer: { readonly threadId: string; readonly created: boolean };
  };
  /** Where a thread stands and what it waits for */
  readonly "GET /threads/{threadId}": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: undefined;
    readonly answer: Thread;
  };
  /** Delete for good a thread that has ended, and everything kept about it */
  readonly "DELETE /threads/{threadId}": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: undefined;
    readonly answer: { readonly deleted: true };
  };
  /** Send a message. A finished thread goes on; one that waits for a person keeps it. */
  readonly "POST /threads/{threadId}/messages": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly text: string };
    readonly answer: Accepted;
  };
  /** Pause a working thread, before its next step or tool */
  readonly "POST /threads/{threadId}/pause": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly reason?: string } | undefined;
    readonly answer: Accepted;
  };
  /** Let a paused thread go on */
  readonly "POST /threads/{threadId}/resume": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly reason?: string } | undefined;
    readonly answer: Accepted;
  };
  /** Stop a thread for good, also while a model call or a tool runs */
  readonly "POST /threads/{threadId}/cancel": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly reason?: string } | undefined;
    readonly answer: Accepted;
  };
  /** The value behind a placeholder such as `[card:1]`. Who was shown it is recorded in the thread. */
  readonly "POST /threads/{threadId}/reveal": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly placeholder: string };
    readonly answer: { readonly placeholder: string; readonly value: string };
  };
  /** From here on, the model does not read these events. The log keeps them. */
  readonly "POST /threads/{threadId}/leave-out": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly seqs: readonly number[]; readonly reason?: string };
    readonly answer: Accepted;
  };
  /** A new, paused thread with the events up to `seq`. The original stays as it is. */
  readonly "POST /threads/{threadId}/fork": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly seq: number };
    readonly answer: Accepted;
  };
  /** The whole thread as a file */
  readonly "GET /threads/{threadId}/export": {
    readonly path: { readonly threadId: string };
    readonly query: { readonly as: "markdown" | "json" | "html" };
    readonly body: undefined;
    readonly answer: string;
  };
  /** The path that the thread has taken, as Mermaid text or as a drawing */
  readonly "GET /threads/{threadId}/graph": {
    readonly path: { readonly threadId: string };
    readonly query: { readonly as?: "mermaid" | "svg" };
    readonly body: undefined;
    readonly answer: string;
  };
  /** Delete or erase old threads that have ended, at most 500 a request; only counts them unless `dry` is false */
  readonly "POST /threads/prune": {
    readonly path: Record<never, never>;
    readonly query: Record<never, never>;
    readonly body: {
      readonly days: number;
      readonly status?: readonly ("finished" | "failed" | "cancelled")[];
      readonly agent?: string;
      readonly action?: "delete" | "erase";
      readonly dry?: boolean;
    };
    readonly answer: { readonly dry: boolean; readonly threads: number; readonly more: boolean };
  };
  /** Erase for good what was said in a thread that has ended; who did what and when remains */
  readonly "POST /threads/{threadId}/erase": {
    readonly path: { readonly threadId: string };
    readonly query: Record<never, never>;
    readonly body: { readonly reason: string; readonly seqs?: readonly number[] };
    readonly answer: Accepted;
  };
  /** What waits for a person, the latest first */
  readonly "GET /requests": {
    readonly path: Record<never, never>;
    readonly query: {
      readonly agent?: string;
      readonly urgency?: "low" | "medium" | "high";
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly answer: { readonly requests: readonly PersonRequest[]; readonly next: string | null };
  };
  /** A request that waits for a person */
  readonly "GET /requests/{requestId}": {
    readonly path: { readonly requestId: string };
    readonly query: Record<never, never>;
    readonly body: undefined;
    readonly answer: PersonRequest;
  };
  /** Decide or answer. Answers at once; the thread goes on. */
  readonly "POST /requests/{requestId}/response": {
    readonly path: { readonly requestId: string };
    readonly query: Record<never, never>;
    readonly body: PersonResponse;
    readonly answer: Accepted;
  };
  /** A named event, to every thread that waits for it */
  readonly "POST /events": {
    readonly path: Record<never, never>;
    readonly query: Record<never, never>;
    readonly body: NamedEvent;
    readonly answer: { readonly threads: readonly string[] };
  };
}
