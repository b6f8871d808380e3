import { liveness } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import { openJobOf, openJobSql, type OpenJob, type OpenJobJson } from './open-job';
import { deadLetterSql, traceIdSql, type TimelineDeadLetter } from './read-timeline-entries';

/** A notification: it has the id of its job. */
interface MessageFacts {
  readonly messageId: string;
  readonly messageKind: string;
  readonly channel: string;
  readonly recipient: string | null;
  /** The version of the order that it tells of. */
  readonly version: number;
  readonly state: string;
}

/** A message whose job has ended. */
export interface TimelineMessage extends MessageFacts {
  readonly kind: 'message';
  readonly at: Date;
  /** The provider's id of it, or the Message-ID of a mail. */
  readonly providerId: string | null;
  /** Why it was not sent, or what is not known of it. */
  readonly reason: string | null;
  readonly attemptsUsed: number;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** A message that is still to be sent, or is being sent. */
export interface MessageUnderWay extends MessageFacts {
  readonly job: OpenJob;
}

/** The newest so many messages: those that ended, the oldest first, and those that are under way. */
export async function readTimelineMessages(
  query: Query,
  orderId: string,
  limit: number,
): Promise<{ readonly ended: TimelineMessage[]; readonly underWay: MessageUnderWay[] }> {
  const rows = await query<MessageRow>(messagesSql, [orderId, limit, liveness.staleMs]);
  const underWay = rows.flatMap(({ job, ...row }) => (job ? [{ ...factsOf(row), job: openJobOf(job) }] : []));
  const ended = rows.flatMap((row): TimelineMessage[] => {
    if (row.job !== null) return [];
    const { at, providerId, reason, attemptsUsed, deadLetter, traceId } = row;
    const letter = deadLetter && { ...deadLetter, at };
    // A dead letter says why in its own words.
    const why = letter === null ? reason : null;
    return [{ kind: 'message', at, ...factsOf(row), providerId, reason: why, attemptsUsed, deadLetter: letter, traceId }];
  });
  return { ended, underWay };
}

type MessageRow = Omit<TimelineMessage, 'kind' | 'deadLetter'> & {
  job: OpenJobJson | null;
  deadLetter: Omit<TimelineDeadLetter, 'at'> | null;
};

const factsOf = ({ messageId, messageKind, channel, recipient, version, state }: MessageFacts): MessageFacts => ({
  messageId,
  messageKind,
  channel,
  recipient,
  version,
  state,
});

/** $1 order, $2 limit, $3 after how many ms a heartbeat is stale. */
const messagesSql = `
  select m.id as "messageId", m.kind as "messageKind", m.channel, m.recipient, m.version, m.state, m.provider_id as "providerId",
    m.reason, coalesce(j.ended_at, m.updated_at) as at, coalesce(j.attempts_used, 0) as "attemptsUsed", ${deadLetterSql},
    ${traceIdSql('j')}, case when j.state <> 'ended' then ${openJobSql('$3')} end as job
  from (select * from messages where order_id = $1 order by version desc, id desc limit $2) m
  left join jobs j on j.id = m.id
  order by at, m.id`;
