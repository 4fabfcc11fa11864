import { UsageError } from "../../base/errors.ts";
import { parseAddress } from "./database.ts";
import type { PostgresPlace } from "./place.ts";

/**
 * A place that threads can be kept in; the schema is `twelvefold` unless it is named. Throws `UsageError` for an address or
 * a name that can be none.
 */
export function checkPlace(place: {
  readonly connectionString: string;
  readonly schema: string | undefined;
}): PostgresPlace {
  const { connectionString, schema = "twelvefold" } = place;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith("pg_")) {
    throw refusePlace(`schema is a name of lower-case letters, digits and _, not ${JSON.stringify(schema)}`);
  }
  checkAddress(connectionString);
  return { connectionString, schema };
}

/** The error does not show the address, which may hold a password. */
function checkAddress(connectionString: string): void {
  let address: URL;
  try {
    address = parseAddress(connectionString);
  } catch {
    throw refusePlace("the address of the database must be like postgres://user@host:5432/database");
  }
  if (address.protocol !== "postgres:" && address.protocol !== "postgresql:") {
    throw refusePlace(`the address of the database begins with postgres://, not ${address.protocol}`);
  }
  if (address.searchParams.has("options")) {
    throw refusePlace(
      "the address of the database cannot hold `options`: set them for the role, in the database",
    );
  }
}

export function refusePlace(message: string): UsageError {
  return new UsageError("invalid_configuration", message);
}
