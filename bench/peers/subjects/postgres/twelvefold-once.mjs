import { openPostgresStore } from "../../../../dist/src/store/postgres/open.js";
import { sumsOn } from "../twelvefold.mjs";

/** The same with a tool that must not be repeated: its result, too, is committed before the model is asked again. */
export async function prepare({ address, connections, baseURL, onCall }) {
  const store = await openPostgresStore(address, { connections, schema: "once" });
  return {
    title: "Twelvefold, a tool not to be repeated",
    ...sumsOn(store, { baseURL, onCall, once: true }),
  };
}
