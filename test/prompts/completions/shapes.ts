import type { Row } from "./row.ts";

const person = (name: string, more: object = {}) => ({ name, age: null, emails: [], home: null, ...more });
const PERSON = '{"name":"Ada","emails":[]}';
const ADA = person("Ada");
const PEOPLE = Array.from({ length: 300 }, (_, index) =>
  person(`P${index}`, { emails: [`p${index}@example.org`] }),
);

/** Functions of every result type. */
export const SHAPES: readonly Row[] = [
  // class
  ["ExtractPerson", PERSON, { exact: ADA }],
  [
    "ExtractPerson",
    '{"name":"Ada","age":36,"emails":["a@x"],"home":{"street":"S","city":"C"}}',
    { exact: person("Ada", { age: 36, emails: ["a@x"], home: { street: "S", city: "C" } }) },
  ],
  [
    "ExtractPerson",
    '{"name":"Ada","emails":[],"home":"Main street"}',
    { doubtful: ADA, because: ["lost_value"] },
  ],
  [
    "ExtractPerson",
    '{"name":"Ada","emails":[],"home":{"street":"S"}}',
    { doubtful: ADA, because: ["lost_value"] },
  ],
  ["ExtractPerson", "Ada", { refused: "no_match" }],
  ["ExtractPerson", `[${PERSON},{"name":"Bob","emails":[]}]`, { exact: ADA, more: [person("Bob")] }],

  // list
  ["ExtractPeople", `[${PERSON}]`, { exact: [ADA] }],
  ["ExtractPeople", "[]", { exact: [] }],
  ["ExtractPeople", JSON.stringify(PEOPLE), { exact: PEOPLE }],
  ["ExtractPeople", PERSON, { tolerant: [ADA], because: ["wrapped_in_list"] }],
  [
    "ExtractPeople",
    `${PERSON}\n{"name":"Bob","emails":[]}`,
    { tolerant: [ADA, person("Bob")], because: ["wrapped_in_list"] },
  ],
  [
    "ExtractPeople",
    `${PERSON} and {"name":"Bob","emails":[]}`,
    { doubtful: [ADA], because: ["several_objects", "wrapped_in_list"], more: [[person("Bob")]] },
  ],
  [
    "ExtractPeople",
    `[${PERSON}] and [{"name":"Bob","emails":[]}]`,
    { doubtful: [ADA], because: ["several_objects"], more: [[person("Bob")]] },
  ],
  ["ExtractPeople", `[${PERSON},{"age":3}]`, { doubtful: [ADA], because: ["lost_value"] }],
  ["ExtractPeople", `{"people":[${PERSON}]}`, { refused: "no_match", saying: "does not fit" }],
  ["ExtractPeople", "none", { refused: "no_match", saying: "holds no JSON list" }],
  ["ExtractPeople", `[${PERSON},`, { doubtful: [ADA], because: ["cut_off", "repaired_syntax"] }],
  ["ClassifyMany", '["Billing","Other"]', { exact: ["Billing", "Other"] }],
  ["ClassifyMany", "[Billing, Other]", { tolerant: ["Billing", "Other"], because: ["repaired_syntax"] }],
  ["ClassifyMany", "Billing, Other", { refused: "no_match", saying: "holds no JSON list" }],
  ["ClassifyMany", '["Billing","Unknown"]', { doubtful: ["Billing"], because: ["lost_value"] }],
  ["ClassifyMany", '["not Billing"]', { doubtful: ["Billing"], because: ["coerced_value"] }],

  // optional
  ["MaybePerson", "null", { exact: null }],
  ["MaybePerson", PERSON, { exact: ADA }],
  ["MaybePerson", "There is nobody in the text.", { doubtful: null, because: ["no_json"] }],
  ["MaybePerson", "{}", { doubtful: null, because: ["no_json"] }],
  ["MaybePerson", '{"age":3}', { doubtful: null, because: ["no_json"] }],

  // enum
  ["Classify", "Billing", { exact: "Billing" }],
  ["Classify", '"Billing"', { exact: "Billing" }],
  ["Classify", "```\nBilling\n```", { exact: "Billing" }],
  ["Classify", "<think>Other?</think>Billing", { exact: "Billing" }],
  ["Classify", "billing", { tolerant: "Billing", because: ["loose_match"] }],
  ["Classify", "**Billing**.", { tolerant: "Billing", because: ["loose_match"] }],
  ["Classify", "not Billing", { doubtful: "Billing", because: ["coerced_value"] }],
  ["Classify", "The category is Billing", { doubtful: "Billing", because: ["coerced_value"] }],
  ["Classify", '{"category":"Billing"}', { doubtful: "Billing", because: ["coerced_value"] }],
  ["Classify", "Billing or Shipping", { refused: "no_match", saying: "Too many matches" }],
  ["Classify", "Rechnung", { refused: "no_match" }],

  // numbers and booleans
  ["Count", "42", { exact: 42 }],
  ["Count", "42.0", { exact: 42 }],
  ["Count", "-3", { exact: -3 }],
  ["Count", '"42"', { tolerant: 42, because: ["retyped_value"] }],
  ["Count", "42.", { tolerant: 42, because: ["loose_match"] }],
  ["Count", "42.5", { doubtful: 43, because: ["coerced_value"] }],
  ["Count", "about 42", { doubtful: 42, because: ["coerced_value"] }],
  ["Count", "1,000", { doubtful: 1000, because: ["coerced_value"] }],
  ["Count", "9007199254740993", { doubtful: 9007199254740992, because: ["imprecise_number"] }],
  ["Count", "forty-two", { refused: "no_match", saying: "Expected int" }],
  ["Measure", "4.5", { exact: 4.5 }],
  ["Measure", "1e-7", { exact: 1e-7 }],
  ["Measure", "4,5", { doubtful: 45, because: ["coerced_value"] }],
  ["Measure", "50%", { doubtful: 50, because: ["coerced_value"] }],
  ["Measure", "1/3", { doubtful: 1 / 3, because: ["coerced_value"] }],
  ["Measure", "1e400", { doubtful: null, because: ["no_json"] }],
  ["Judge", "true", { exact: true }],
  ["Judge", "False", { tolerant: false, because: ["loose_match"] }],
  ["Judge", "not true", { doubtful: true, because: ["coerced_value"] }],
  ["Judge", "The answer is true", { doubtful: true, because: ["coerced_value"] }],
  ["Judge", "yes", { refused: "no_match" }],

  // text
  ["Summarize", 'A [short] {text}, with: "everything".', { exact: 'A [short] {text}, with: "everything".' }],
  ["Summarize", '{"a":1}', { exact: '{"a":1}' }],
  ["Summarize", "[".repeat(100_000), { exact: "[".repeat(100_000) }],
  ["Summarize", "The tag <think> is explained here.", { exact: "The tag <think> is explained here." }],
  ["Summarize", "<think>hm</think>\n\nIt is short.", { exact: "It is short." }],
  ["Summarize", "hm</think>It is short.", { exact: "hm</think>It is short." }],
  ["Summarize", "<think>hm", { refused: "empty" }],
  ["Summarize", "", { refused: "empty" }],
  ["PersonOrText", "Nobody.", { exact: "Nobody." }],
  ["PersonOrText", PERSON, { exact: ADA }],
  ["PersonOrText", '{"x":1}', { doubtful: "{x: 1}", because: ["coerced_value"] }],

  // map
  ["Prices", '{"apple":1,"pear":2.5}', { exact: { apple: 1, pear: 2.5 } }],
  ["Prices", "{}", { exact: {} }],
  ["Prices", '{"apple":"1"}', { tolerant: { apple: 1 }, because: ["retyped_value"] }],
  ["Prices", '{"apple":"cheap","pear":1}', { doubtful: { pear: 1 }, because: ["lost_value"] }],
  ["Prices", '{"apple":1,"apple":2}', { doubtful: { apple: 2 }, because: ["duplicate_key"] }],

  // recursive class, union field, explanation first
  [
    "ExtractTree",
    '{"name":"r","children":[{"name":"c","children":[]}]}',
    { exact: { name: "r", children: [{ name: "c", children: [] }] } },
  ],
  [
    "Hold",
    '{"intent":"hold","item":"5","nested":{"a":"b"}}',
    { exact: { intent: "hold", item: "5", nested: { a: "b" } } },
  ],
  [
    "Hold",
    '{"intent":"hold","item":true,"nested":{}}',
    { exact: { intent: "hold", item: true, nested: {} } },
  ],
  [
    "Hold",
    '{"intent":"hold","item":5.5,"nested":{}}',
    { doubtful: { intent: "hold", item: 6, nested: {} }, because: ["coerced_value"] },
  ],
  [
    "Review",
    '{"reasoning":"It is not good.","pass":false}',
    { exact: { reasoning: "It is not good.", pass: false } },
  ],

  // aliases
  [
    "ExtractInvoice",
    '{"total_amount":5,"status":"paid in full","items":[{"description":"x","cents":5}]}',
    { exact: { total: 5, status: "PAID", lines: [{ text: "x", cents: 5 }] } },
  ],
  [
    "ExtractInvoice",
    '{"Total_Amount":5,"status":"Paid in full","items":[]}',
    { tolerant: { total: 5, status: "PAID", lines: [] }, because: ["loose_match"] },
  ],
  [
    "ExtractInvoice",
    '{"total_amount":5,"status":"not k3","items":[]}',
    { doubtful: { total: 5, status: "VOID", lines: [] }, because: ["coerced_value"] },
  ],
  [
    "ExtractInvoice",
    '{"total_amount":5,"total":6,"status":"OPEN","items":[]}',
    { doubtful: { total: 5, status: "OPEN", lines: [] }, because: ["coerced_value", "lost_value"] },
  ],
  ["ExtractInvoice", '{"total":5,"status":"OPEN","lines":[]}', { refused: "no_match" }],
];
