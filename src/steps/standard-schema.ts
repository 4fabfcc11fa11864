/** The part of Standard Schema v1 (https://standardschema.dev) that argument rules need: zod, valibot, arktype… */
export interface StandardSchema<Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult | Promise<SchemaResult>;
    readonly types?: { readonly input: Input; readonly output: unknown } | undefined;
  };
}

/** What a schema says of a value: what it has made of it, or what is wrong with it. */
export type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong, and where: `path` from the outside in. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** One line for the model: which field, what is wrong with it. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .map(({ path, message }) => {
      const name = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return name === "" ? message : `${name}: ${message}`;
    })
    .join("; ");
}
