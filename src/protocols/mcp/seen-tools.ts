import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import type { KeptValues } from "../../steps/definitions.ts";
import type { RemoteTool } from "./remote-tools.ts";

const stored = z.array(z.tuple([z.string(), z.string()]));
/** Of a server that lists new names without end, no more are remembered; what is not counts as changed. */
const MAX_TOOLS = 2_000;
const MAX_TRIES = 20;

/**
 * How each tool of a server was described when it was first seen, by its digest: in this process and, once a runtime has said
 * where values are kept, in every process on the same store and after each start.
 */
export class SeenTools {
  readonly #key: string;
  readonly #digests = new Map<string, string>();
  readonly #kept = new Map<KeptValues, Promise<void>>();

  /** `name` is the server's. */
  constructor(name: string) {
    this.#key = `mcp-tools:${sha256(name)}`;
  }

  /** Whether the tool is described as it was first. */
  isAsFirst({ name, digest }: RemoteTool): boolean {
    return this.#digests.get(name) === digest;
  }

  /** Takes in what the server has now. What was seen before stays as it was. */
  async add(tools: readonly RemoteTool[]): Promise<void> {
    const before = this.#digests.size;
    for (const { name, digest } of tools)
      if (!this.#digests.has(name) && this.#digests.size < MAX_TOOLS) this.#digests.set(name, digest);
    if (this.#digests.size > before) for (const values of this.#kept.keys()) await this.#merge(values);
  }

  /** Reads what was seen earlier, once for each place. Rejects if that cannot be read; the next call tries again. */
  keepIn(values: KeptValues): Promise<void> {
    const known = this.#kept.get(values);
    if (known !== undefined) return known;
    const merged = this.#merge(values);
    this.#kept.set(values, merged);
    merged.catch(() => this.#kept.delete(values));
    return merged;
  }

  async #merge(values: KeptValues): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const text = await values.getValue(this.#key);
      const earlier = text === undefined ? [] : stored.parse(JSON.parse(text));
      // What was seen earlier counts: this process may have begun after a change.
      for (const [name, digest] of earlier) this.#digests.set(name, digest);
      if (this.#digests.size === earlier.length) return;
      const all = JSON.stringify([...this.#digests]);
      if (await values.setValue(this.#key, all, text)) return;
    }
    throw new Error("which tools were seen could not be kept: others write all the time");
  }
}
