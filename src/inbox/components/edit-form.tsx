import type { Child } from "hono/jsx";
import type { Json } from "../../base/json.ts";
import { describeField } from "../../present/describe-field.ts";
import { visible } from "../../present/visible-text.ts";
import type { StepField } from "../../prompts/baml/step-fields.ts";
import { type EditedFields, formOfField, textOfField } from "../../steps/edit-form.ts";
import type { PendingApproval } from "../../thread/state.ts";
import { paths } from "../paths.ts";
import { DecisionForm, type FormProps } from "./request-forms.tsx";

interface EditProps extends FormProps, EditedFields {
  readonly request: PendingApproval;
  /** Whether the tool can say what the edit would change. */
  readonly hasPreview: boolean;
}

/** The arguments as form fields; what is sent is what runs. */
export const EditForm = ({ request, declared, hasPreview, ...props }: EditProps) => (
  <DecisionForm {...props} class="decision edit">
    {Object.entries(request.card.arguments).map(([name, value]) => (
      <ArgumentField
        name={name}
        value={value}
        field={declared?.get(name)}
        description={request.card.descriptions?.[name]}
        typed={props.typed?.[`arg.${name}`]}
      />
    ))}
    <div class="buttons">
      <button class="primary" type="submit" name="decision" value="approve_edited" data-key="a">
        Approve with these arguments
      </button>
      {hasPreview && (
        <button type="submit" name="decision" value="preview_edited" data-key="p">
          Show what would change
        </button>
      )}
      <a class="button" href={paths.request(props.view.id)}>
        Back without changes
      </a>
    </div>
    <p class="hint">
      {(request.policy.needed ?? 1) > 1 &&
        "Several people must agree: they are all asked again, with your arguments. "}
      The agent is told what it proposed, who changed it, and what ran.
    </p>
  </DecisionForm>
);

interface FieldProps {
  readonly name: string;
  readonly value: Json;
  readonly field: StepField | undefined;
  readonly description: string | undefined;
  readonly typed: string | undefined;
}

const ArgumentField = ({ name, value, field, description, typed }: FieldProps) => {
  const form = formOfField(value, field);
  const text = typed ?? textOfField(value, form);
  const input = `arg.${name}`;
  const shared = { input, name, description, optional: field?.optional === true };
  switch (form.kind) {
    case "choice":
      return (
        <Labelled {...shared}>
          <select id={input} name={input}>
            {form.choices.map((choice) => (
              <option value={choice.value} selected={choice.value === text}>
                {visible(choice.label)}
              </option>
            ))}
          </select>
        </Labelled>
      );
    case "number":
      return (
        <Labelled {...shared}>
          <input
            type="number"
            id={input}
            step={form.whole ? "1" : "any"}
            name={input}
            value={text}
            autocomplete="off"
            required={!shared.optional}
          />
        </Labelled>
      );
    case "date":
      return (
        <Labelled {...shared}>
          <input type="date" id={input} name={input} value={text} />
        </Labelled>
      );
    case "text":
      return form.long || text.includes("\n") ? (
        <LongField {...shared} text={text} />
      ) : (
        <Labelled {...shared}>
          <input id={input} name={input} value={text} autocomplete="off" dir="auto" />
        </Labelled>
      );
    case "lines":
      return <LongField {...shared} text={text} note="one on each line" />;
    case "json":
      return <LongField {...shared} text={text} note="JSON" />;
    default:
      return form satisfies never;
  }
};

interface LabelProps {
  readonly input: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly optional: boolean;
  readonly note?: string;
}

const Labelled = ({
  input,
  name,
  description,
  optional,
  note,
  children,
}: LabelProps & { children?: Child }) => {
  const { label, unit, hint } = describeField(name, description);
  const notes = [unit, ...(optional ? ["may be empty"] : []), note ?? ""].filter((one) => one !== "");
  return (
    <label class="stack" for={input}>
      <span title={visible(name)}>
        {label}
        {notes.length > 0 && <span class="hint"> ({notes.join(", ")})</span>}
      </span>
      {hint !== "" && <span class="hint">{hint}</span>}
      {children}
    </label>
  );
};

const LongField = (props: LabelProps & { text: string }) => (
  <Labelled {...props}>
    <textarea
      id={props.input}
      name={props.input}
      rows={Math.min(14, props.text.split("\n").length + 1)}
      dir="auto"
      class={props.note === "JSON" ? "code" : ""}
    >
      {/* Browsers drop the first line break of a text area: this one. */}
      {`\n${props.text}`}
    </textarea>
  </Labelled>
);
