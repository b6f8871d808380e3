import { apiDocumentText } from '../openapi/api-document-text';

/** Prints the OpenAPI document. */
export function printApiDocument(): void {
  process.stdout.write(apiDocumentText());
}
