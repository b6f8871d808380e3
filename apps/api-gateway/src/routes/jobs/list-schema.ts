import { jobDefinitions, type AnyJobDefinition } from '@orderly/contracts';
import { jobOutcomes } from '@orderly/jobs';
import { z } from 'zod';
import { Id, Link, NextCursor } from '../../answer-schemas';
import { CustomerFilter, FilterText, OrderFilter, listQuery, pageCursor, pagesText } from '../../list-query';
import { defineOperation } from '../../operation';
import { BatchLabel } from '../events/check-event';
import { jobFields, JobState } from './schema';

const jobNames = Object.keys(jobDefinitions) as [AnyJobDefinition['name'], ...AnyJobDefinition['name'][]];

const JobsQuery = listQuery({
  cursor: pageCursor('jobs', Id),
  orderId: OrderFilter,
  customerId: CustomerFilter,
  name: z.enum(jobNames).optional().meta({ description: 'The type of the job' }),
  destination: FilterText(100, 'Deliveries to this destination'),
  state: JobState.optional().meta({ description: '`retrying` jobs wait for another try, `runnable` ones for their first' }),
  outcome: z.enum(jobOutcomes).optional().meta({ description: 'How the job ended; `dead` ones are the dead letters' }),
  fingerprint: FilterText(300, 'Dead letters of one kind: error code and destination or type').meta({
    examples: ['destination-refused:erp'],
  }),
  batch: BatchLabel.optional().meta({ description: 'Jobs that follow from the events with this label' }),
});

const JobSummary = z.object({ ...jobFields, links: z.object({ self: Link, order: Link.optional() }) }).meta({ id: 'JobSummary' });

export const listJobsOperation = defineOperation({
  id: 'listJobs',
  method: 'get',
  path: '/v1/jobs',
  tag: 'Jobs',
  summary: 'Jobs, the newest first',
  description: `The time of a job is that of its making. ${pagesText}`,
  scope: 'ops:read',
  query: JobsQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ jobs: z.array(JobSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
