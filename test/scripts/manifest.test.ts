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

  it("names every peer as optional, and none that it brings itself: pnpm 10 installs no such package at all", () => {
    const peers = Object.keys(manifest.peerDependencies).sort();
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(peers);
    expect(peers.filter((name) => Object.hasOwn(manifest.dependencies, name))).toEqual([]);
  });

  it("is built with one exact release of each package", () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  it("names all packages that only the server needs", () => {
    const named = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(named).toEqual(expect.arrayContaining([...SERVE_NEEDS]));
  });
});
