import { messageIdentity } from '@orderly/messaging';
import { eventually } from '@orderly/testing';
import { created, moved, updated } from '@orderly/worker-process/testing';
import { setUp, type NotificationSetup } from './notification-setup';

let notifications: NotificationSetup;
beforeEach(async () => {
  notifications = await setUp();
});
afterEach(() => notifications.close());

describe('a notifying change', () => {
  it('sends one mail, in text and HTML, with a Message-ID derived from the change', async () => {
    const { sink } = notifications;
    await notifications.startWorker();
    const lines = [{ sku: 'S-1', name: 'A <b>lamp</b>', quantity: 2, unitPriceMinor: 1250 }];
    await notifications.apply([
      created('A', { currency: 'EUR', totalMinor: 2500, lines, customer: { id: 'c', name: 'Zoë', email: 'zoe@example.com' } }),
      moved('A', 'confirmed'),
      updated('A', { totalMinor: 2600 }),
      moved('A', 'shipped'),
      moved('A', 'delivered'),
    ]);
    for (const [version, kind] of [
      [1, 'created'],
      [4, 'shipped'],
      [5, 'delivered'],
    ] as const) {
      const job = await notifications.ended('A', 'done', version);
      expect(job).toMatchObject({ attempts_used: 1 });
      const identity = messageIdentity({ orderId: 'A', version, kind, recipient: 'zoe@example.com' });
      const messageId = `<${identity}@shop.example>`;
      expect(await notifications.message(job.id)).toMatchObject({ kind, state: 'sent', provider_id: messageId, reason: null });
      const mails = sink.mails.filter((mail) => mail.messageId === messageId);
      expect(mails).toHaveLength(1);
      expect(mails[0]!.from?.text).toBe('"Shop" <orders@shop.example>');
      expect(mails[0]!.subject).toContain('A');
      expect(mails[0]!.text).toContain('Zoë');
      expect(mails[0]!.html).toContain('Zoë');
    }
    expect(sink.mails).toHaveLength(3);
    expect(new Set(sink.mails.map(({ messageId }) => messageId)).size).toBe(3);
    const confirmation = sink.mails.find(({ subject }) => subject?.includes('received'));
    expect(confirmation!.text).toContain('A <b>lamp</b>');
    expect(confirmation!.html).toContain('A &lt;b&gt;lamp&lt;/b&gt;');
  });

  it('sends no mail if the event has notify: false', async () => {
    await notifications.startWorker();
    await notifications.apply([created('A', {}, { notify: false }), created('B')]);
    await notifications.ended('B', 'done');
    expect(await notifications.jobs('A')).toEqual([]);
    expect(notifications.sink.recipients).toEqual(['B@example.com']);
  });

  it('is skipped, with an undeliverable message, if the customer has no address', async () => {
    await notifications.startWorker();
    await notifications.apply([created('A', { customer: { id: 'c' } })]);
    const job = await notifications.ended('A', 'skipped');
    expect(await notifications.message(job.id)).toMatchObject({
      state: 'undeliverable',
      reason: 'recipient-missing',
      recipient: null,
    });
    expect(notifications.sink.recipients).toEqual([]);
  });

  it('sends one mail per change with several workers', async () => {
    const orderIds = Array.from({ length: 40 }, (_, index) => `order-${index}`);
    await notifications.startWorker();
    await notifications.startWorker();
    await notifications.apply(orderIds.map((orderId) => created(orderId)));
    for (const orderId of orderIds) await notifications.ended(orderId, 'done');
    expect(new Set(notifications.sink.mails.map(({ messageId }) => messageId)).size).toBe(orderIds.length);
    expect(notifications.sink.mails).toHaveLength(orderIds.length);
  });
});

describe('a mail server', () => {
  it('gets the message again, with the same Message-ID, after it asked us to come back later', async () => {
    const { sink } = notifications;
    sink.behave(() => (sink.recipients.length === 1 ? 450 : undefined));
    await notifications.startWorker();
    await notifications.apply([created('A')]);
    const { id } = await notifications.job('A');
    await eventually(async () => {
      expect(await notifications.job('A')).toMatchObject({ state: 'runnable', wait_reason: 'retry', attempts_used: 1 });
      expect(await notifications.message(id)).toMatchObject({ state: 'queued', reason: 'retry' });
    });
    await notifications.bringForward(id);
    expect(await notifications.ended('A', 'done')).toMatchObject({ attempts_used: 2 });
    expect(await notifications.attempts(id)).toMatchObject([
      { outcome: 'retry', used_attempt: true, error_code: 'mail-server-unavailable' },
      { outcome: 'done', used_attempt: true },
    ]);
    expect(sink.mails).toHaveLength(1);
    expect(await notifications.message(id)).toMatchObject({ state: 'sent', reason: null });
  });

  it.each([
    ['does not know the recipient', 550, 'recipient-refused'],
    ['refuses the message', 'refuse-message', 'mail-rejected'],
  ] as const)('that %s causes a dead letter at once, and the message is undelivered', async (_what, answer, code) => {
    notifications.sink.behave((recipient) => (recipient.startsWith('A') ? answer : undefined));
    await notifications.startWorker();
    await notifications.apply([created('A'), created('B')]);
    const job = await notifications.ended('A', 'dead');
    expect(job).toMatchObject({ attempts_used: 1, error_code: code, fingerprint: `${code}:send-notification` });
    expect(await notifications.message(job.id)).toMatchObject({ state: 'undelivered', reason: code });
    await notifications.ended('B', 'done');
    expect(notifications.sink.recipients.filter((recipient) => recipient.startsWith('A'))).toHaveLength(1);
  });

  it('that cannot be reached uses up five attempts, and then the message is undelivered', async () => {
    await notifications.sink.close();
    await notifications.startWorker();
    await notifications.apply([created('A')]);
    const { id } = await notifications.job('A');
    for (const attempts of [1, 2, 3, 4]) {
      await eventually(async () =>
        expect(await notifications.job('A')).toMatchObject({ state: 'runnable', attempts_used: attempts }),
      );
      await notifications.bringForward(id);
    }
    expect(await notifications.ended('A', 'dead')).toMatchObject({ attempts_used: 5, error_code: 'mail-server-unavailable' });
    expect(await notifications.message(id)).toMatchObject({ state: 'undelivered' });
  });
});
