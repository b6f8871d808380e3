import fc from 'fast-check';
import { mutatedJson, traps } from './hostile-values';
import { valuesOf, type Schema } from './schema-values';

/** The parts of an OpenAPI document that requests are generated from. */
export type ApiDocument = { paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>> };
type ApiOperation = {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }[];
  requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
};

/** A generated request. */
export type MadeRequest = { method: string; url: string; headers: Record<string, string>; body?: string };

/**
 * Generates valid and invalid requests for every call of a document.
 *
 * @param known - texts that exist in the ledger, so that some requests reach existing objects
 */
export function requestsOf(
  document: ApiDocument,
  known: readonly string[],
): { operation: string; requests: fc.Arbitrary<MadeRequest> }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      operation: `${method.toUpperCase()} ${path}`,
      requests: requests(path, method.toUpperCase(), operation, document, known),
    })),
  );
}

function requests(
  path: string,
  method: string,
  { parameters = [], requestBody }: ApiOperation,
  document: object,
  known: readonly string[],
): fc.Arbitrary<MadeRequest> {
  const values = fc.tuple(...parameters.map(({ schema }) => parameterValues(schema, document, known)));
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const body =
    schema === undefined
      ? fc.constant(undefined)
      : fc.option(mutatedJson(valuesOf(schema, document)), { nil: undefined, freq: 20 });
  const type = fc.oneof({ weight: 20, arbitrary: fc.constant('application/json') }, fc.constantFrom(...contentTypes));
  return fc.tuple(values, body, type, fc.nat(), stray).map(([given, text, contentType, chance, extra]) => {
    let filled = path;
    const query: string[] = [];
    const headers: Record<string, string> = {};
    for (const [index, { name, in: place, required = false }] of parameters.entries()) {
      const value = String(given[index]);
      // One in three optional parameters is sent.
      if (!required && (chance >> (index % 20)) % 3 !== 0) continue;
      if (place === 'path') filled = filled.replace(`{${name}}`, encoded(value) || '%20');
      else if (place === 'query') query.push(`${name}=${encoded(value)}`);
      else headers[name] = headerText(value);
    }
    if (chance % 10 === 0 && extra !== null) query.push(extra);
    if (text !== undefined) headers['content-type'] = contentType;
    return {
      method,
      url: query.length > 0 ? `${filled}?${query.join('&')}` : filled,
      headers,
      ...(text !== undefined && { body: text }),
    };
  });
}

const contentTypes = [
  'text/plain',
  'application/json; charset=latin1',
  'application/json; charset=utf-8',
  'application/xml',
  'APPLICATION/JSON',
];

/** Parameters that no call knows, and malformed query strings. */
const stray = fc.option(
  fc.constantFrom('a[b]=c', 'limit=1&limit=2', '__proto__=1', '%zz=1', '=', '&&', 'limit[]=1', 'x'.repeat(5000), 'cursor=%ff'),
);

const parameterValues = (schema: Schema, document: object, known: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: valuesOf(schema, document) },
    { weight: 2, arbitrary: fc.constantFrom(...known) },
    { weight: 2, arbitrary: fc.constantFrom(...traps) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
  );

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Removes the characters that an HTTP client refuses to send in headers. */
const headerText = (text: string): string => text.replaceAll(/[^\t -~\u00a0-\u00ff]/g, '').trim();
