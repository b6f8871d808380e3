import { isCollection, isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';

export type Fault = { readonly line: number; readonly column: number; readonly path: string; readonly message: string };

/** A parsed YAML text that knows the line and column of each value. */
export type YamlSource = {
  /** The plain value; undefined if there are syntax faults. */
  readonly value: unknown;
  readonly syntaxFaults: readonly Fault[];
  /** Adds line and column to a fault: of the value at `path`, or of its nearest parent. With `key`, of that key in it. */
  readonly locate: (fault: { path: readonly PropertyKey[]; message: string; key?: string }) => Fault;
};

export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  // The library's pretty errors quote the source, which may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faultAt = (offset: number, path: string, message: string): Fault => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path, message };
  };
  const syntaxFaults = [...document.errors, ...document.warnings].map((error) =>
    faultAt(error.pos[0], '', `is not valid YAML: ${withoutSource(error.message)}`),
  );
  const { value, fault } = syntaxFaults.length === 0 ? toPlainValue(document) : {};
  return {
    value,
    syntaxFaults: fault ? [...syntaxFaults, faultAt(0, '', fault)] : syntaxFaults,
    locate: ({ path, message, key }) => faultAt(findOffset(document, path, key), formatPath(path), message),
  };
}

function toPlainValue(document: Document): { value?: unknown; fault?: string } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch {
    return { fault: 'is not valid YAML: too many aliases, or one without its anchor' };
  }
}

// Some messages quote the source after a colon or as an escape sequence, and it may hold a secret.
const withoutSource = (message: string): string => message.split(/: |(?<=escape sequence) /)[0] ?? message;

function findOffset(document: Document, path: readonly PropertyKey[], key?: string): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const pair =
      isMap(node) && length === path.length ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    if (pair && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
    if (isScalar(node) || isCollection(node)) return node.range?.[0] ?? 0;
  }
  return 0;
}

const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(String(key))) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
