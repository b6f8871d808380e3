import { deliveryKey, type Destination, type DestinationClient, type SendRequest } from '@orderly/destinations';
import { RetryableError, ShutdownError } from '@orderly/errors';
import type { ClaimedJob, OrderVersion } from '@orderly/jobs';
import { createSyncOrder } from './sync-order';

const order: OrderVersion = {
  orderId: 'A',
  version: 3,
  status: 'shipped',
  previousStatus: null,
  change: { from: 'confirmed', to: 'shipped', at: '2026-01-01T00:00:00.000Z' },
  data: { customer: { id: 'c' } },
};
const claimed: ClaimedJob = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  name: 'sync-order',
  queue: 'order-sync.erp',
  payload: {},
  token: 'token',
  attemptsUsed: 0,
  tries: 1,
  crashes: 0,
  isProbe: false,
  orderId: 'A',
  destination: 'erp',
  version: 3,
  intentVersion: 3,
  ackedVersion: 0,
  epoch: 0,
  ageMs: 0,
  waitMs: 0,
  traceparent: null,
  tracestate: null,
};
const lookup = { mode: 'lookup', url: 'https://erp.example/{orderId}', versionPointer: '/version' } as const;

type Case = {
  readonly job?: Partial<ClaimedJob>;
  readonly idempotency?: Destination['idempotency'];
  readonly send?: DestinationClient['send'];
  readonly partnerVersion?: number | Error;
  readonly signal?: AbortSignal;
  readonly effectBegins?: () => void;
  readonly isLastAttempt?: boolean;
};

const taken = async () => ({ responseStatus: 200, responseExcerpt: '' });

async function handle({
  job,
  idempotency = { mode: 'key' },
  send = taken,
  partnerVersion,
  signal,
  effectBegins,
  isLastAttempt = false,
}: Case) {
  const sent: SendRequest[] = [];
  let lookups = 0;
  const handler = createSyncOrder({
    destination: { name: 'erp', idempotency } as Destination,
    client: {
      send: async (request) => {
        sent.push(request);
        return send(request);
      },
      lookupVersion: async () => {
        lookups += 1;
        if (partnerVersion instanceof Error) throw partnerVersion;
        return partnerVersion;
      },
    },
  });
  const outcome = await handler({
    job: { ...claimed, order: { ...order, version: job?.intentVersion ?? 3 }, ...job },
    payload: { destination: 'erp', orderId: 'A', version: 3 },
    signal: signal ?? new AbortController().signal,
    effectBegins: effectBegins ?? (() => signal?.throwIfAborted()),
    isLastAttempt,
  }).catch((error: unknown) => error);
  return { outcome, sent, lookups };
}

const ambiguous = async (): Promise<never> => {
  throw new RetryableError('destination-failed', 'erp answered 500', { details: { ambiguous: true } });
};

describe('syncOrder', () => {
  it('sends the version that the claim recorded, under the key of that version', async () => {
    const { outcome, sent } = await handle({ job: { intentVersion: 7, epoch: 1 } });
    expect(sent.map((request) => request.order.version)).toEqual([7]);
    expect(sent.map(({ key }) => key)).toEqual([deliveryKey({ destination: 'erp', orderId: 'A', version: 7, epoch: 1 })]);
    expect(outcome).toMatchObject({ kind: 'done', resultVersion: 7 });
  });

  it('sends nothing that the destination has already confirmed', async () => {
    const { outcome, sent } = await handle({ job: { ackedVersion: 3 } });
    expect(outcome).toMatchObject({ kind: 'skipped', outcome: 'superseded' });
    expect(sent).toEqual([]);
  });

  it('sends nothing if this process may no longer act', async () => {
    const effectBegins = (): never => {
      throw new ShutdownError();
    };
    const { outcome, sent } = await handle({ effectBegins });
    expect(outcome).toMatchObject({ name: 'ShutdownError' });
    expect(sent).toEqual([]);
  });

  it('looks the version up before every try but the first in mode lookup', async () => {
    expect(await handle({ idempotency: lookup, partnerVersion: 3 })).toMatchObject({ lookups: 0, sent: [{}] });
    const again = await handle({ idempotency: lookup, partnerVersion: 3, job: { tries: 2 } });
    expect(again).toMatchObject({ lookups: 1, sent: [], outcome: { kind: 'done', resultVersion: 3 } });
    const behind = await handle({ idempotency: lookup, partnerVersion: 2, job: { tries: 2 } });
    expect(behind).toMatchObject({ lookups: 1, sent: [{}], outcome: { kind: 'done' } });
  });

  it.each([
    ['key', 'RetryableError'],
    ['none', 'UnknownOutcomeError'],
  ] as const)('treats an ambiguous failure with idempotency %s as a %s', async (mode, name) => {
    expect((await handle({ send: ambiguous, idempotency: { mode } })).outcome).toMatchObject({ name });
  });

  const unavailable = new RetryableError('destination-unavailable', 'refused');
  it.each([
    ['done if the destination has the version', 3, { kind: 'done', resultVersion: 3 }],
    ['a definite failure if it has an older one', 2, { name: 'PermanentError', code: 'destination-failed' }],
    ['left open if it does not say', unavailable, { name: 'RetryableError', details: { ambiguous: true } }],
  ] as const)(
    'looks the version up once more after an ambiguous last attempt, which is %s',
    async (_what, partnerVersion, outcome) => {
      const last = { send: ambiguous, idempotency: lookup, partnerVersion } as const;
      expect(await handle({ ...last, isLastAttempt: true })).toMatchObject({ lookups: 1, sent: [{}], outcome });
      expect(await handle(last)).toMatchObject({ lookups: 0, sent: [{}], outcome: { name: 'RetryableError' } });
    },
  );

  it('treats a timeout of the handler during the request as ambiguous', async () => {
    const timeout = new AbortController();
    const { outcome } = await handle({
      signal: timeout.signal,
      send: async ({ signal }) => {
        timeout.abort(new RetryableError('job-timeout', 'too slow'));
        throw signal.reason;
      },
    });
    expect(outcome).toMatchObject({ code: 'job-timeout', details: { ambiguous: true } });
  });

  it.each([
    ['while the request is under way is unknown', 'send', 'UnknownOutcomeError', 1],
    ['before the request hands the job back', 'before', 'ShutdownError', 0],
  ] as const)('treats an abort in mode none %s', async (_what, when, name, requests) => {
    const stop = new AbortController();
    const abort = (): void => stop.abort(new ShutdownError());
    if (when === 'before') abort();
    const { outcome, sent } = await handle({
      idempotency: { mode: 'none' },
      signal: stop.signal,
      send: async ({ signal }) => {
        abort();
        throw signal.reason;
      },
    });
    expect(outcome).toMatchObject({ name });
    expect(sent).toHaveLength(requests);
  });
});
