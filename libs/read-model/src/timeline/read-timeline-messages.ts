import { liveness } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import { openJobOf, openJobSql, type OpenJob, type OpenJobJson } from './open-job';
import { deadLetterSql, traceIdSql, type TimelineDeadLetter } from './read-timeline-entries';

/** The facts of a notification that hold before and after its end. */
interface MessageFacts {
  /** Also the id of the message's job. */
  readonly messageId: string;
  readonly messageKind: string;
  readonly channel: string;
  readonly recipient: string | null;
  /** The version of the order that the message is about. */
  readonly version: number;
  readonly state: string;
}

/** A message whose job has ended. */
export interface TimelineMessage extends MessageFacts {
  readonly kind: 'message';
  readonly at: Date;
  /** The provider's id of the message, or the Message-ID of a mail. */
  readonly providerId: string | null;
  /** Why the message was not sent, or why its result is unknown. Null if there is a dead letter. */
  readonly reason: string | null;
  readonly attemptsUsed: number;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** A message whose job has not ended. */
export interface MessageUnderWay extends MessageFacts {
  readonly job: OpenJob;
}

/** Reads the newest `limit` messages and divides them into those that ended, the oldest first, and those under way. */
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
    // A dead letter already has the reason as its message.
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

/** $1 order, $2 limit, $3 the age in ms at which a heartbeat is stale. A message may be kept for longer than its job. */
const messagesSql = `
  select m.id as "messageId", m.kind as "messageKind", m.channel, m.recipient, m.version, m.state, m.provider_id as "providerId",
    m.reason, coalesce(j.ended_at, m.updated_at) as at, coalesce(j.attempts_used, 0) as "attemptsUsed", ${deadLetterSql},
    ${traceIdSql('j')}, case when j.state <> 'ended' then ${openJobSql('$3')} end as job
  from (select * from messages where order_id = $1 order by version desc, id desc limit $2) m
  left join jobs j on j.id = m.id
  order by at, m.id`;
