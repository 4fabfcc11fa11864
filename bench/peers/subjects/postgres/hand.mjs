import { HAND_TABLES, insertByHand, launchByHand } from "../../../postgres/hand.ts";
import { tools } from "../fetch.mjs";

/** The loop over `pg` of `npm run bench -- --only postgres`, which asks a model: two INSERTs a step, each committed. */
export async function prepare({ pool, baseURL, onCall }) {
  await pool.query(HAND_TABLES);
  const query = (sql, values) => pool.query(sql, values);
  return {
    title: "by hand over `pg`",
    async run(content, steps) {
      const id = await launchByHand(pool, steps);
      await pool.query("UPDATE by_hand SET state = 'working' WHERE id = $1 AND state = 'todo'", [id]);
      const messages = [{ role: "user", content }];
      for (let seq = 1; ; ) {
        const response = await fetch(`${baseURL}/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "instant", messages, tools }),
        });
        const answer = (await response.json()).choices[0].message;
        messages.push(answer);
        await insertByHand(query, id, seq++, { type: "step", data: answer });
        if (answer.tool_calls === undefined) break;
        for (const call of answer.tool_calls) {
          const { a, b } = JSON.parse(call.function.arguments);
          onCall();
          const result = { role: "tool", tool_call_id: call.id, content: String(a + b) };
          messages.push(result);
          await insertByHand(query, id, seq++, { type: "result", data: result });
        }
      }
      await pool.query("UPDATE by_hand SET state = 'done' WHERE id = $1", [id]);
    },
  };
}
