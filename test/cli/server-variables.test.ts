import { expect, it } from "vitest";
import { portOf, publicUrlIn, secretIn } from "../../src/cli/server-variables.ts";

it("what is wrong with a variable of the server is said with its name", { tags: "E9" }, () => {
  const secret = "0123456789abcdef0123456789abcdef";
  expect([secretIn({}), secretIn({ TWELVEFOLD_SECRET: secret })]).toEqual([undefined, secret]);
  expect(() => secretIn({ TWELVEFOLD_SECRET: "short" })).toThrow(
    /^TWELVEFOLD_SECRET needs at least 32 random characters: node -p .* prints one$/,
  );
  expect(() => secretIn({ TWELVEFOLD_SECRET: "" })).toThrow("TWELVEFOLD_SECRET needs");
  expect(publicUrlIn({ TWELVEFOLD_PUBLIC_URL: "https://a.example/x" })).toBe("https://a.example/x");
  expect(() => publicUrlIn({ TWELVEFOLD_PUBLIC_URL: "a.example" })).toThrow(
    "TWELVEFOLD_PUBLIC_URL must be an address such as https://agents.example.com, not a.example",
  );
  expect([portOf(undefined), portOf("80")]).toEqual([3120, 80]);
  expect(() => portOf("eighty")).toThrow("TWELVEFOLD_PORT takes a port number");
});
