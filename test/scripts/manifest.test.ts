import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SERVE_NEEDS } from "../../src/base/missing-package.ts";

const versions = z.record(z.string(), z.string());
const manifest = z
  .object({
    dependencies: versions,
    devDependencies: versions,
    peerDependencies: versions,
    peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.literal(true) })),
  })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

describe("the package's manifest", { tags: "E2" }, () => {
  it("takes later releases of the packages that a project brings itself", () => {
    // An exact version would refuse every project that has another one.
    for (const [name, range] of Object.entries(manifest.peerDependencies)) {
      expect(range, name).toMatch(/^\^\d+\.\d+\.\d+$/);
    }
  });

  it("names every peer as optional, but for what it also brings", () => {
    const brought = new Set(Object.keys(manifest.dependencies));
    const asked = Object.keys(manifest.peerDependencies).filter((name) => !brought.has(name));
    expect(Object.keys(manifest.peerDependenciesMeta).filter((name) => !brought.has(name))).toEqual(
      expect.arrayContaining(asked),
    );
  });

  it("is built with one exact release of each package", () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  it("names all packages that only the server needs among its peers", () => {
    expect(Object.keys(manifest.peerDependencies)).toEqual(expect.arrayContaining([...SERVE_NEEDS]));
  });
});
