import { findJob, type Database } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { parseParameters } from '../../parse-parameters';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { JobParams } from './schema';

export interface JobRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addJobRoutes(app: FastifyInstance, { db, requireScope }: JobRouteDependencies): void {
  app.get('/v1/jobs/:id', { onRequest: requireScope('ops:read') }, async (request) => {
    const { id } = parseParameters(JobParams, request.params);
    const job = await within(findJob(db, id));
    if (job === undefined) throw new RequestRefused('not-found');
    return { ...job, links: { self: links.job(id), ...(job.orderId !== null && { order: links.order(job.orderId) }) } };
  });
}
