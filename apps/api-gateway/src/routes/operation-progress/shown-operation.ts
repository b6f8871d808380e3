import { jobOutcomes } from '@orderly/jobs';
import type { OperationRecord } from '@orderly/read-model';
import type { z } from 'zod';
import { links } from '../links';
import type { OperationAnswer } from './schema';

/** An operation as the API shows it. */
export function shownOperation({
  matched,
  sent,
  superseded,
  skipped,
  outcomes,
  traceId: _,
  ...operation
}: OperationRecord): z.output<typeof OperationAnswer> {
  return {
    ...operation,
    state: operation.state as 'running',
    phase: operation.phase as 'rest',
    progress: { matched, sent, superseded, skipped },
    outcomes: {
      open: outcomes['open'] ?? 0,
      ...Object.fromEntries(jobOutcomes.map((outcome) => [outcome, outcomes[outcome] ?? 0])),
    },
    links: { self: links.operation(operation.id) },
  };
}
