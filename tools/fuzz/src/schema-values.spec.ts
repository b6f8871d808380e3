import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { mutatedJson } from './hostile-values';
import { valuesOf, type Schema } from './schema-values';

const document = { components: { schemas: { Status: { type: 'string', enum: ['new', 'old'] } } } };
const schema: Schema = {
  type: 'object',
  required: ['id', 'status', 'at'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^(?!\\.{1,2}$)[\\x21-\\x7e]{1,128}$' },
    status: { $ref: '#/components/schemas/Status' },
    at: { type: 'string', format: 'date-time' },
    amounts: { type: 'array', minItems: 1, items: { type: 'integer', minimum: 0, maximum: 9 } },
    note: { type: ['string', 'null'], maxLength: 5 },
    either: { anyOf: [{ const: 1 }, { type: 'boolean' }, { type: 'string', format: 'email' }] },
  },
};

describe('values of a schema', () => {
  it('are valid by the schema', () => {
    const ajv = new Ajv2020({ strict: false, validateSchema: false });
    addFormats(ajv);
    const isValid = ajv.compile({ ...document, ...schema });
    fc.assert(fc.property(valuesOf(schema, document), (value) => isValid(value)));
  });

  it('become JSON with faults, most of which can still be parsed', () => {
    const made = fc.sample(mutatedJson(valuesOf(schema, document)), { numRuns: 300, seed: 1 });
    const parsed = made.filter((text) => {
      try {
        return JSON.parse(text) !== undefined;
      } catch {
        return false;
      }
    });
    expect(parsed.length).toBeGreaterThan(250);
    expect(made.some((text) => text.includes('__proto__'))).toBe(true);
    expect(made.some((text) => text.includes('1e400'))).toBe(true);
  });
});
