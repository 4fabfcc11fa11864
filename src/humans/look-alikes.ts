/** Letters of other alphabets that look like Latin ones, with the Latin ones below them. */
const TWINS = new Map(
  Array.from({ length: 36 }, (_, index): [string, string] => [
    Array.from("аеорсухіјѕһԁԛԝкмтвнгзɑοαιρυνκτχωуӏ01")[index] ?? "",
    Array.from("aeopcyxijshdqwkmtbhr3aoaipuvktxwylol")[index] ?? "",
  ]),
);

/** What a name looks like at a glance: without accents, case, width and alphabet. */
function look(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return Array.from(plain, (letter) => TWINS.get(letter) ?? letter)
    .join("")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("i", "l");
}

/** The names that look like another one in the list without being the same, in their order. Pure. */
export function lookAlikes(names: readonly string[]): readonly string[] {
  const different = [...new Set(names)];
  const looks = different.map(look);
  const counts = new Map<string, number>();
  for (const one of looks) counts.set(one, (counts.get(one) ?? 0) + 1);
  return different.filter((_, index) => (counts.get(looks[index] ?? "") ?? 0) > 1);
}
