import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * An agent in the shape that the 12-factor workshop teaches: BAML sources beside a thread class with tags, a loop with a `switch`,
 * and clients and a generator of an older BAML.
 */
export const WORKSHOP_AGENT: Readonly<Record<string, string>> = {
  "baml_src/agent.baml": `class Finished {
  intent "done_for_now"
  message string @description(#"
    message to send to the person about the work that was done,
    with all { numbers } as they are
  "#)
}

class Unclear {
  intent "request_more_information"
  message string @description("what the person should say more about")
}

type PeopleTools = Finished | Unclear

function DetermineNextStep(thread: string) -> PeopleTools | DeskTools {
  client Desk
  prompt #"
    {{ _.role("system") }}
    You sit at a desk and calculate for people.

    {{ _.role("user") }}
    The thread so far:

    {{ thread }}

    What comes next?

    {{ ctx.output_format }}

    Before the JSON, think about what to do, in two or three lines.
  "#
}

test Greeting {
  functions [DetermineNextStep]
  args {
    thread #"
      <user_input>
      hello
      </user_input>
    "#
  }
  @@assert(asks, {{ this.intent == "request_more_information" }})
}
`,
  "baml_src/clients.baml": `// Models of the desk.
retry_policy Patient {
  max_retries 2
  strategy {
    type exponential_backoff
  }
}

client<llm> Careful {
  provider anthropic
  retry_policy Patient
  options {
    model "claude-sonnet-4-5"
    api_key env.CLAUDE_KEY
  }
}

client<llm> Quick {
  provider openai
  options {
    model "gpt-5-mini"
    api_key env.OPENAI_API_KEY
  }
}

client<llm> Desk {
  provider fallback
  options {
    strategy [Careful, Quick]
  }
}
`,
  "baml_src/generators.baml": `generator target {
  output_type "typescript"
  output_dir "../src/"
  version "0.201.0"
  default_client_mode async
}
`,
  "baml_src/tool_calculator.baml": `class PlusTool {
  intent "plus"
  left int | float
  right int | float
}

class OverTool {
  intent "over" @description("divide; never by { zero }")
  left int | float
  right int | float
}

type DeskTools = PlusTool | OverTool
`,
  "package.json": `{
  "name": "desk-calculator",
  "private": true,
  "scripts": { "dev": "tsx src/index.ts" },
  "dependencies": { "@boundaryml/baml": "^0.201.0", "dotenv": "^16.0.0", "express": "^5.0.0", "big.js": "^7.0.0" }
}
`,
  "src/agent.ts": `import Big from "big.js";
import { type OverTool, type PlusTool, b } from "./baml_client";

export interface Event {
  type: string;
  data: any;
}

export class Thread {
  constructor(public events: Event[]) {}

  forModel(): string {
    return this.events.map((event) => this.tagged(event)).join("\\n");
  }

  private tagged({ type, data }: Event): string {
    const body = typeof data === "object" ? Object.entries(data).map(([key, value]) => \`\${key}: \${value}\`).join("\\n") : data;
    return \`<\${data?.intent ?? type}>\\n\${body}\\n</\${data?.intent ?? type}>\`;
  }
}

export async function act(step: PlusTool | OverTool, thread: Thread): Promise<Thread> {
  let result: string;
  switch (step.intent) {
    case "plus":
      result = new Big(step.left).plus(step.right).toString();
      thread.events.push({ type: "tool_response", data: result });
      return thread;
    case "over":
      result = new Big(step.left).div(step.right).toString();
      thread.events.push({ type: "tool_response", data: result });
      return thread;
  }
}

export async function run(thread: Thread): Promise<Thread> {
  while (true) {
    const step = await b.DetermineNextStep(thread.forModel());
    thread.events.push({ type: "tool_call", data: step });
    switch (step.intent) {
      case "done_for_now":
      case "request_more_information":
        return thread;
      default:
        await act(step, thread);
    }
  }
}
`,
  "src/index.ts": `import "dotenv/config";
import { run, Thread } from "./agent";

console.log(process.env.DESK_NAME);
run(new Thread([{ type: "user_input", data: process.argv.slice(2).join(" ") }])).then((thread) => console.log(thread.events.at(-1)));
`,
};

/** Writes it into a folder. */
export function writeWorkshopAgent(folder: string, files = WORKSHOP_AGENT): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
