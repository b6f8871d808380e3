import { Validator } from '@seriousme/openapi-schema-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '../routes/operations';
import { apiDocumentText } from './api-document-text';
import { createApiDocument } from './document';
import { tagDescriptions } from './tags';

const document = createApiDocument(operations);
const schemaNames = Object.keys(document.components?.schemas ?? {});

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(JSON.parse(apiDocumentText()))).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('equals docs/openapi.json, which `npm run openapi` writes', () => {
    const checkedIn = readFileSync(join(__dirname, '../../../../docs/openapi.json'), 'utf8');
    expect(JSON.parse(checkedIn)).toEqual(JSON.parse(apiDocumentText()));
    expect(checkedIn === apiDocumentText()).toBe(true);
  });

  it('describes every group of calls', () => {
    for (const { tag } of operations) expect(Object.keys(tagDescriptions)).toContain(tag);
  });

  it('names each operation and each path once', () => {
    const unique = (values: readonly string[]): string[] => [...new Set(values)];
    const ids = operations.map(({ id }) => id);
    const calls = operations.map(({ method, path }) => `${method} ${path}`);
    expect(ids).toEqual(unique(ids));
    expect(calls).toEqual(unique(calls));
  });

  it('has no schema with a generated name', () => {
    expect(schemaNames.filter((name) => /\d$|Output$|^__/.test(name))).toEqual([]);
  });

  it('describes every parameter', () => {
    const parameters = Object.values(document.paths ?? {}).flatMap(({ get, post }) => [
      ...(get?.parameters ?? []),
      ...(post?.parameters ?? []),
    ]) as { name: string; description?: string }[];
    expect(parameters.filter(({ description }) => description === undefined)).toEqual([]);
  });

  it('declares every parameter of a path', () => {
    const named = operations.flatMap(({ path }) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `${path} ${name}`));
    const described = operations.flatMap(({ path, params }) => Object.keys(params?.shape ?? {}).map((name) => `${path} ${name}`));
    expect(described).toEqual(named);
  });

  it('has patterns that every ECMAScript engine accepts', () => {
    const patterns = [...apiDocumentText().matchAll(/"pattern": ("(?:[^"\\]|\\.)*")/g)].map(
      ([, text]) => JSON.parse(text!) as string,
    );
    expect(patterns.length).toBeGreaterThan(0);
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u')).not.toThrow();
  });

  it('gives examples that match its schemas', () => {
    for (const { body } of operations) {
      for (const example of Object.values(body?.examples ?? {})) expect(body?.schema.safeParse(example).error).toBeUndefined();
    }
  });
});
