import { sendAlert } from '@orderly/contracts';
import type { Settlement } from '@orderly/jobs';
import type { Alert } from './raise-alerts';

/** A hold that a settlement has written or ended. */
export interface HoldChange {
  readonly kind: 'held' | 'released';
  readonly scope: 'destination' | 'queue';
  /** The destination or the queue. */
  readonly key: string;
  /** The error code of the hold. */
  readonly reason: string;
}

/** Whether a settlement may have to be told to operators. Then everything is written in one transaction. */
export const mayAlert = ({ job, verdict }: Settlement): boolean =>
  verdict.kind === 'dead' ||
  ('isProbe' in job && job.isProbe) ||
  (verdict.kind === 'again' && ![undefined, 'throttled'].includes(verdict.hold?.reason));

/** What operators have to know after settlements. A failed alert raises none, because that would never end. */
export function alertsOf(settled: readonly Settlement[], holds: readonly HoldChange[]): Alert[] {
  return [
    ...settled.flatMap(({ job, verdict }): Alert[] =>
      verdict.kind === 'dead' && job.name !== sendAlert.name ? [deadLetterAlert(verdict.fingerprint, verdict.code, job.id)] : [],
    ),
    ...holds.map(({ kind, scope, key, reason }): Alert => ({ cause: `${scope}-${kind}`, subject: key, code: reason })),
  ];
}

/** The alert about one dead letter. */
export const deadLetterAlert = (fingerprint: string, code: string, jobId: string): Alert => ({
  cause: code === 'job-crashed' ? 'poison-job' : 'dead-letters',
  subject: fingerprint,
  code,
  exampleId: jobId,
});
