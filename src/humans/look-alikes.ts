/** What looks like a letter, a digit or a hyphen: of other alphabets, phonetic ones, and small capitals. In any case. */
const TWINS = new Map(
  Object.entries({
    a: "аɑαꓮᎪᴀ",
    b: "вьʙᏴᏏꓐ",
    c: "сϲᏟꓚᴄ",
    d: "ԁᎠꓓᏧᴅ",
    e: "еᎬꓰҽєᴇ",
    f: "ꓝϝƒ",
    g: "ɡցᏀꓖԍ",
    h: "һհнᎻꓧᏂʜ",
    i: "іɩιıᎥꓲɪӏ",
    j: "јյᎫꓙϳȷ",
    k: "кκᏦꓗᴋ",
    l: "ӏᏞꓡʟ",
    m: "мᎷꓟᴍ",
    n: "ոꓠɴν",
    o: "оοօσꓳᴏ",
    p: "рρᏢꓑᴘ",
    q: "ԛզ",
    r: "гᎡᏒꓣʀ",
    s: "ѕᏕᏚꓢꜱ",
    t: "тτᎢꓔᴛ",
    u: "υսꓴᴜ",
    v: "ѵᏙꓦᴠ",
    w: "ԝωᎳᏔꓪᴡшɯ",
    x: "хχꓫ",
    y: "уүγᎩᎽꓬʏ",
    z: "ᏃꓜᴢȥᏃ",
    "3": "зȝ",
    "4": "Ꮞ",
    "6": "Ꮾб",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u02D7\u06D4\u2796\u30FC",
    o_: "0",
    l_: "1",
  }).flatMap(([latin, twins]) =>
    Array.from(twins, (twin): [string, string] => [twin.toLowerCase(), latin.charAt(0)]),
  ),
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
  const different = Array.from(new Set(names), (name) => ({
    name,
    whole: look(name),
    id: idIn(name).normalize("NFC").toLowerCase(),
    idLook: look(idIn(name)),
  }));
  const wholes = new Map<string, number>();
  const ids = new Map<string, Set<string>>();
  for (const { whole, id, idLook } of different) {
    wholes.set(whole, (wholes.get(whole) ?? 0) + 1);
    const alike = ids.get(idLook) ?? new Set();
    ids.set(idLook, alike.add(id));
  }
  return different
    .filter(({ whole, idLook }) => (wholes.get(whole) ?? 0) > 1 || (ids.get(idLook)?.size ?? 0) > 1)
    .map(({ name }) => name);
}
