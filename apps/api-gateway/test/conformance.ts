import { createAnswerFaults, type ObservedAnswer } from '@orderly/testing';
import { createApiDocument } from '../src/openapi/document';
import { operations } from '../src/routes/operations';

const faultsOf = createAnswerFaults(JSON.parse(JSON.stringify(createApiDocument(operations))) as object);

/** @throws Error if the API document does not allow the status, a header, the content type or a field of the answer */
export function expectDocumented(answer: ObservedAnswer): void {
  const faults = faultsOf(answer);
  if (faults.length === 0) return;
  const { method, path, status, body } = answer;
  throw new Error(
    [`${method} ${path} answered ${status}, which the API document does not allow:`, ...faults, JSON.stringify(body)].join('\n'),
  );
}
