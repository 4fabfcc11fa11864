// A chat with an agent by the AI SDK's `useChat`: `npm install ai @ai-sdk/react react react-dom`, and bundle this file.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses } from "ai";
import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";

/** In a page of your own: the agent's name, and how your page proves who is signed in. */
const settings = new URLSearchParams(location.hash.slice(1));
const chat = settings.get("chat") ?? "first";

function Chat() {
  const [text, setText] = useState("");
  const { messages, sendMessage, addToolApprovalResponse, status, error } = useChat({
    id: chat,
    resume: true,
    transport: new DefaultChatTransport({
      api: `/ai-sdk/${settings.get("agent")}`,
      headers: { authorization: `Bearer ${settings.get("key")}` },
    }),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  const submit = (event) => {
    event.preventDefault();
    sendMessage({ text });
    setText("");
  };
  return (
    <main data-status={status}>
      {messages.map((message) => (
        <section key={message.id} className={message.role}>
          {message.parts.map((part, index) => (
            <Part key={`${message.id} ${index}`} part={part} decide={addToolApprovalResponse} />
          ))}
        </section>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={submit}>
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        <button type="submit">Send</button>
      </form>
    </main>
  );
}

function Part({ part, decide }) {
  if (part.type === "text") return <p>{part.text}</p>;
  if (part.type !== "dynamic-tool") return null;
  const { approval, state } = part;
  if (state === "approval-requested") {
    // The whole card, as the server wrote it: what is approved is what is read.
    return (
      <div className="approval">
        <pre>{approval.descriptor.card}</pre>
        <button type="button" onClick={() => decide({ id: approval.id, approved: true })}>
          Approve
        </button>
        <button type="button" onClick={() => decide({ id: approval.id, approved: false, reason: "not now" })}>
          Deny
        </button>
      </div>
    );
  }
  return (
    <p className="tool">
      {part.toolName}: {state} {JSON.stringify(part.output ?? part.errorText ?? "")}
    </p>
  );
}

createRoot(document.getElementById("chat")).render(createElement(Chat));
