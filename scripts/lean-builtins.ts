import type { Plugin } from "rolldown";

/**
 * Of Node's own modules only what is used is taken. An `import` makes Node look at every export, and some are getters
 * behind which other modules wait: `node:fs` brings its streams and promises with it, `node:http` all of fetch and
 * WebSocket. That is a third of what the package needs to start.
 */
export const leanBuiltins: Plugin = {
  name: "lean-builtins",
  resolveId(id, _importer, { kind }) {
    if (!id.startsWith("node:")) return null;
    return kind === "import-statement" ? { id: `\0${id}`, moduleSideEffects: false } : { id, external: true };
  },
  async load(id) {
    if (!id.startsWith("\0node:")) return null;
    const path = id.slice(1);
    const names = Object.keys(await import(path)).filter((name) => /^(?!default$)\w+$/.test(name));
    // Marked as pure, so that what nobody imports is left out.
    return [
      `const builtin = /* @__PURE__ */ process.getBuiltinModule("${path}");`,
      "export default builtin;",
      ...names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`),
    ].join("\n");
  },
};
