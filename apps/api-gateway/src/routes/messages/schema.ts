import { NotificationKind } from '@orderly/contracts';
import { messageStates } from '@orderly/messaging';
import { z } from 'zod';
import { Id, Link, Moment, NextCursor } from '../answer-schemas';
import { CustomerFilter, FilterText, OrderFilter, listQuery, pageCursor, pagesText } from '../list-query';
import { defineOperation } from '../../http/operation';
import { BatchLabel } from '../../intake/check-event';

const MessageState = z.enum(messageStates).meta({ id: 'MessageState' });

const MessagesQuery = listQuery({
  cursor: pageCursor('messages', Id),
  orderId: OrderFilter,
  customerId: CustomerFilter,
  kind: NotificationKind.optional().meta({ description: 'The change that the message reports' }),
  state: MessageState.optional().meta({ description: 'The state of the message' }),
  channel: FilterText(50, 'The channel, such as `email`'),
  batch: BatchLabel.optional().meta({ description: 'Messages that the events with this label caused' }),
});

const Message = z
  .object({
    id: Id.meta({ description: 'The id of the message, and of the job that sends it' }),
    orderId: z.string(),
    version: z.int().positive().meta({ description: 'The version of the order that the message reports' }),
    kind: z.string(),
    channel: z.string(),
    recipient: z.string().nullable().meta({ description: 'The address; null if the customer has none' }),
    state: MessageState,
    providerId: z.string().nullable().meta({ description: 'The `Message-ID`, to find the mail at the provider' }),
    reason: z.string().nullable(),
    batch: z.string().nullable(),
    createdAt: Moment,
    updatedAt: Moment,
    links: z.object({ order: Link, job: Link }),
  })
  .meta({ id: 'Message' });

export const listMessagesOperation = defineOperation({
  id: 'listMessages',
  method: 'get',
  path: '/v1/messages',
  tag: 'Messages',
  summary: 'List messages to customers, newest first',
  description: `Shows addresses, which are personal data. \`from\` and \`to\` compare the time at which the message was created. ${pagesText}`,
  scope: 'ops:read',
  query: MessagesQuery,
  answer: {
    status: 200,
    description: 'A page of messages',
    schema: z.object({ messages: z.array(Message).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
