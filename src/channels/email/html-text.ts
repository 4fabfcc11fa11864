const MAX_HTML = 1_000_000;
/** Their content is not shown. */
const UNSEEN = /^(?:head|style|script|title|template)$/;
/** They begin a line of their own. */
const BLOCK = /^(?:p|div|br|li|tr|h[1-6]|ul|ol|table|hr|pre|blockquote)$/;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);

/** The words of a mail that is only HTML. Lines that it quotes begin with `>`, as in text. */
export function textOfHtml(html: string): string {
  const text = html.slice(0, MAX_HTML);
  const lines: string[] = [];
  let line = "";
  let quotes = 0;
  let unseen = "";
  const endLine = () => {
    const words = decode(line).replace(/\s+/g, " ").trim();
    if (words !== "") lines.push(quotes > 0 ? `> ${words}` : words);
    line = "";
  };
  for (let at = 0; at < text.length; ) {
    const start = indexOf(text, "<", at);
    if (unseen === "") line += text.slice(at, start);
    const isComment = text.startsWith("<!--", start);
    const end = indexOf(text, isComment ? "-->" : ">", start);
    at = end + (isComment ? 3 : 1);
    const [, slash = "", given = ""] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(text.slice(start, start + 20)) ?? [];
    const name = given.toLowerCase();
    if (unseen !== "") {
      if (slash !== "" && name === unseen) unseen = "";
      continue;
    }
    if (slash === "" && UNSEEN.test(name)) unseen = name;
    if (BLOCK.test(name)) endLine();
    if (name === "blockquote") quotes = Math.max(0, quotes + (slash === "" ? 1 : -1));
  }
  endLine();
  return lines.join("\n");
}

function indexOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(String(name).toLowerCase()) ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
