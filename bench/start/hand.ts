/* The hand-written loop in a process of its own: `hand.js DATABASE MODEL-URL launch|resume MESSAGE-OR-THREAD`. */
import { handClient, handLoop, handStore } from "../hand-loop.ts";

const [path = "", url = "", how = "", what = ""] = process.argv.slice(2);
const store = handStore(path);
const resumed = how === "resume";
await handLoop(store, resumed ? what : `hand-${process.pid}`, handClient(url), resumed ? undefined : what);
store.close();
