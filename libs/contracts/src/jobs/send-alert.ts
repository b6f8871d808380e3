import { z } from 'zod';
import { AlertCause, AlertChannel } from '../alert';
import { defineJob } from '../define-job';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

/**
 * Sends one alert to operators over one channel. If the process died while it sent, the alert is sent again: a repeated alert is
 * better than a lost one, and both copies show the id of this job.
 */
export const sendAlert = defineJob({
  name: 'send-alert',
  queue: () => queueNames.notifications,
  payload: z.object({
    channel: AlertChannel,
    cause: AlertCause,
    /** What it is about, such as a destination. Together with the cause it is the alert's fingerprint. */
    subject: z.string().min(1).max(400),
    /** Occurrences since the last alert with this fingerprint. */
    count: z.int().positive(),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
    /** When the last alert with this fingerprint was raised. Missing for the first one. */
    previousAt: z.iso.datetime().optional(),
    /** The error code, where there is one. */
    code: z.string().optional(),
    /** A job that shows what happened. */
    exampleId: z.uuid().optional(),
    /** More facts, as one English sentence. */
    detail: z.string().max(500).optional(),
  }),
  policy: { ...retryConfig, priority: 'critical', concurrency: 10, timeoutMs: 60_000, whenLost: 'retry' },
});
