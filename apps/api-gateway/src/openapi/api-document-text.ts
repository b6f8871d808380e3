import { operations } from '../routes/operations';
import { createApiDocument } from './document';

/** The OpenAPI document as text, as served and as kept in `docs/openapi.json`. The same code gives the same bytes. */
export const apiDocumentText = (): string => `${JSON.stringify(createApiDocument(operations), null, 2)}\n`;
