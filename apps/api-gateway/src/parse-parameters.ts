import type { z } from 'zod';
import { RequestRefused } from './request-refused';

/** Reads the parameters of a URL. @throws RequestRefused `validation-failed`, naming the parameter */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, parameters: unknown): z.output<Schema> {
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'URL'}: ${message}`).join('; ');
  throw new RequestRefused('validation-failed', { detail });
}
