import { operations } from '../routes/operations';
import { createApiDocument } from './document';

/** The document as it is served and kept in `docs/openapi.json`; the same bytes for the same code. */
export const apiDocumentText = (): string => `${JSON.stringify(createApiDocument(operations), null, 2)}\n`;
