import type { EmailChannel } from '@orderly/channels';
import type { AlertChannel, sendAlert } from '@orderly/contracts';
import type { AlertWebhook } from '@orderly/destinations';
import { isAppError, PermanentError, RetryableError, ShutdownError } from '@orderly/errors';
import { done, skipped, type AttemptLog, type JobHandler } from '@orderly/jobs';
import { alertMessage, messageIdHeader, type AlertMessage } from '@orderly/messaging';

export interface SendAlertDeps {
  /** Undefined if alerts go by mail alone. */
  readonly webhook: Pick<AlertWebhook, 'post'> | undefined;
  /** Undefined if alerts go to the webhook alone. */
  readonly mail: { readonly channel: Pick<EmailChannel, 'send'>; readonly to: readonly string[] } | undefined;
  readonly gatewayUrl: string | undefined;
  /** The part of a Message-ID after the `@`. */
  readonly messageIdDomain: string;
}

/**
 * The pauses after a failed attempt, in ms: 13 minutes in all. An alert is often raised while the network is in trouble, so
 * the 30 s of other jobs would be too short.
 */
const pausesMs = [5_000, 30_000, 120_000, 600_000];

type Send = (message: AlertMessage, signal: AbortSignal) => Promise<Partial<AttemptLog>>;

/** Sends one alert to the operators. The claim has recorded that it is being sent. */
export const createSendAlert =
  ({ webhook, mail, gatewayUrl, messageIdDomain }: SendAlertDeps): JobHandler<typeof sendAlert> =>
  async ({ job, payload, signal, effectBegins }) => {
    const sends: Readonly<Record<AlertChannel, Send | undefined>> = {
      webhook: webhook && (async ({ text }, until) => ({ responseStatus: await webhook.post(text, until) })),
      mail:
        mail &&
        (async (message, until) => {
          const messageId = messageIdHeader(job.id, messageIdDomain);
          const { response } = await mail.channel.send({ to: mail.to, ...message, messageId, signal: until });
          return { confirmationId: response };
        }),
    };
    const send = sends[payload.channel];
    // The channel was removed from the settings after the alert was raised.
    if (!send) return skipped('alert-channel-unset');
    const message = alertMessage(payload, { id: job.id, gatewayUrl });
    effectBegins();
    return done({ log: await send(message, signal).catch((error: unknown) => rethrow(error, job.attemptsUsed)) });
  };

/**
 * Every failure is tried again, but for one that can never pass. None may hold the queue, which customers' messages share, and
 * a repeated alert is better than one whose outcome nobody knows.
 */
function rethrow(error: unknown, attemptsUsed: number): never {
  if (!isAppError(error) || error instanceof PermanentError || error instanceof ShutdownError) throw error;
  const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) : 0;
  const retryAfterMs = Math.max(asked, pausesMs[attemptsUsed] ?? 0);
  throw new RetryableError(error.code, error.message, { details: { ...error.details, ambiguous: false }, retryAfterMs });
}
