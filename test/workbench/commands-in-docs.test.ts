import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";

const page = readFileSync("docs/workbench.md", "utf8");
const shown = [...page.matchAll(/^npx twelvefold (.*)$/gm)].map(([, line = ""]) => line);

describe("docs/workbench.md", { tags: ["F2.12", "F2.13", "F2.14", "F2.15", "F2.20", "F2.21", "E3"] }, () => {
  it.each(shown)("the command line takes: %s", async (line) => {
    let ran = 0;
    const program = createProgram(async () => {
      ran += 1;
    });
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
    await program.parseAsync(words, { from: "user" });
    expect(ran).toBe(1);
  });

  it("names every command that asks no model, and no option that is not there", () => {
    const { commands } = createProgram(async () => {});
    const all = commands.flatMap((command) => [command, ...command.commands]);
    const options = all.flatMap((command) => command.options.map(({ long }) => long));
    expect(shown.map((line) => line.split(" ")[0])).toEqual(
      expect.arrayContaining(["test-from", "diff", "deploy-check", "reparse", "redecide"]),
    );
    const named = [...page.matchAll(/`(--[a-z-]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !options.includes(name))).toEqual([]);
  });

  it.each([
    ["offline", ["--json", "--port"]],
    ["record", ["--json", "--port", "--upstream"]],
    ["replay", ["--json", "--port"]],
    ["faults", ["--json", "--port", "--upstream", "--seed", "--rate", "--fault"]],
  ])("`model %s --help` is a page of its own, with its own options", async (name, options) => {
    const { commands } = createProgram(async () => {});
    const server = commands
      .find((command) => command.name() === "model")
      ?.commands.find((command) => command.name() === name);
    expect(server?.options.map(({ long }) => long)).toEqual(options);
    let page = "";
    server?.configureOutput({ writeOut: (text) => (page += text) });
    server?.outputHelp();
    expect(page).toContain(`Usage: twelvefold model ${name}`);
    expect(page).toContain(`Example:\n  npx twelvefold model ${name}`);
  });
});
