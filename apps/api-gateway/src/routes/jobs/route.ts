import type { Database } from '@orderly/database';
import { findJob, listJobs } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { RequestRefused } from '../../http/request-refused';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { findJobOperation, listJobsOperation, settleJobOperation } from './schema';
import { settle, type SettleDependencies } from './settle';

export interface JobRouteDependencies extends SettleDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addJobRoutes(app: FastifyInstance, { db, requireScope, ...settling }: JobRouteDependencies): void {
  addOperation(app, requireScope, listJobsOperation, async ({ query: { limit, cursor, ...filter } }) => {
    const page = await orUnavailable(listJobs(db, filter, { limit, after: cursor }));
    return {
      jobs: page.rows.map((job) => ({
        ...job,
        links: { self: links.job(job.id), ...(job.orderId !== null && { order: links.order(job.orderId) }) },
      })),
      nextCursor: nextCursorOf('jobs', page),
    };
  });

  addOperation(app, requireScope, findJobOperation, async ({ params: { jobId } }) => {
    const job = await orUnavailable(findJob(db, jobId));
    if (job === undefined) throw new RequestRefused('not-found', { detail: 'No stored job has this id' });
    return { ...job, links: { self: links.job(jobId), ...(job.orderId !== null && { order: links.order(job.orderId) }) } };
  });

  addOperation(app, requireScope, settleJobOperation, (request) => settle(request, settling));
}
