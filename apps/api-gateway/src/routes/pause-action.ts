import type { Query } from '@orderly/database';
import { pause, resume, type PauseRequest, type PauseResult } from '@orderly/ledger';
import { parseBody } from '../http/parse-body';
import { PauseBody, ResumeBody } from './pause-schema';

export type PauseVerb = 'pause' | 'resume';

/** @throws RequestRefused `validation-failed` */
export function parsePause(
  verb: PauseVerb,
  body: unknown,
): { readonly forSeconds?: number; readonly reason?: string; readonly actor?: string } {
  if (body === undefined) return {};
  return verb === 'pause' ? parseBody(PauseBody, body) : parseBody(ResumeBody, body);
}

/** Pauses a queue or an order, or ends its pause. */
export const changePause = (
  query: Query,
  verb: PauseVerb,
  scope: 'queue' | 'order',
  key: string,
  request: PauseRequest,
): Promise<PauseResult> => (verb === 'pause' ? pause(query, scope, key, request) : resume(query, scope, key, request));
