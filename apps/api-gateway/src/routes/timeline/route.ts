import type { Database } from '@orderly/database';
import { readTimeline } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { unknownOrder } from '../orders/unknown-order';
import { orUnavailable } from '../../http/or-unavailable';
import { describeTimeline } from './describe-timeline';
import { readTimelineOperation } from './schema';

export interface TimelineRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addTimelineRoutes(app: FastifyInstance, { db, requireScope }: TimelineRouteDependencies): void {
  addOperation(app, requireScope, readTimelineOperation, async ({ params: { orderId } }) => {
    const timeline = await orUnavailable(readTimeline(db, orderId));
    if (timeline === undefined) throw await orUnavailable(unknownOrder(db, orderId));
    return describeTimeline(timeline);
  });
}
