import { counter, gauge, histogram, observedGauge } from './instruments';

const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const waitBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];
const batchBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/**
 * Every metric that Orderly emits, beside those of the process and of Node. `job` is a job's name, `queue` includes the
 * destination, `reason` and `code` are error codes: all of them sets with few members. Never an id.
 */
export const metrics = {
  jobsEnded: counter({
    name: 'orderly.jobs.ended',
    meaning: 'Attempts and jobs that ended, by outcome; reason is the error code, or none',
    unit: '{job}',
    labels: ['job', 'queue', 'outcome', 'reason'],
  }),
  jobDuration: histogram(
    { name: 'orderly.job.duration', meaning: 'Time from claim to settlement', unit: 's', labels: ['job', 'outcome'] },
    durationBounds,
  ),
  jobQueueWait: histogram(
    { name: 'orderly.job.queue_wait', meaning: 'Time from the moment a job was due to its claim', unit: 's', labels: ['job'] },
    waitBounds,
  ),
  jobsDropped: counter({
    name: 'orderly.jobs.dropped',
    meaning: 'Ids that a queue delivered and that nothing had to be done for, such as without a row in the ledger',
    unit: '{job}',
    labels: ['queue', 'reason'],
  }),
  deadLetters: counter({
    name: 'orderly.dead_letters',
    meaning: 'Jobs that failed for good',
    unit: '{job}',
    labels: ['job', 'code'],
  }),
  alertsOpened: counter({
    name: 'orderly.alerts.opened',
    meaning: 'Alerts that were given to the channels of operators, by cause; without channels nobody was told',
    unit: '{alert}',
    labels: ['cause'],
  }),
  queueDepth: observedGauge({
    name: 'orderly.queue.depth',
    meaning: 'Jobs of a queue by state',
    unit: '{job}',
    labels: ['queue', 'state'],
  }),
  queueOldestWait: observedGauge({
    name: 'orderly.queue.oldest_wait',
    meaning: 'Age of the due job that has waited longest',
    unit: 's',
    labels: ['queue'],
  }),
  queueUnservedJobs: observedGauge({
    name: 'orderly.queue.unserved_jobs',
    meaning: 'Open jobs of a queue that no living process works on, counted up to 10,000; absent for every other queue',
    unit: '{job}',
    labels: ['queue'],
  }),
  relayAdded: counter({
    name: 'orderly.relay.added',
    meaning: 'Job ids handed to BullMQ after their commit',
    unit: '{job}',
    labels: ['queue'],
  }),
  relayLeft: counter({
    name: 'orderly.relay.left',
    meaning: 'Job ids that could not be added to BullMQ after their commit; the sweep adds them later',
    unit: '{job}',
    labels: ['queue'],
  }),
  sweepRepaired: counter({
    name: 'orderly.sweep.repaired',
    meaning: 'What the sweep had to put right, by kind',
    unit: '{repair}',
    labels: ['queue', 'kind'],
  }),
  eventsAccepted: counter({
    name: 'orderly.events.accepted',
    meaning: 'Events that reached the gateway, by what became of them',
    unit: '{event}',
    labels: ['type', 'result'],
  }),
  httpServerDuration: histogram(
    {
      name: 'orderly.http.server.duration',
      meaning: 'Time to answer a request of the API; route is the pattern, not the URL',
      unit: 's',
      labels: ['route', 'method', 'status'],
    },
    durationBounds,
  ),
  httpRequestsShed: counter({
    name: 'orderly.http.server.shed',
    meaning: 'Requests of the API that were refused because of too much load; reason is the threshold that was crossed',
    unit: '{request}',
    labels: ['reason'],
  }),
  coalescedBatchSize: histogram(
    {
      name: 'orderly.coalesced.batch_size',
      meaning: 'Items that shared one round trip to PostgreSQL',
      unit: '{item}',
      labels: ['operation'],
    },
    batchBounds,
  ),
  dependencyUp: gauge({
    name: 'orderly.dependency.up',
    meaning: '1 while the last try to reach it succeeded, else 0',
    unit: '1',
    labels: ['dependency'],
  }),
} as const;
