import { readFileSync } from "node:fs";

/** The doors of the package by what users import, with their sources. */
export function doors() {
  const { name, exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return Object.entries(exports).flatMap(([door, { types }]) =>
    types === undefined
      ? []
      : [{ name: door.replace(".", name), source: types.replace("./dist/", "").replace(/\.d\.ts$/, ".ts") }],
  );
}
