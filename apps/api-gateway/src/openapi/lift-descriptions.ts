import type { createDocument } from 'zod-openapi';

export type ApiDocument = ReturnType<typeof createDocument>;

/** Moves the descriptions of parameters and headers out of their schemas: viewers show them beside the name, and only once. */
export function liftDescriptions(document: ApiDocument): ApiDocument {
  const operations = Object.values(document.paths ?? {}).flatMap(({ get, post }) =>
    [get, post].filter((one) => one !== undefined),
  );
  const responses = [
    ...operations.flatMap((operation) => Object.values<unknown>(operation.responses ?? {})),
    ...valuesOf(document, 'responses'),
  ];
  const headers = responses.flatMap((response) => Object.values((response as { headers?: object }).headers ?? {}) as unknown[]);
  const parameters = operations.flatMap((operation) => operation.parameters ?? []);
  for (const part of [...parameters, ...headers, ...valuesOf(document, 'headers')]) lift(part as Described);
  return document;
}

interface Described {
  description?: string;
  readonly schema?: { description?: string };
}

const valuesOf = ({ components }: ApiDocument, kind: 'responses' | 'headers'): unknown[] =>
  Object.values(components?.[kind] ?? {});

function lift(part: Described): void {
  part.description ??= part.schema?.description;
  delete part.schema?.description;
}
