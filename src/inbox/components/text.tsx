import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { describeField } from "../../present/describe-field.ts";
import { inWords, visible } from "../../present/visible-text.ts";
import { ago, fullTime } from "../views/time.ts";

const MAX_SHOWN = 20_000;
const MAX_DEPTH = 8;
/** Items of a list and fields of an object that are shown. */
const MAX_ENTRIES = 200;

/** A moment, relative, with the exact time as its title. */
export const Ago = ({ at, now }: { at: string; now: number }) => (
  <time datetime={at} title={fullTime(at)} data-ago>
    {ago(at, now)}
  </time>
);

/** Words of anybody: line breaks kept, hidden characters made visible, never mark-up. */
export const Words = ({ text, class: name = "" }: { text: string; class?: string }) => (
  <p class={`words ${name}`} dir="auto">
    {cut(visible(text))}
  </p>
);

/** Any JSON value as people read it: names and values, lists, texts with their line breaks. */
export const Value = ({ value, depth = 0, unit = "" }: { value: Json; depth?: number; unit?: string }) => {
  if (value === null) return <span class="value-none">empty</span>;
  if (typeof value === "number" && unit !== "") {
    return (
      <>
        <code>{String(value)}</code> {unit}
      </>
    );
  }
  if (typeof value === "string") return <TextValue text={value} />;
  if (typeof value === "number" || typeof value === "boolean") return <code>{String(value)}</code>;
  if (depth >= MAX_DEPTH) return <pre class="value-text">{cut(visible(JSON.stringify(value, null, 2)))}</pre>;
  if (isJsonArray(value)) return <List items={value} depth={depth} />;
  return isJsonObject(value) ? <Fields fields={value} depth={depth + 1} /> : null;
};

const List = ({ items, depth }: { items: readonly Json[]; depth: number }) =>
  items.length === 0 ? (
    <span class="value-none">empty</span>
  ) : (
    <ol class="value-list">
      {items.slice(0, MAX_ENTRIES).map((item) => (
        <li>
          <Value value={item} depth={depth + 1} />
        </li>
      ))}
      {items.length > MAX_ENTRIES && <li class="value-none">{describeRest(items.length)}</li>}
    </ol>
  );

const TextValue = ({ text }: { text: string }) => {
  if (text === "") return <span class="value-none">empty</span>;
  const shown = cut(visible(text));
  if (isWebAddress(text)) {
    return (
      <a href={text} rel="noopener noreferrer nofollow external" class="value-text">
        {shown}
      </a>
    );
  }
  return text.includes("\n") ? (
    <div class="value-text value-long" dir="auto">
      {shown}
    </div>
  ) : (
    <span class="value-text" dir="auto">
      {shown}
    </span>
  );
};

interface FieldsProps {
  readonly fields: JsonObject;
  readonly depth?: number;
  /** What the prompt says of the fields. */
  readonly descriptions?: Readonly<Record<string, string>> | undefined;
}

/** An object as a list of names and values. */
export const Fields = ({ fields, depth = 0, descriptions = {} }: FieldsProps) => {
  const entries = Object.entries(fields);
  if (entries.length === 0) return <p class="value-none">nothing</p>;
  return (
    <dl class="fields">
      {entries.slice(0, MAX_ENTRIES).map(([name, value]) => {
        const { label, unit, hint } = describeField(
          name,
          Object.hasOwn(descriptions, name) ? descriptions[name] : undefined,
        );
        return (
          <div class="field">
            <dt title={hint === "" ? visible(name) : `${visible(name)}: ${hint}`}>{label}</dt>
            <dd>
              <Value value={value} depth={depth} unit={unit} />
            </dd>
          </div>
        );
      })}
      {entries.length > MAX_ENTRIES && (
        <div class="field">
          <dt>…</dt>
          <dd class="value-none">{describeRest(entries.length)}</dd>
        </div>
      )}
    </dl>
  );
};

const describeRest = (entries: number) => `${entries - MAX_ENTRIES} more; the export has them`;

const MAX_COMPACT = 48;

/** Shows an object on one line if its values are few and short, or else as a list. */
export const CompactFields = ({ fields }: { fields: JsonObject }) => {
  const entries = Object.entries(fields);
  const short = entries.every(([, value]) => isShort(value));
  if (!short || entries.length > 6) return <Fields fields={fields} />;
  return (
    <dl class="compact">
      {entries.map(([name, value]) => (
        <div>
          <dt title={visible(name)}>{inWords(name)}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
};

function isShort(value: Json): boolean {
  if (value === null || typeof value === "number" || typeof value === "boolean") return true;
  return typeof value === "string" && value.length <= MAX_COMPACT && !value.includes("\n");
}

/** A text becomes a link only if all of it is an http or https address; the link leads where the text says. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s]{1,2000}$/i.test(text) && URL.canParse(text) && visible(text) === text;
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, MAX_SHOWN).toWellFormed()}\n… ${text.length - MAX_SHOWN} more characters; the export has them`;
}
