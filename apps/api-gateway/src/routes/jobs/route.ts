import type { Database } from '@orderly/database';
import { findJob } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { addOperation } from '../../operation';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { findJobOperation } from './schema';

export interface JobRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addJobRoutes(app: FastifyInstance, { db, requireScope }: JobRouteDependencies): void {
  addOperation(app, requireScope, findJobOperation, async ({ params: { jobId } }) => {
    const job = await within(findJob(db, jobId));
    if (job === undefined) throw new RequestRefused('not-found', { detail: 'No job that is kept has this id' });
    return { ...job, links: { self: links.job(jobId), ...(job.orderId !== null && { order: links.order(job.orderId) }) } };
  });
}
