import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Runtime, systemClock, type VerifiedPrincipal, verifiedBy } from "../../index.ts";
import { makeDemoShop } from "./demo-shop.ts";
import { mailInput } from "./mail.ts";

/** What `twelvefold demo support` runs. */
export const demo = {
  /** The two managers. */
  people: ["mia", "max"],
  /** Makes a new shop in `folder`. */
  async prepare(folder: string) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "shop.db");
    for (const old of [path, `${path}-wal`, `${path}-shm`]) rmSync(old, { force: true });
    const today = () => new Date(systemClock.now()).toISOString().slice(0, 10);
    const { support } = makeDemoShop(path, today);
    return {
      agents: [support],
      about: [`shop: ${path} (sqlite3 shop.db "select * from refunds")`],
      /** A mail of Ann, a customer. In a real shop a channel has verified the address. */
      async launch(runtime: Runtime, _from: VerifiedPrincipal, text = DEFAULT_TEXT) {
        const from = verifiedBy("email", "ann@example.com", "Ann");
        const input = mailInput({ from, subject: "My order", text });
        return runtime.launch({ agent: "support", input });
      },
    };
  },
};

const DEFAULT_TEXT =
  "Hello, the kettle of order A-1002 is broken, I would like a refund. From now on please write to me in German.";
