import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';

/** A request's answer from a gateway. */
export interface ObservedAnswer {
  readonly method: string;
  /** The path of the URL, without its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  /** Undefined for an empty body. */
  readonly body: unknown;
}

/**
 * Creates a check of answers against an OpenAPI 3.1 document. The check returns the faults of an answer: a status, header,
 * content type or body field that the document does not allow. The list is empty for an answer as documented.
 *
 * @param document - the parsed JSON
 */
export function createAnswerFaults(document: object): (answer: ObservedAnswer) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
  addFormats(ajv);
  ajv.addSchema(document, 'api');
  const validators = new Map<string, ValidateFunction>();
  const paths = Object.entries((document as { paths: Readonly<Record<string, object>> }).paths).map(([path, methods]) => ({
    path,
    methods: Object.keys(methods),
    // An empty segment is also a parameter: the gateway must refuse it as invalid.
    template: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]*')}$`),
  }));

  return ({ method, path, status, headers, body }) => {
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = paths.find(({ template, methods }) => template.test(path) && methods.includes(asked));
    if (operation === undefined) {
      const code = (body as { code?: unknown } | undefined)?.code;
      const isExpected = method === 'HEAD' || code === codesWithoutOperation[status] || code === 'overloaded';
      return isExpected ? [] : [`no operation of the document answers this: code ${String(code)}`];
    }
    const response = resolve<DocumentedResponse>(pointerOf(['paths', operation.path, asked, 'responses', status]));
    if (response === undefined) return ['the status is not documented'];
    return [
      ...headerFaults(response, headers),
      ...(method === 'HEAD' ? [] : bodyFaults(response, headers.get('content-type'), body)),
    ];
  };

  function headerFaults({ value: { headers: documented = {} } }: Located<DocumentedResponse>, headers: Headers): string[] {
    const names = new Set(Object.keys(documented).map((name) => name.toLowerCase()));
    const undocumented = [...headers.keys()].filter((name) => !names.has(name) && !transportHeaders.has(name));
    const missing = Object.entries(documented).filter(([name, header]) => {
      const { required } =
        header.$ref === undefined ? header : (resolve<{ required?: boolean }>(header.$ref.slice(1))?.value ?? {});
      return required === true && !headers.has(name);
    });
    return [
      ...undocumented.map((name) => `the header ${name} is not documented`),
      ...missing.map(([name]) => `the header ${name} is missing`),
    ];
  }

  function bodyFaults(
    { value: { content = {} }, pointer }: Located<DocumentedResponse>,
    type: string | null,
    body: unknown,
  ): string[] {
    const mediaType = type?.split(';')[0] ?? 'none';
    if (!Object.hasOwn(content, mediaType)) return [`the content type ${mediaType} is not documented`];
    const schema = `${pointer}${pointerOf(['content', mediaType, 'schema'])}`;
    const validate = validators.get(schema) ?? ajv.compile({ $ref: `api#${encodeURI(schema)}` });
    validators.set(schema, validate);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || 'the body'} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  /** Finds the value at a pointer, and follows references. */
  function resolve<Value>(pointer: string): Located<Value> | undefined {
    const keys = pointer
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const value = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], document);
    if (value === undefined) return undefined;
    const { $ref } = value as { $ref?: string };
    return $ref === undefined ? { value: value as Value, pointer } : resolve($ref.slice(1));
  }
}

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, unknown>>;
}
interface Located<Value> {
  readonly value: Value;
  /** A JSON pointer. */
  readonly pointer: string;
}

/** Headers of HTTP itself, which an OpenAPI document does not list. */
const transportHeaders = new Set(['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding']);
/** Error codes of answers to requests that match no operation. */
const codesWithoutOperation: Readonly<Record<number, string>> = { 404: 'not-found', 405: 'method-not-allowed' };

const pointerOf = (keys: readonly (string | number)[]): string =>
  keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
