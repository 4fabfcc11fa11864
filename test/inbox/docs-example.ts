import { Hono } from "hono";
import { getCookie } from "hono/cookie";
import { inboxAssets, inboxRoutes } from "../../src/inbox/index.ts";
import type { Runtime } from "../../src/index.ts";
import { askHuman, principalKey, systemClock, tool, verifiedBy } from "../../src/index.ts";

export type QuestionStep = { intent: "ask"; question: string };
export type DeployStep = { intent: "deploy"; tag: string; environment: string };

/** What a product that has accounts of its own brings along. */
export interface OwnSessions {
  find(
    cookie: string | undefined,
  ): { readonly userId: string; readonly name: string; readonly csrf: string } | undefined;
  sameText(one: string, other: string): boolean;
}

/** The inbox inside an app that has its own sign-in, as docs/inbox.md shows it. */
export function inboxExample(runtime: Runtime, sessions: OwnSessions): Hono {
  const inbox = inboxRoutes({
    runtime,
    clock: systemClock,
    principal: (c) => {
      const session = sessions.find(getCookie(c, "my_session"));
      return session && verifiedBy("web", session.userId, session.name);
    },
    csrfToken: (c) => sessions.find(getCookie(c, "my_session"))?.csrf ?? "",
    checkCsrf: (c, token) => sessions.sameText(token, sessions.find(getCookie(c, "my_session"))?.csrf ?? ""),
    signInPath: "/my-sign-in",
  });
  const app = new Hono();
  app.route("/", inboxAssets());
  app.route("/", inbox);
  return app;
}

/** The policy of docs/inbox.md. */
export function policyExample(release: (tag: string) => string) {
  const deploy = tool(({ tag }: DeployStep) => release(tag), {
    approval: ({ environment }) =>
      environment !== "production"
        ? "never"
        : {
            approvers: ["web:*", "slack:*"],
            needed: 2,
            requesterMayApprove: false,
            expiresAfter: 3600,
            onExpiry: "deny",
            escalation: [{ after: 900, to: ["email:lead@example.com"] }],
          },
  });
  const people = {
    ada: ["*:ada", "slack:U012AB3CD"],
    bob: ["web:bob"],
    lead: ["web:carol", "email:lead@example.com"],
  };
  return { deploy, people };
}

export type RefundStep = { intent: "refund"; order: string; amount: number };

/** The title, the emphasis and the reason of docs/inbox.md. */
export function refundExample(payBack: (order: string, amount: number) => string) {
  const refund = tool(({ order, amount }: RefundStep) => payBack(order, amount), {
    title: ({ order, amount }) => `Refund ${amount} € · ${order}`,
    emphasis: ["amount"],
    approval: ({ amount }) =>
      amount <= 50 ? "never" : { approvers: ["web:ada", "web:bob"], because: "it is over 50 €" },
  });
  return refund;
}

/** The ready ways to say no of docs/inbox.md. */
export function rejectExample(release: (tag: string) => string) {
  const ship = tool(({ tag }: DeployStep) => release(tag), {
    approval: "always",
    rejectOptions: {
      wrong_order: "The backend first, then the frontend.",
      not_now: "Not today: ask again tomorrow.",
    },
  });
  return ship;
}

/** The questions to certain people of docs/inbox.md. */
export function addressees() {
  const askManager = askHuman((step: QuestionStep) => step.question, {
    to: ["web:carol", "email:lead@example.com"],
  });
  const askCustomer = askHuman((step: QuestionStep) => step.question, {
    to: (_step, { thread }) => thread.state.requesters.known.map(principalKey),
  });
  return { askManager, askCustomer };
}
