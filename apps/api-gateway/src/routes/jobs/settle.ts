import { settleUnknown } from '@orderly/ledger';
import type { Relay } from '@orderly/queue';
import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import { RequestRefused } from '../../http/request-refused';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { links } from '../links';
import { SettleBody, type JobParams } from './schema';

export interface SettleDependencies {
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
}

/** Records a person's finding about a job whose outcome is unknown. */
export async function settle(
  asked: OperationRequest<typeof JobParams, never>,
  { answerOnce, relay }: SettleDependencies,
): Promise<Sent> {
  const { params, body } = asked;
  const { jobId } = params;
  const { outcome, ...action } = parseBody(SettleBody, body);
  return answerOnce(asked, {
    work: async (query) => {
      const by = { ...actionOf(asked, action), reason: action.reason };
      const settled = await settleUnknown(query, { jobId, outcome, ...by });
      // Thrown, so the refusals are not stored under the idempotency key: the job may change before a retry.
      if (settled.status === 'missing') throw new RequestRefused('not-found', { detail: 'No stored job has this id' });
      if (settled.status === 'not-unknown') {
        const { state, outcome: present } = settled;
        const detail = present === null ? `The job is ${state}` : `The job has ended as ${present}`;
        throw new RequestRefused('job-not-unknown', { detail, details: { state, outcome: present } });
      }
      const state = settled.outcome === null ? 'open' : 'ended';
      const answer = { jobId, state, outcome: settled.outcome, links: { job: links.job(jobId) } };
      return { answer: jsonAnswer(200, answer), value: settled.runnable };
    },
    onCommitted: (runnable) => relay(runnable),
  });
}
