import type { EmailChannel } from '@orderly/channels';
import type { sendNotification } from '@orderly/contracts';
import { NotFoundError } from '@orderly/errors';
import { done, skipped, type JobHandler } from '@orderly/jobs';
import { messageIdentity, messageIdHeader, type Templates } from '@orderly/messaging';

export interface SendNotificationDeps {
  readonly channel: Pick<EmailChannel, 'send'>;
  readonly templates: Templates;
  /** The part of a Message-ID after the `@`. */
  readonly messageIdDomain: string;
}

/** Sends the message of one change to the customer. The claim has recorded that it is being sent. */
export const createSendNotification =
  ({ channel, templates, messageIdDomain }: SendNotificationDeps): JobHandler<typeof sendNotification> =>
  async ({ job, payload, signal, effectBegins }) => {
    const { orderId, version, kind } = payload;
    const { order } = job;
    if (!order) throw new NotFoundError('not-found', `Order ${orderId} has no version ${version}`);

    const recipient = order.data.customer.email;
    if (!recipient) {
      return skipped('recipient-missing', { message: { state: 'undeliverable', reason: 'recipient-missing' } });
    }
    const messageId = messageIdHeader(messageIdentity({ orderId, version, kind, recipient }), messageIdDomain);
    const mail = templates.render(kind, { order, change: order.change });
    effectBegins();
    const { response } = await channel.send({ to: recipient, ...mail, messageId, signal });
    return done({ message: { state: 'sent', providerId: messageId }, log: { confirmationId: response } });
  };
