import { excerptOf, markWords } from "../../base/search-words.ts";
import { visibleLine } from "../../present/visible-text.ts";

/** A line of anybody's words, with the words of a search marked. */
export const Marked = ({ text, search }: { text: string; search: string }) => (
  <>{markWords(visibleLine(text), search).map((part) => (part.hit ? <mark>{part.text}</mark> : part.text))}</>
);

/** The part of a text in which the words of a search stand. */
export const Excerpt = ({ text, search }: { text: string; search: string }) => (
  <Marked text={excerptOf(text, search)} search={search} />
);
