import type { Injection } from "../injection.ts";
import { IN_FORM } from "./in-form.ts";
import { IN_WORDS } from "./in-words.ts";

/** Every injection that the suite tries. */
export const INJECTIONS: readonly Injection[] = [...IN_WORDS, ...IN_FORM];
