import fc from 'fast-check';

/** A JSON schema, with the keywords that the API document uses. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
};

/** The usual length of generated lists, which keeps requests small. */
const usualItems = 3;

/**
 * Generates small values that a schema allows. Keywords that {@link Schema} does not have are ignored.
 *
 * @param document - the document that `$ref` refers to
 */
export function valuesOf(schema: Schema, document: object): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valuesOf(resolve(schema.$ref, document), document);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valuesOf(choice, document)));
  if (schema.allOf !== undefined)
    return valuesOf(Object.assign({}, schema, { allOf: undefined }, ...schema.allOf) as Schema, document);
  const types = [schema.type ?? (schema.properties ? 'object' : [])].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => valuesOf({ ...schema, type }, document)));
  switch (types[0]) {
    case 'object':
      return objects(schema, document);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, document), { minLength: schema.minItems ?? 0, maxLength: usualItems });
    case 'string':
      return strings(schema);
    case 'integer':
      return fc.oneof(integers(schema), fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 1));
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true, min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objects({ properties = {}, required = [], additionalProperties }: Schema, document: object): fc.Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema, document)])),
    { requiredKeys: required },
  );
  if (additionalProperties === false) return known;
  const schema = typeof additionalProperties === 'object' ? additionalProperties : {};
  const others = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), valuesOf(schema, document), { maxKeys: 2 });
  return fc.tuple(others, known).map(([unknown, value]) => ({ ...unknown, ...value }));
}

function strings({ format, pattern, minLength = 0, maxLength = 2000 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc.date({ min: earliest, max: latest, noInvalidDate: true }).map((date) => date.toISOString());
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.stringMatching(/^[a-z]{1,12}@[a-z]{1,12}\.(com|example)$/);
  const isAllowed = (text: string): boolean => text.length <= maxLength;
  if (pattern === undefined)
    return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 40) }).filter(isAllowed);
  // Look-aheads cannot be generated from. Nearly all texts that match the rest of the pattern also satisfy them.
  const rest = new RegExp(pattern.replaceAll(/\(\?[=!].*?\)/g, ''));
  return fc.stringMatching(rest).filter((text) => new RegExp(pattern).test(text) && isAllowed(text));
}

const earliest = new Date('1970-01-01T00:00:00Z');
const latest = new Date('2026-01-01T00:00:00Z');

const integers = ({ minimum = -1000, maximum = 1000 }: Schema): fc.Arbitrary<number> =>
  fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1) });

function resolve(reference: string, document: object): Schema {
  const keys = reference.replace(/^#\//, '').split('/');
  return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], document) as Schema;
}
