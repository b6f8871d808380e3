import { createLogger } from './logger';
import { withLogContext } from './log-context';
import { withRemoteParent } from './trace-context';

const setup = (level = 'info') => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'status-worker', level, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
};

describe('createLogger', () => {
  it('writes one JSON line per fact, with ISO time, level, service and process', () => {
    const { logger, lines, last } = setup();
    logger.info({ rows: 3 }, 'Partition dropped');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'status-worker',
      pid: process.pid,
      rows: 3,
      msg: 'Partition dropped',
    });
  });

  it('writes nothing below its level', () => {
    const { logger, lines } = setup('warn');
    logger.info('x');
    expect(lines).toEqual([]);
  });

  it('adds the ids of the current work from inner and outer calls', async () => {
    const { logger, last } = setup();
    await withLogContext({ orderId: 'o-1', queue: 'order-status' }, async () => {
      await Promise.resolve();
      withLogContext({ jobId: 'j-1', attempt: 2 }, () => logger.info('Claimed'));
    });
    expect(last()).toMatchObject({ order_id: 'o-1', queue: 'order-status', job_id: 'j-1', attempt: 2 });
    logger.info('Idle');
    expect(last()).not.toHaveProperty('order_id');
  });

  it('adds the trace id even if tracing is off', () => {
    const { logger, last } = setup();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    withRemoteParent({ traceparent }, () => logger.info('Applied'));
    expect(last()).toMatchObject({ trace_id: '0af7651916cd43dd8448eb211c80319c' });
  });

  it('writes an error with its causes, however it is passed', () => {
    const { logger, last } = setup();
    const error = new Error('Not settled', { cause: new TypeError('closed') });
    logger.error({ err: error }, 'Failed');
    expect(last()).toMatchObject({ msg: 'Failed', err: { type: 'Error', message: 'Not settled', cause: { type: 'TypeError' } } });
    logger.error(error);
    expect(last()).toMatchObject({
      msg: 'Not settled',
      err: { type: 'Error', message: 'Not settled', stack: expect.any(String) },
    });
  });

  it('hides secrets and personal data in every field', () => {
    const { logger, lines } = setup();
    const canaries = ['hunter2', 'ann@example.com', '+4917012345678', 'tok_12345678'];
    const [password, email, phone, token] = canaries;
    logger.info({ password, to: email, deep: { recipient: { phone } } }, `Sent to ${email} ${phone} with Bearer ${token}`);
    logger.error(new Error(`connect postgres://u:${password}@db failed for ${email}`));
    logger.child({ apiKey: token, user: email }).warn({ err: new AggregateError([new Error(String(email))]) }, 'x');
    for (const canary of canaries) expect(lines.join('')).not.toContain(canary);
    expect(lines).toHaveLength(3);
  });
});
