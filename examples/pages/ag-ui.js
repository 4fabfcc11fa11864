// A chat with an agent by AG-UI's own client: `npm install @ag-ui/client`, and bundle this file.
import { HttpAgent } from "@ag-ui/client";

/** In a page of your own: the agent's name, and how your page proves who is signed in. */
const settings = new URLSearchParams(location.hash.slice(1));
const agent = new HttpAgent({
  url: `/ag-ui/${settings.get("agent")}`,
  threadId: settings.get("chat") ?? "first",
  headers: { authorization: `Bearer ${settings.get("key")}` },
});

const log = document.getElementById("chat");
const form = document.getElementById("say");

/** Text from elsewhere is text, never HTML. */
function show(kind, text) {
  const line = document.createElement("pre");
  line.className = kind;
  line.textContent = text;
  log.append(line);
  return line;
}

function button(label, act) {
  const element = document.createElement("button");
  element.textContent = label;
  element.onclick = () => {
    for (const other of log.querySelectorAll("button")) other.remove();
    act();
  };
  log.append(element);
}

/** One run: sends what is new, shows what happens, and asks what the agent asks. */
async function run(resume) {
  let said;
  await agent
    .runAgent(resume === undefined ? {} : { resume: [resume] }, {
      // Words come while the agent writes them.
      onTextMessageStartEvent: () => {
        said = show("text", "");
      },
      onTextMessageContentEvent: ({ event }) => {
        said.textContent += event.delta;
      },
      onToolCallEndEvent: ({ toolCallName, toolCallArgs }) =>
        show("call", `${toolCallName} ${JSON.stringify(toolCallArgs)}`),
      onToolCallResultEvent: ({ event }) => show("result", event.content),
      onRunFinishedEvent: ({ event }) => {
        for (const interrupt of event.outcome?.interrupts ?? []) ask(interrupt);
      },
    })
    .catch((error) => show("error", String(error.message ?? error)));
}

function ask({ id, message, metadata, responseSchema }) {
  const decide = (payload) => run({ interruptId: id, status: "resolved", payload });
  if (responseSchema.properties?.answer !== undefined) {
    const field = document.createElement("input");
    field.ariaLabel = "Answer";
    log.append(field);
    button("Reply", () => {
      field.remove();
      decide({ answer: field.value });
    });
    return;
  }
  // The whole card, as the server wrote it: what is approved is what is read.
  show("approval", message);
  button("Approve", () => decide({ decision: "approve", digest: metadata.digest }));
  button("Deny", () => decide({ decision: "deny", digest: metadata.digest, feedback: "not now" }));
}

form.onsubmit = (event) => {
  event.preventDefault();
  const field = form.querySelector("input");
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content: field.value });
  show("user", field.value);
  field.value = "";
  run();
};
