import { driverFault } from './fault-kind';

const refusedStates = [
  /^28/, // the user or the password
  /^3D000$/, // the name of the database
  /^42501$/, // the user's rights
];

/** Why PostgreSQL does not let us in, for whoever has to set it right; holds no password. Undefined for any other error. */
export function accessRefusal(error: unknown): string | undefined {
  const { code, message } = driverFault(error);
  return refusedStates.some((state) => state.test(code)) ? message : undefined;
}

/** Whether a table or a column is not there (yet). */
export const isSchemaMissing = (error: unknown): boolean => /^(42P01|42703)$/.test(driverFault(error).code);
