import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { isJsonObject, type Json, toJson } from "../../base/json.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { countOf, visibleLine } from "../../present/visible-text.ts";
import { type CollectedCase, collectCorrections } from "../../workbench/collect.ts";
import { lastThreads, requireAgent } from "../../workbench/decisions.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

export interface CollectOptions {
  readonly last: number;
  readonly agent?: string;
  readonly to: string;
}

/** `twelvefold collect`: what people corrected becomes cases, for somebody to look at before they run. */
export async function collect(session: Session, { last, agent, to }: CollectOptions): Promise<number> {
  const { terminal, colors: c, json, folder } = session;
  if (!to.endsWith(".jsonl")) {
    throw new UsageError(
      "invalid_argument",
      `--to takes a file of JSON Lines (.jsonl), not ${JSON.stringify(to)}`,
    );
  }
  const { agents } = await session.config();
  requireAgent(agents, agent);
  const path = resolve(folder, to);
  const known = namesIn(path);
  const found: CollectedCase[] = [];
  const others = new Set<string>();
  for await (const thread of lastThreads(await session.existingStore(), { last, agent })) {
    const own = agents.find(({ name }) => name === thread.agent);
    if (own === undefined) others.add(thread.agent);
    else found.push(...collectCorrections(thread, own));
  }
  const added = found.filter(({ name }) => !known.has(name));
  if (added.length > 0) {
    makeFolder(dirname(path));
    appendFileSync(path, `${lineBreak(path)}${added.map((one) => JSON.stringify(one)).join("\n")}\n`);
  }
  if (json)
    terminal.out(
      JSON.stringify(
        {
          file: to,
          added: added.map(({ name, note, expect }) => ({ name, note, expect })),
          known: found.length - added.length,
        },
        null,
        2,
      ),
    );
  else {
    for (const { name, note } of added) terminal.out(`${name}  ${visibleLine(note, 160)}`);
    const before =
      found.length === added.length ? "" : `, ${found.length - added.length} were collected before`;
    terminal.out(`${countOf(added.length, "correction")} collected${before}`);
    if (others.size > 0)
      terminal.err(
        c.dim(
          `left out: threads of ${visibleLine([...others].join(", "))}, which the configuration does not have`,
        ),
      );
    if (added.length > 0)
      terminal.err(c.dim(`${to}: look at each, then take out "review": true; until then they do not run`));
  }
  return EXIT.ok;
}

function namesIn(path: string): ReadonlySet<string> {
  if (!existsSync(path)) return new Set();
  const names = readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => nameIn(line) ?? []);
  return new Set(names);
}

function nameIn(line: string): string | undefined {
  try {
    const json: Json = toJson(JSON.parse(line));
    const name = isJsonObject(json) ? json["name"] : undefined;
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** An editor may have left the last line open. */
function lineBreak(path: string): string {
  return existsSync(path) && !/(^|\n)$/.test(readFileSync(path, "utf8")) ? "\n" : "";
}
