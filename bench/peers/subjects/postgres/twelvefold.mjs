import { openPostgresStore } from "../../../../dist/src/store/postgres/open.js";
import { sumsOn } from "../twelvefold.mjs";

/**
 * With the engine `in-process`: like the others, the process that launches a run also advances it. A model's answer is committed with the
 * reserve of its tool before the tool runs, the result of this read-only tool with the next answer.
 */
export async function prepare({ address, connections, baseURL, onCall }) {
  const store = await openPostgresStore(address, { connections });
  return { title: "Twelvefold", ...sumsOn(store, { baseURL, onCall }) };
}
