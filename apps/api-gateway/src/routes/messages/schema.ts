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
  kind: NotificationKind.optional().meta({ description: 'The change that the customer is told of' }),
  state: MessageState.optional().meta({ description: 'How far it has come' }),
  channel: FilterText(50, 'Such as `email`'),
  batch: BatchLabel.optional().meta({ description: 'Messages that follow from the events with this label' }),
});

const Message = z
  .object({
    id: Id.meta({ description: 'That of the job that sends it' }),
    orderId: z.string(),
    version: z.int().positive().meta({ description: 'The version of the order that it tells of' }),
    kind: z.string(),
    channel: z.string(),
    recipient: z.string().nullable().meta({ description: 'The address. Null where the customer has none' }),
    state: MessageState,
    providerId: z.string().nullable().meta({ description: 'Its `Message-ID`, by which a mail can be found again' }),
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
  summary: 'Messages to customers, the newest first',
  description: `With the addresses that they go to, which are personal data. The time of a message is that of its making. ${pagesText}`,
  scope: 'ops:read',
  query: MessagesQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ messages: z.array(Message).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
