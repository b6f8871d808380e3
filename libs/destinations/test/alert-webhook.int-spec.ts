import type { RetryableError } from '@orderly/errors';
import { createAlertWebhook, type AlertWebhook } from '../src';
import { answerWith, startPartner, type Partner } from './partner';

let partner: Partner;
let webhook: AlertWebhook | undefined;
beforeEach(async () => void (partner = await startPartner()));
afterEach(async () => {
  await webhook?.close();
  await partner.stop();
});

const secretPath = '/services/T0/B0/s3cr3t';
const open = (more: { timeoutMs?: number; allowPrivateNetwork?: boolean; url?: string } = {}): AlertWebhook =>
  (webhook = createAlertWebhook({ url: partner.url + secretPath, timeoutMs: 5000, allowPrivateNetwork: true, ...more }));
const signal = () => new AbortController().signal;
const failure = (timeoutMs = 5000): Promise<RetryableError> =>
  open({ timeoutMs })
    .post('text', signal())
    .then(
      () => Promise.reject(new Error('It was taken')),
      (error: unknown) => error as RetryableError,
    );

describe('an alert webhook', () => {
  it('gets the text as Slack wants it, so that no name becomes a link or a mention', async () => {
    expect(await open().post('erp & <!channel>', signal())).toBe(204);
    const [request] = partner.received;
    expect(request).toMatchObject({ method: 'POST', url: secretPath, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(request!.body)).toEqual({ text: 'erp &amp; &lt;!channel&gt;' });
    expect(request!.headers['traceparent']).toBeUndefined();
  });

  it.each([301, 400, 403, 404, 410, 500])('that answers %i may take the alert later', async (status) => {
    partner.answer(answerWith(status, `refused ${secretPath}`, { location: 'https://elsewhere.example' }));
    const error = await failure();
    expect(error).toMatchObject({ code: 'alert-webhook-failed', details: { responseStatus: status } });
    expect(partner.received).toHaveLength(1);
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('s3cr3t');
  });

  it('that asks for a wait gets it, at most an hour', async () => {
    partner.answer(answerWith(429, '', { 'retry-after': '30' }));
    expect((await failure()).retryAfterMs).toBe(30_000);
    partner.answer(answerWith(429, '', { 'retry-after': '99999999999999' }));
    expect((await failure()).retryAfterMs).toBe(3_600_000);
  });

  it('that never answers is given up after its time', async () => {
    partner.answer(() => undefined);
    expect(await failure(50)).toMatchObject({ code: 'alert-webhook-failed', message: expect.stringContaining('out of time') });
  });

  it('that sends a body without an end is read up to a limit', async () => {
    partner.answer((_, response) => {
      response.writeHead(403);
      const send = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', send);
      };
      send();
    });
    expect(await failure()).toMatchObject({ code: 'alert-webhook-failed', details: { responseStatus: 403 } });
  });

  it('at a private address is refused unless it is allowed', async () => {
    const guarded = open({ allowPrivateNetwork: false, url: partner.url.replace('http:', 'https:') + secretPath });
    await expect(guarded.post('text', signal())).rejects.toMatchObject({ code: 'address-refused' });
    expect(partner.received).toEqual([]);
  });

  it('passes on why it was aborted', async () => {
    partner.answer(() => undefined);
    const reason = new Error('the process stops');
    await expect(open().post('text', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
