import type { ZodOpenApiOverride } from 'zod-openapi';

/** Writes schemas so that people can read them, without changing what they say. */
export const readable: ZodOpenApiOverride = ({ jsonSchema, zodSchema, io }) => {
  if (zodSchema._zod.def.type === 'date' && io === 'output') {
    jsonSchema.type = 'string';
    jsonSchema.format = 'date-time';
  }
  // The format says it; the patterns of leap years and of hexadecimal digits hide it.
  if (jsonSchema.format === 'uuid') delete jsonSchema.pattern;
  if (jsonSchema.format === 'date-time' && jsonSchema.pattern !== undefined) jsonSchema.pattern = timePattern;
  // Every integer in JSON has these bounds.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER && io === 'output') delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER && io === 'output') delete jsonSchema.maximum;
};

const timePattern = String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`;
