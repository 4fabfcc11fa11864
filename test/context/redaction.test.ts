import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/base/json.ts";
import { removeSecrets } from "../../src/base/secret-patterns.ts";
import { contextBlocks } from "../../src/context/blocks/context-blocks.ts";
import {
  createRedactor,
  createVault,
  restoreSecrets,
  vaultOf,
} from "../../src/context/redaction/redaction.ts";
import { createContextWindow } from "../../src/context/window.ts";
import { propertyRuns } from "../property-runs.ts";
import { anyEvents, eventsOf, finishedTool, message, next, proposed } from "./events.ts";
import { hostileString } from "./hostile.ts";

const CARD = "4111 1111 1111 1111";
const KEY = `sk-proj-${"a1B2".repeat(10)}`;

function redacted(text: string, rules = {}): string {
  return createRedactor(rules).text(text);
}

describe("redaction", () => {
  it("finds secrets of the built-in kinds in texts and leaves the rest", { tags: "F3.8" }, () => {
    expect(redacted(`pay with ${CARD}, please`)).toBe("pay with [card:1], please");
    expect(redacted(`Authorization: Bearer ${KEY}`)).toBe("Authorization: Bearer [key:1]");
    expect(redacted("postgres://app:hunter22@db.example/prod")).toBe(
      "postgres://app:[password:1]@db.example/prod",
    );
    expect(redacted('{"api_key": "abcdef123456", "a": 1}')).toBe('{"api_key": "[secret:1]", "a": 1}');
    expect(redacted("OPENAI_API_KEY=abcdef123456")).toBe("OPENAI_API_KEY=[secret:1]");
    expect(redacted("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- bye")).toBe(
      "[private_key:1] bye",
    );
    expect(redacted("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig_sig")).toBe("[token:1]");
    for (const ordinary of [
      "order 4111 1111 1111 1112 of 2026-01-02T03:04:05.000Z",
      "1767322445000",
      "the token count: 1500 and the key idea",
      "write to ada@example.com about thr_6f1k",
      "Basic arithmetic, bearer of news",
    ]) {
      expect(redacted(ordinary)).toBe(ordinary);
    }
  });

  it.each([
    ["in names in camel case", "dbPassword: hunter2hunter2", "dbPassword: [secret:1]"],
    ["short, where it is no word", "password: abc12", "password: [secret:1]"],
    ["told in a sentence", "My password is hunter2!", "My password is [secret:1]!"],
    ["with spaces, in quotes", '{"password": "my, secret <3"}', '{"password": "[secret:1]"}'],
    ["with quotes in it", '"secret":"a\\"bcdef", "b":1', '"secret":"[secret:1]", "b":1'],
    [
      "in JSON within JSON",
      '{\\"token\\":\\"abc,def\\",\\"a\\":1}',
      '{\\"token\\":\\"[secret:1]\\",\\"a\\":1}',
    ],
    ["that looks like a list", "password=[abc123xyz", "password=[secret:1]"],
    ["under any scheme", "Authorization: Token 0123456789abcdef", "Authorization: Token [token:1]"],
    ["in cookies", "Set-Cookie: sid=abcdef; Path=/", "Set-Cookie: [secret:1]"],
    [
      "holding an @",
      "postgres://app:hunt@er22@db.example/prod",
      "postgres://app:[password:1]@db.example/prod",
    ],
    [
      "of a Slack hook",
      `https://hooks.slack.com/services/T0/B0/${"x1".repeat(9)}`,
      "https://hooks.slack.com/services/[key:1]",
    ],
    [
      "of a signed address",
      "https://a.example/f?X-Amz-Signature=abcdef0123&x=1",
      "https://a.example/f?X-Amz-Signature=[secret:1]&x=1",
    ],
    [
      "of PGP",
      "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----.",
      "[private_key:1].",
    ],
    ["that is an encrypted token", "eyJhbGciOiJkaXIifQ..aXZpdml2aXY.Y2lwaGVy.dGFn", "[token:1]"],
    ["before an expiry date", `${CARD} 05/27`, "[card:1] 05/27"],
    ["before a check number", `${CARD} 123`, "[card:1] 123"],
    [
      "with dots or wide spaces",
      "4111.1111.1111.1111 4111\u00a01111\u00a01111\u00a01111",
      "[card:2] [card:1]",
    ],
    ["of fifteen digits", "3782 822463 10005", "[card:1]"],
  ])("finds a secret %s", { tags: "F3.8" }, (_, text, expected) => {
    expect(redacted(text)).toBe(expected);
    // What was redacted once is not redacted again.
    expect(redacted(expected)).toBe(expected);
  });

  it.each([
    "The tokens: 1500 in, 20 out",
    "next_page_token=abc123def456",
    "password: none, token: 1500",
    "your password is required",
    "a cookie: chocolate chip",
    "Authorization: please ask",
    "pi is 3.14159265358979, not 4111.5",
  ])("leaves alone: %s", { tags: "F3.8" }, (text) => {
    expect(redacted(text)).toBe(text);
  });

  it("knows secret fields by how their names end, and redacts names that are secrets themselves", {
    tags: "F3.8",
  }, () => {
    const names = ["db_password", "X-Api-Key", "userToken", "secretAccessKey", "passwords", "Set-Cookie"];
    for (const name of names) {
      expect(createRedactor({}).json({ [name]: ["zzz"] })).toEqual({ [name]: ["[secret:1]"] });
    }
    const ordinary = { next_page_token: "abc", tokens: 7, max_tokens: 9, key: "k", secretary: "Eve" };
    expect(createRedactor({}).json(ordinary)).toEqual(ordinary);
    expect(createRedactor({}).json({ [KEY]: 1 })).toEqual({ "[key:1]": 1 });
  });

  it("a secret is hidden everywhere in an event, also before the field that gives it away", {
    tags: "F3.8",
  }, () => {
    const events = eventsOf(
      proposed(2, { intent: "get" }),
      finishedTool(2, { command: "login -p Tr0ub4dor&3", password: "Tr0ub4dor&3" }),
    );
    expect(contextBlocks(events, { redact: {} }).at(-1)?.body).toEqual({
      command: "login -p [secret:1]",
      password: "[secret:1]",
    });
  });

  it("names of people are redacted for the model, not in the thread", { tags: "F3.8" }, () => {
    const events = eventsOf(message("hello", { channel: "email", id: "ada@example.com" }));
    expect(contextBlocks(events, { senders: true, redact: { emails: true } })[0]?.body).toEqual({
      from: "[email:1]",
      text: "hello",
    });
  });

  it("rules can be added, e-mail addresses included or the built-in ones left out", { tags: "F3.8" }, () => {
    expect(redacted("to ada@example.com", { emails: true })).toBe("to [email:1]");
    const ticket = { kind: "ticket", pattern: /TCK-\d+/dg };
    expect(redacted(`TCK-42 and ${CARD}`, { builtIn: false, patterns: [ticket] })).toBe(
      `[ticket:1] and ${CARD}`,
    );
    const redactor = createRedactor({ fields: ["home_address"] });
    expect(
      redactor.json({ homeAddress: "1 Main St", Password: 12345, nested: { "api-key": ["x", null] } }),
    ).toEqual({
      homeAddress: "[secret:2]",
      Password: "[secret:1]",
      nested: { "api-key": ["[secret:3]", null] },
    });
    expect(redactor.json(4111111111111111)).toBe("[card:4]");
    expect(() => createRedactor({ patterns: [{ kind: "x", pattern: /x/ }] })).toThrow("flag g");
  });

  it("the same secret keeps its placeholder, wherever and whenever it appears again", {
    tags: "F3.8",
  }, () => {
    const render = createContextWindow({ redact: {} });
    let events = eventsOf(message(`my key: ${KEY}`), message(`${KEY} and ${CARD}`));
    const before = render(events);
    expect(before).not.toContain(KEY);
    expect(before).toContain("my key: [key:1]");
    expect(before).toContain("[key:1] and [card:2]");
    events = next(events, message(`again ${CARD}`));
    expect(render(events)).toContain("again [card:2]");
    expect(createContextWindow({ redact: {} })(events)).toBe(render(events));
  });

  it("a secret recognised once by its surroundings is recognised without them", { tags: "F3.8" }, () => {
    const redactor = createRedactor({});
    expect(redactor.text("password = Tr0ub4dor&3")).toBe("password = [secret:1]");
    expect(redactor.text("/login?token=abcdef123&page=2")).toBe("/login?token=[secret:2]&page=2");
    expect(redactor.json({ note: "he typed Tr0ub4dor&3 into the box" })).toEqual({
      note: "he typed [secret:1] into the box",
    });
  });

  it("only what a declaration names gets the real value back", { tags: "F3.8" }, () => {
    const rules = {};
    const events = eventsOf(
      message(`charge ${CARD}`),
      proposed(3, { intent: "charge", card: "[card:1]", note: "card [card:1] of [key:9]" }),
    );
    const vault = vaultOf(events, rules);
    const step = {
      intent: "charge",
      card: "[card:1]",
      note: "card [card:1] of [key:9]",
      more: [{ deep: "[card:1]" }],
    };
    expect(restoreSecrets(step, ["card"], vault)).toEqual({ ...step, card: CARD });
    expect(restoreSecrets(step, true, vault)).toEqual({
      intent: "charge",
      card: CARD,
      note: `card ${CARD} of [key:9]`,
      more: [{ deep: CARD }],
    });
    expect(restoreSecrets(step, [], vault)).toEqual(step);
    // What the model wrote is read again without change.
    expect(contextBlocks(events, { redact: rules }).at(-1)?.body).toEqual({
      card: "[card:1]",
      note: "card [card:1] of [key:9]",
    });
  });

  it("placeholders survive a store that does not keep the order of keys", { tags: "F3.8" }, () => {
    const results: Json[] = [
      { password: "first-secret-1", apiKey: "second-secret-2" },
      { apiKey: "second-secret-2", password: "first-secret-1" },
    ];
    const vaults = results.map((result) =>
      vaultOf(eventsOf(proposed(2, { intent: "get" }), finishedTool(2, result)), {}),
    );
    for (const placeholder of ["[secret:1]", "[secret:2]"]) {
      expect(vaults[0]?.secretFor(placeholder)).toBeDefined();
      expect(vaults[0]?.secretFor(placeholder)).toBe(vaults[1]?.secretFor(placeholder));
    }
  });

  it("a text can be kept out of the store and given back from a vault", { tags: "F3.8" }, () => {
    const vault = createVault();
    const stored = createRedactor({}, vault).text(`charge ${CARD}`);
    expect(stored).toBe("charge [card:1]");
    expect(restoreSecrets({ intent: "charge", text: stored }, true, vault).text).toBe(`charge ${CARD}`);
    // Reading the stored text again does not hide the placeholder.
    expect(createRedactor({}).text(stored)).toBe(stored);
  });

  it("no secret reaches the model, wherever in a thread it stands", { tags: ["F3.8", "S3"] }, () => {
    fc.assert(
      fc.property(anyEvents, hostileString, (events, text) => {
        const all = next(
          next(
            next(events, message(`${text} ${KEY} ${text}`)),
            proposed(events.length + 2, { intent: "x", deep: [{ token: text, at: KEY }] }),
          ),
          {
            type: "tool_failed",
            data: { callId: "call_1" as never, error: { name: "E", message: `bad ${KEY}`, causes: [CARD] } },
          },
        );
        const rendered = createContextWindow({ redact: {} })(all);
        expect(rendered).not.toContain(KEY);
        expect(rendered).not.toContain(CARD);
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("takes time in proportion to the text, also for texts made to slow it down", { tags: "F3.8" }, () => {
    for (const unit of [
      "4",
      "4 ",
      "a@",
      "a.",
      "password:",
      'password:"',
      'token\\":\\"a',
      "password is a1",
      "cookie: a=b",
      "authorization: a ",
      "4111 1111 ",
      "-----BEGIN RSA PRIVATE KEY-----",
      "eyJaaaaaaaa.",
      "eyJaaaaaaaa-",
      "sk-aaaaaaaaaaaaaaaa ",
      "SG.aaaaaaaaaaaaaaaa-",
      "a://b:",
      "Bearer ",
    ]) {
      const text = unit.repeat(Math.ceil(300_000 / unit.length));
      expect(typeof removeSecrets(text)).toBe("string");
      expect(typeof redacted(text, { emails: true })).toBe("string");
    }
  });
});
