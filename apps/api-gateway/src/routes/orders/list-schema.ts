import { OrderId, OrderStatus } from '@orderly/contracts';
import { z } from 'zod';
import { Link, Moment, NextCursor } from '../../answer-schemas';
import { FilterText, listQuery, pageCursor, pagesText } from '../../list-query';
import { defineOperation } from '../../operation';
import { BatchLabel } from '../events/check-event';
import { Lane } from './schema';

// To the microsecond, as the ledger keeps it: rounded, a page would begin at another order.
const ExactTime = z.iso.datetime({ precision: 6 }).refine((text) => !text.startsWith('0000'));

const OrdersQuery = listQuery({
  cursor: pageCursor('orders', z.strictObject({ orderId: OrderId, createdAt: ExactTime.optional() })),
  customerId: FilterText(200, '`customer.id` of the order'),
  status: OrderStatus.optional().meta({ description: 'The status that they have now' }),
  destination: FilterText(100, 'Orders by their lane for this destination, in the state that `lane` says'),
  lane: z.enum(['blocked', 'open']).optional().meta({
    description:
      '`blocked` (if unsaid): a job failed or nobody knows its outcome, and nothing newer of the order is sent there; no call settles it yet. `open`: a job runs or may run. Needs `destination`',
  }),
  batch: BatchLabel.optional().meta({ description: 'Orders that an event with this label was about' }),
});

const OrderSummary = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: z.int().positive(),
    customerId: z.string().nullable(),
    createdAt: Moment,
    updatedAt: Moment,
    lane: Lane.optional().meta({ description: 'The one of the destination that was asked for' }),
    links: z.object({ self: Link, timeline: Link }),
  })
  .meta({ id: 'OrderSummary' });

export const listOrdersOperation = defineOperation({
  id: 'listOrders',
  method: 'get',
  path: '/v1/orders',
  tag: 'Orders',
  summary: 'Orders, the newest first',
  description: `The time of an order is that at which it was first heard of. By \`batch\` or \`destination\` without \`customerId\` orders come by their ids. Orders whose \`order.created\` has not been applied are not shown. ${pagesText}`,
  scope: 'orders:read',
  query: OrdersQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ orders: z.array(OrderSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
