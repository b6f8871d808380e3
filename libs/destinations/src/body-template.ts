import { OrderSnapshot } from '@orderly/contracts';
import { canonicalJson, sortKeys } from './canonical-json';
import type { JsonValue } from './destination';

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;
const lonePlaceholder = /^\{\{\s*([^{}]*?)\s*\}\}$/;

/**
 * Fills a JSON template. A string that is one placeholder becomes the JSON value at its path, or `null` if the path is missing. A
 * placeholder inside a longer string becomes the value's text, or nothing if the path is missing.
 */
export function fillTemplate(template: JsonValue, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof template === 'string') return fillString(template, values);
  if (Array.isArray(template)) return template.map((item: JsonValue) => fillTemplate(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fillTemplate(item, values)]));
}

/** Faults in a template: placeholders that no order can fill, and unmatched braces. Each fault has the path of its string. */
export function findTemplateFaults(
  template: unknown,
  path: readonly PropertyKey[] = [],
): { path: PropertyKey[]; message: string }[] {
  if (typeof template === 'string') return findStringFaults(template).map((message) => ({ path: [...path], message }));
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, item]) =>
    findTemplateFaults(item, [...path, Array.isArray(template) ? Number(key) : key]),
  );
}

function fillString(text: string, values: Readonly<Record<string, unknown>>): unknown {
  const lone = lonePlaceholder.exec(text);
  if (lone) return sortKeys(readPath(values, lone[1] ?? '') ?? null);
  return text.replace(placeholder, (_, path: string) => {
    const value = readPath(values, path) ?? '';
    return typeof value === 'string' ? value : canonicalJson(value);
  });
}

function readPath(values: unknown, path: string): unknown {
  let value = values;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

const plainPaths = ['orderId', 'version', 'status', 'previousStatus', 'change', 'order'];
const changeKeys = ['from', 'to', 'at', 'reason'];
const orderKeys = Object.keys(OrderSnapshot.in.shape);

function findStringFaults(text: string): string[] {
  const unknown = [...text.matchAll(placeholder)].map((match) => match[1] ?? '').filter((path) => !isKnownPath(path));
  const rest = text.replace(placeholder, '');
  return [
    ...unknown.map((path) => `{{${path}}} is no known placeholder: use ${plainPaths.join(', ')}, change.* or order.*`),
    ...(rest.includes('{{') || rest.includes('}}') ? ['{{ and }} must enclose one path'] : []),
  ];
}

function isKnownPath(path: string): boolean {
  const [root = '', key, ...deeper] = path.split('.');
  if (key === undefined) return plainPaths.includes(root);
  if (root === 'change') return changeKeys.includes(key) && deeper.length === 0;
  return root === 'order' && orderKeys.includes(key) && !deeper.includes('');
}
