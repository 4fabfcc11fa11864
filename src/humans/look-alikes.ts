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

/** The person's own part of a name, whichever channel knows it. */
function idIn(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}

/**
 * The names (`channel:id` or patterns) that look like another one in the list without being the same, in their order: as
 * a whole, or by their ids where these differ by more than case. Pure.
 */
export function lookAlikes(names: readonly string[]): readonly string[] {
  const different = [...new Set(names)];
  const wholes = new Map<string, number>();
  const ids = new Map<string, Set<string>>();
  for (const name of different) {
    const whole = look(name);
    wholes.set(whole, (wholes.get(whole) ?? 0) + 1);
    const id = idIn(name);
    const alike = ids.get(look(id)) ?? new Set();
    ids.set(look(id), alike.add(id.normalize("NFC").toLowerCase()));
  }
  return different.filter(
    (name) => (wholes.get(look(name)) ?? 0) > 1 || (ids.get(look(idIn(name)))?.size ?? 0) > 1,
  );
}
