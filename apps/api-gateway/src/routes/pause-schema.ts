import { StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { OnBehalfOf } from './action-body';
import { Moment } from './answer-schemas';

// The pause of a queue, a destination or an order.

/** At most a year: a longer pause is a typing error, or has no end. */
const maxPauseSeconds = 31_536_000;

const pauseReason = StorableText(1000).optional().meta({ description: 'Shown wherever a job waits because of the pause' });

/** The body of a pause request. All of it is optional. */
export const PauseBody = z
  .strictObject({
    reason: pauseReason,
    forSeconds: z.int().min(1).max(maxPauseSeconds).optional().meta({
      description:
        'After this time the pause ends by itself. Replaces an earlier pause. Without it, the pause lasts until it is resumed',
    }),
    actor: OnBehalfOf,
  })
  .meta({ id: 'PauseRequest' });

export const ResumeBody = z.strictObject({ reason: pauseReason, actor: OnBehalfOf }).meta({ id: 'ResumeRequest' });

export const Pause = z
  .object({
    since: Moment,
    until: Moment.nullable().meta({ description: 'When the pause ends by itself; null if only a person ends it' }),
    reason: z.string().nullable(),
    actor: z.string().nullable().meta({ description: 'The name of the API key' }),
    onBehalfOf: z.string().nullable().meta({ description: 'The person for whom it was paused: `actor` of the request' }),
  })
  .nullable()
  .meta({ description: 'Null unless an operator has paused it' });
