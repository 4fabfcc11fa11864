import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { callIdAt, randomThreadId } from "../../src/base/ids.ts";
import { objectionToAnswer } from "../../src/humans/approvers.ts";
import { type HumanRequest, pendingRequest, whyNot } from "../../src/humans/request.ts";
import { cardLines } from "../../src/present/card.ts";
import { describeRequest } from "../../src/present/describe-request.ts";
import { howToAnswer } from "../../src/present/how-to-answer.ts";
import { decidersInWords, personInWords } from "../../src/present/who-decides.ts";
import { whyNotInWords } from "../../src/present/why-not.ts";
import type { ApprovalPolicy, Principal } from "../../src/thread/events.ts";
import { EMPTY_STATE } from "../../src/thread/fold.ts";
import type { PendingQuestion } from "../../src/thread/state.ts";
import { SHOP_PEOPLE } from "../inbox/shop.ts";

const web = (id: string): Principal => ({ channel: "web", id });

function words(
  policy: ApprovalPolicy,
  viewer: Principal | null,
  approvedBy: readonly Principal[] = [],
): string {
  const request = asking(policy, approvedBy);
  return decidersInWords({ request, viewer, mayDecide: viewer !== null, people: SHOP_PEOPLE });
}

function asking(
  policy: ApprovalPolicy,
  approvedBy: readonly Principal[] = [],
  unknown = false,
): HumanRequest {
  const request = pendingRequest({
    id: randomThreadId(),
    state: {
      ...EMPTY_STATE,
      requesters: { known: [web("eve")], unknown },
      request: {
        type: "approval",
        seq: 5,
        askedAt: "2026-01-01T00:00:00.000Z",
        callId: callIdAt(4),
        card: { title: "t", intent: "pay", arguments: {}, reasons: [] },
        policy,
        digest: "",
        approvedBy,
        escalatedTo: [],
        escalations: 0,
        deliveries: {},
        toUpdate: [],
      },
    },
  });
  if (request === null) throw new Error("nothing is asked");
  return request;
}

describe("who decides, in words", () => {
  it("people have their names in messages of channels, at the command line and in errors", {
    tags: ["F7.8", "F11.1"],
  }, () => {
    const request = asking({ approvers: ["web:ada", "slack:U02", "web:bob", "email:*"], needed: 2 }, [
      web("carol"),
    ]);
    const { parts } = describeRequest(request, SHOP_PEOPLE);
    expect(parts.filter(({ kind }) => kind === "note").map(({ label, text }) => [label, text])).toEqual([
      ["Step", "pay"],
      ["May approve", "Ada, Bob, anybody on email"],
      ["Approvals", "1 of 2, approved by Carol"],
    ]);
    expect(whyNot(request, web("dan"), "approved", SHOP_PEOPLE)?.message).toBe(
      "Dan may not decide on this; Ada, Bob, email:* may",
    );
    expect(whyNot(request, web("carol"), "approved", { ...SHOP_PEOPLE, all: ["web:*"] })?.message).toContain(
      "web:carol may not",
    );
    const asked: PendingQuestion = {
      type: "question",
      kind: "question",
      question: "Where?",
      to: ["web:ada", "slack:*"],
      seq: 5,
      askedAt: "2026-01-01T00:00:00.000Z",
      deliveries: {},
      toUpdate: [],
    };
    const thread = { id: randomThreadId(), state: { ...EMPTY_STATE, request: asked } };
    expect(howToAnswer(thread, asked, SHOP_PEOPLE)).toContain("may answer: Ada, anybody on slack");
    expect(objectionToAnswer(asked, web("dan"), SHOP_PEOPLE)?.message).toBe(
      "Dan may not answer this; Ada, slack:* may",
    );
  });

  it("says who, how many of them, and whether that is you", { tags: "F7.8" }, () => {
    const three = ["web:ada", "web:bob", "slack:U02", "web:carol"];
    const [ada, dan] = [web("ada"), web("dan")];
    const cases: readonly [string, string][] = [
      [words({}, ada), "you or anybody else who is signed in"],
      [words({}, null), "anybody who is signed in"],
      [words({ needed: 2 }, ada), "you and one more: anybody else who is signed in"],
      [
        words({ requesterMayApprove: false }, ada),
        "you or anybody else who is signed in, but not Eve, who asked for it",
      ],
      [words({ approvers: three }, ada), "you, Bob or Carol"],
      [words({ approvers: three, needed: 2 }, ada), "you and one of Bob and Carol"],
      [words({ approvers: three, needed: 3 }, ada), "you, Bob and Carol"],
      [words({ approvers: three, needed: 2 }, null), "two of Ada, Bob and Carol"],
      [words({ approvers: three, needed: 2 }, null, [ada]), "Bob or Carol"],
      [words({ approvers: [...three, "web:eve"], requesterMayApprove: false }, null), "Ada, Bob or Carol"],
      [words({ approvers: ["web:ada", "slack:*"], needed: 2 }, ada), "you and one more: anybody on slack"],
      [
        words({ approvers: [...three, "web:dan", "*:fay", "web:gus"], needed: 2 }, dan),
        "you and one of 5 others",
      ],
      [words({ approvers: [] }, null), "nobody"],
    ];
    for (const [said, wanted] of cases) expect(said).toBe(wanted);
  });

  it("whoever may not decide is told why, with the names of people", { tags: "F7.8" }, () => {
    const three = { approvers: ["web:ada", "web:bob", "slack:U02"] };
    const apart = { requesterMayApprove: false };
    const cases: readonly [HumanRequest, Principal, string | null][] = [
      [asking(three), web("ada"), null],
      [asking(three), web("dan"), "You may not decide on this. It waits for Ada or Bob."],
      [
        asking(three),
        web("local"),
        "You may not decide on this. It waits for Ada or Bob. You are web:local here, as everybody is on a server without keys: `npx twelvefold key <name>` makes one.",
      ],
      [
        asking({ approvers: [] }),
        web("dan"),
        "Nobody may decide on this. Once the step's rule is corrected in the code, a message to the thread asks anew.",
      ],
      [asking(apart), web("eve"), "You asked for this, so somebody else must approve it."],
      [
        asking(apart, [], true),
        web("ada"),
        "Nobody knows who asked for this, and whoever did may not approve it. So nobody may.",
      ],
      [
        asking({ ...three, needed: 2 }, [web("bob")]),
        { channel: "slack", id: "U02" },
        "You have approved already. Different people must agree.",
      ],
      [
        asking({ needed: 2 }, [{ channel: "mail", id: "x" }]),
        web("y"),
        expect.stringContaining("You may be the same person as somebody who"),
      ],
    ];
    for (const [request, viewer, said] of cases) {
      expect(whyNotInWords({ request, viewer, people: SHOP_PEOPLE })).toEqual(said);
    }
  });

  it("a card at the terminal names them, who has approved, and the time as its reader's clock shows it", {
    tags: "F7.4",
  }, () => {
    const policy = { approvers: ["web:ada", "web:bob", "slack:U02", "slack:*"], needed: 2 };
    const { asked } = asking(policy, [{ channel: "slack", id: "U02" }]);
    if (asked.type !== "approval") throw new Error("nothing to approve");
    const lines = cardLines(
      { ...asked, expiresAt: "2026-01-01T00:00:00.000Z" },
      { colors: createColors(false), people: SHOP_PEOPLE, timeOf: (iso) => `${iso.slice(0, 4)} here` },
    ).map((line) => line.trim());
    expect(lines).toContain("may approve: Ada, Bob, anybody on slack");
    expect(lines).toContain("1 of 2 approvals, by Bob");
    expect(lines).toContain("expires at 2026 here");
  });

  it("a name that the configuration does not give comes with the identity behind it", {
    tags: "F7.4",
  }, () => {
    const mallory: Principal = { channel: "slack", id: "U99", name: "Ada\u202e" };
    expect(personInWords(mallory, SHOP_PEOPLE)).toBe("Ada[U+202E] (slack:U99)");
    expect(personInWords({ ...web("ada"), name: "The boss" }, SHOP_PEOPLE)).toBe("Ada");
    expect(personInWords(web("ada"), { ada: ["web:ada"], root: ["web:ada"] })).toBe("web:ada");
  });
});
