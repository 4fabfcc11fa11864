import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { inWords, visible } from "../../present/visible-text.ts";
import { Fields, Value } from "./text.tsx";

/** What a tool says would change: before and after side by side if it says both, or else the preview as it is. */
export const Preview = ({ preview }: { preview: Json }) => {
  if (!isJsonObject(preview) || preview["before"] === undefined || preview["after"] === undefined) {
    return <Value value={preview} />;
  }
  const { before, after, ...rest } = preview;
  return (
    <>
      {isJsonObject(before) && isJsonObject(after) ? (
        <Changes before={before} after={after} />
      ) : (
        <div class="before-after">
          <div class="before">
            <h3>Before</h3>
            <Value value={before} />
          </div>
          <div class="after">
            <h3>After</h3>
            <Value value={after} />
          </div>
        </div>
      )}
      {Object.keys(rest).length > 0 && <Fields fields={rest} />}
    </>
  );
};

/** Compares field by field; unchanged fields are shown less prominently. */
const Changes = ({ before, after }: { before: JsonObject; after: JsonObject }) => {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return (
    <table class="changes">
      <thead>
        <tr>
          <th scope="col">
            <span class="visually-hidden">Field</span>
          </th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <Change name={name} before={before[name]} after={after[name]} />
        ))}
      </tbody>
    </table>
  );
};

const Change = (props: { name: string; before: Json | undefined; after: Json | undefined }) => {
  const { name, before, after } = props;
  const same = before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after);
  return (
    <tr class={same ? "same" : "changed"}>
      <th scope="row" title={visible(name)}>
        {inWords(name)}
      </th>
      <td class="before">
        {before === undefined ? <span class="value-none">none</span> : <Value value={before} />}
      </td>
      <td class="after">
        {after === undefined ? <span class="value-none">none</span> : <Value value={after} />}
      </td>
    </tr>
  );
};
