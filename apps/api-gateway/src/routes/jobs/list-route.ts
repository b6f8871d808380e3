import type { Database } from '@orderly/database';
import { listJobs } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { nextCursorOf } from '../../list-query';
import { addOperation } from '../../operation';
import { within } from '../../within';
import { listJobsOperation } from './list-schema';

export interface JobListDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addJobList(app: FastifyInstance, { db, requireScope }: JobListDependencies): void {
  addOperation(app, requireScope, listJobsOperation, async ({ query: { limit, cursor, ...filter } }) => {
    const page = await within(listJobs(db, filter, { limit, after: cursor }));
    return {
      jobs: page.rows.map((job) => ({
        ...job,
        links: { self: links.job(job.id), ...(job.orderId !== null && { order: links.order(job.orderId) }) },
      })),
      nextCursor: nextCursorOf('jobs', page),
    };
  });
}
