import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 };

/** Any character of Unicode. fast-check's own unit "binary" takes a second to make ready, in each process. */
const character = fc.nat(0x10ffff - SURROGATES.count).map((number) => {
  const code = number < SURROGATES.from ? number : number + SURROGATES.count;
  return String.fromCodePoint(code);
});
/** Many of them are controls, or mean something in one language or another. */
const latin = fc.nat(0xff).map((code) => String.fromCharCode(code));

/** Texts of any characters, and some that are dangerous as names of fields, as fast-check knows them. */
export function anyText(maxLength = 10): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: fc.oneof(character, latin), maxLength }) },
    { weight: 1, arbitrary: fc.string({ maxLength }) },
  );
}
