import type { EmailChannel } from '@orderly/channels';
import { ShutdownError } from '@orderly/errors';
import type { ClaimedJob } from '@orderly/jobs';
import { createSendNotification } from './send-notification';

const order = { data: { customer: { id: 'c', email: 'c@example.com' } }, change: {} };

/** Calls the handler as the runtime does, and returns the steps in their order. */
async function handle(effectBegins: () => void = () => undefined) {
  const steps: string[] = [];
  const handler = createSendNotification({
    channel: {
      send: async () => {
        steps.push('sent');
        return { response: '250 OK' } as Awaited<ReturnType<EmailChannel['send']>>;
      },
    },
    templates: {
      render: () => {
        steps.push('rendered');
        return { subject: 's', text: 't', html: 'h' };
      },
    },
    messageIdDomain: 'shop.example',
  });
  const outcome = await handler({
    job: { order } as unknown as ClaimedJob,
    payload: { orderId: 'A', version: 1, kind: 'shipped' },
    signal: new AbortController().signal,
    effectBegins: () => {
      steps.push('asked');
      effectBegins();
    },
    isLastAttempt: false,
  }).catch((error: unknown) => error);
  return { outcome, steps };
}

describe('sendNotification', () => {
  it('asks whether this process may still act after all other work, right before it sends', async () => {
    const { outcome, steps } = await handle();
    expect(steps).toEqual(['rendered', 'asked', 'sent']);
    expect(outcome).toMatchObject({ kind: 'done', message: { state: 'sent' } });
  });

  it('sends nothing if this process may no longer act', async () => {
    const { outcome, steps } = await handle(() => {
      throw new ShutdownError();
    });
    expect(outcome).toMatchObject({ name: 'ShutdownError' });
    expect(steps).not.toContain('sent');
  });
});
