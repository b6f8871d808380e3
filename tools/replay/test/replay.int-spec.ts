import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runReplay } from '../src/run-replay';
import { GatewayStandIn, problem } from './gateway-stand-in';

const event = (number: number): string => JSON.stringify({ id: `e-${number}`, type: 'order.updated', orderId: 'o-1', data: {} });
const events = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => event(from + index));
const ids = (count: number): string[] => events(count).map((line) => (JSON.parse(line) as { id: string }).id);
const job = (state: string, count: number, outcome: string | null = null, destination: string | null = null) => ({
  ...{ name: destination ? 'sync-order' : 'apply-order-event', destination, state, outcome, count },
});
const counted = (...jobs: ReturnType<typeof job>[]) => ({ orders: { confirmed: 1 }, messages: { sent: 1 }, jobs });

describe('npm run replay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orderly-replay-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  let gateway: GatewayStandIn;
  let url: string;
  beforeEach(async () => {
    gateway = new GatewayStandIn();
    url = await gateway.start();
  });
  afterEach(() => gateway.stop());

  it('sends every event of a long file once and in order, in successive batches with one label', async () => {
    const { status, stdout } = await replay(events(1_203));
    expect(status).toBe(0);
    expect(gateway.accepted).toEqual(ids(1_203));
    expect(gateway.batches.map(({ size }) => size)).toEqual([500, 500, 203]);
    expect(new Set(gateway.batches.map(({ label }) => label)).size).toBe(1);
    expect(gateway.mostInFlight).toBe(1);
    expect(stdout).toContain('Everything succeeded.');
  });

  it('uses a new label per run, or the chosen one', async () => {
    await replay(events(1));
    await replay(events(1));
    await replay(events(1), ['--batch', 'mine']);
    const labels = gateway.batches.map(({ label }) => label);
    expect(new Set(labels).size).toBe(3);
    expect(labels[2]).toBe('mine');
  });

  it('never exceeds the rate', async () => {
    await replay(events(20), ['--rate', '50']);
    expect(gateway.batches.map(({ size }) => size)).toEqual([5, 5, 5, 5]);
    const times = gateway.batches.map(({ atMs }) => atMs);
    // Three gaps of 0.1 s, with tolerance for the timer clock.
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(290);
  });

  it('waits until no job is runnable, running or retrying, and shows all results', async () => {
    gateway.statistics = [
      counted(),
      counted(job('runnable', 2)),
      counted(job('ended', 1, 'done'), job('running', 1)),
      counted(job('ended', 1, 'done'), job('retrying', 1, null, 'erp')),
      counted(job('ended', 7_416, 'done'), job('ended', 2, 'superseded', 'erp'), job('parked', 3)),
    ];
    const { status, stdout } = await replay(events(2));
    expect(status).toBe(0);
    expect(rows(stdout)).toEqual(
      expect.arrayContaining([
        ...['accepted 2', 'duplicates 0', 'rejected 0', 'confirmed 1', 'apply-order-event done 7,416'],
        ...['sync-order erp superseded 2', 'apply-order-event parked 3', 'sent 1'],
      ]),
    );
    expect(stdout).toContain('No faults, but 3 jobs are parked');
  });

  it('ends at once if every event is a duplicate', async () => {
    await replay(events(3));
    const { status, stdout } = await replay(events(3));
    expect(status).toBe(0);
    expect(rows(stdout)).toEqual(expect.arrayContaining(['accepted 0', 'duplicates 3']));
    expect(stdout).toContain('Nothing new was sent: all 3 events are duplicates.');
  });

  it('shows rejected lines by number and code, sends the others, and exits with 1', async () => {
    const { status, stdout } = await replay([event(1), '', 'not json', '{"type":"order.created"}', event(2)]);
    expect(status).toBe(1);
    expect(gateway.accepted).toEqual(['e-1', 'e-2']);
    expect(rows(stdout)).toEqual(
      expect.arrayContaining(['line 3: invalid-json', 'line 4: validation-failed #/id must be a text', 'rejected 2']),
    );
  });

  it('finds the line that makes the gateway refuse a request, and sends the others in order', async () => {
    const refuseWith = (id: string): void =>
      void gateway.quirks.push((_request, response) => {
        problem(response, 413, { code: 'payload-too-large', title: id });
        return true;
      });
    const pass = (): void => void gateway.quirks.push(() => false);
    // The third of four lines is faulty: all four, then (1, 2), then (3, 4), then 3.
    refuseWith('all');
    pass();
    refuseWith('3 and 4');
    refuseWith('3');
    const { status, stdout } = await replay(events(4));
    expect(status).toBe(1);
    expect(gateway.accepted).toEqual(['e-1', 'e-2', 'e-4']);
    expect(rows(stdout)).toContain('line 3: payload-too-large');
  });

  it.each([
    ['a dead letter', counted(job('ended', 1, 'dead', 'wms')), '1 dead letter'],
    ['an unknown outcome', counted(job('ended', 2, 'unknown', 'wms')), '2 jobs unknown'],
    ['an unknown message', { orders: {}, messages: { unknown: 1 }, jobs: [] }, '1 message unknown'],
    ['a blocked job', counted(job('blocked', 4, null, 'wms')), '4 jobs blocked'],
  ])('exits with 1 for %s and names it', async (_what, statistics, words) => {
    gateway.statistics = [statistics];
    const { status, stdout } = await replay(events(1));
    expect(status).toBe(1);
    expect(stdout).toContain(`Finished with faults: ${words}.`);
  });

  it('does not report a job as blocked while another batch delays it briefly', async () => {
    gateway.statistics = [counted(), counted(job('blocked', 1, null, 'wms')), counted(job('ended', 1, 'done', 'wms'))];
    expect((await replay(events(1))).status).toBe(0);
  });

  it('retries after 429 and 503, not before Retry-After', async () => {
    let refusedAtMs = 0;
    for (const status of [429, 503]) {
      gateway.quirks.push((_request, response) => {
        refusedAtMs = performance.now();
        problem(response, status, { code: 'database-unavailable' }, { 'retry-after': '1' });
        return true;
      });
    }
    const { status, stdout, stderr } = await replay(events(2));
    expect(status).toBe(0);
    expect(gateway.accepted).toEqual(['e-1', 'e-2']);
    expect(rows(stdout)).toContain('accepted 2');
    expect(gateway.batches[0]!.atMs - refusedAtMs).toBeGreaterThan(990);
    expect(stderr).toContain('status 503');
  });

  it('counts events as accepted if the first answer was lost', async () => {
    gateway.quirks.push((request, _response, takeEvents) => {
      takeEvents();
      request.socket.destroy();
      return true;
    });
    const { status, stdout } = await replay(events(2));
    expect(status).toBe(0);
    expect(rows(stdout)).toEqual(expect.arrayContaining(['accepted 2', 'duplicates 0']));
  });

  it('exits with 1 if the gateway stays unavailable, and shows the results so far', async () => {
    for (let tries = 0; tries < 50; tries += 1) gateway.quirks.push(tries === 0 ? () => false : destroy);
    const { status, stdout, stderr } = await replay(events(501), [], { patienceMs: 300 });
    expect(status).toBe(1);
    expect(rows(stdout)).toContain('accepted 500');
    expect(stdout).not.toContain('Everything succeeded');
    expect(stderr).toMatch(/The gateway at \S+ has been unavailable/);
  });

  it('exits with 1 and one line if there is no gateway', async () => {
    const absent = new GatewayStandIn();
    const absentUrl = await absent.start();
    await absent.stop();
    expect(await replay(events(1), ['--url', absentUrl])).toEqual({
      ...{ status: 1, stdout: '' },
      stderr: `The gateway at ${absentUrl} cannot be reached: ECONNREFUSED. Is it running?\n`,
    });
  });

  it('exits with 1 and one line if the key is refused, and sends nothing', async () => {
    gateway.key = 'another';
    const { status, stderr } = await replay(events(1));
    expect([status, gateway.batches]).toEqual([1, []]);
    expect(stderr).toMatch(/^The gateway refused the API key: A valid API key is needed\..*\n$/);
  });

  it.each([
    ['no file', [], /missing required argument/],
    ['a missing file', ['/nowhere/events.ndjson'], /does not exist/],
    ['a folder', [tmpdir()], /is a folder/],
    ['an unknown option', ['f', '--fast'], /unknown option/],
    ['a rate of 0', ['f', '--rate', '0'], /greater than 0/],
    ['an invalid URL', ['f', '--url', 'localhost'], /a URL such as/],
    ['a label with a space', ['f', '--batch', 'a b'], /label/],
  ])('exits with 2 and one line for %s', async (_what, args, line) => {
    const { status, stderr } = await run(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('exits with 2 without a key, and accepts a key from the environment', async () => {
    const file = write(events(1));
    expect(await run([file, '--url', url], { environment: {} })).toMatchObject({ status: 2 });
    expect(await run([file], { environment: { ORDERLY_URL: url, ORDERLY_API_KEY: 'a-key' } })).toMatchObject({ status: 0 });
  });

  it('shows the results so far if it is interrupted', async () => {
    const interrupt = new AbortController();
    gateway.statistics = [counted(job('runnable', 1), job('blocked', 1, null, 'erp'))];
    gateway.quirks.push(() => {
      setImmediate(() => interrupt.abort());
      return false;
    });
    const { status, stdout } = await replay(events(600), [], { interrupted: interrupt.signal });
    expect(status).toBe(130);
    expect(rows(stdout)).toEqual(
      expect.arrayContaining(['accepted 500', 'apply-order-event runnable 1', 'sync-order erp blocked 1']),
    );
    expect(stdout).not.toMatch(/succeeded|blocked\./);
  });

  const destroy = (request: { socket: { destroy: () => void } }): boolean => {
    request.socket.destroy();
    return true;
  };
  const replay = (lines: string[], args: string[] = [], more: RunOptions = {}): Promise<Run> =>
    run([write(lines), '--url', url, ...args], more);

  function write(lines: string[]): string {
    const file = join(folder, 'events.ndjson');
    writeFileSync(file, lines.join('\n'));
    return file;
  }
});

type RunOptions = { environment?: NodeJS.ProcessEnv; patienceMs?: number; interrupted?: AbortSignal };
type Run = { status: number; stdout: string; stderr: string };

async function run(args: string[], { environment = { ORDERLY_API_KEY: 'a-key' }, ...more }: RunOptions = {}): Promise<Run> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = [text(stdout), text(stderr)] as const;
  const context = { environment, stdout, stderr, interrupted: new AbortController().signal, ...more };
  const status = await runReplay(['node', 'replay', ...args], context);
  stdout.end();
  stderr.end();
  return { status, stdout: await printed[0], stderr: await printed[1] };
}

/** Lines of the tables, independent of column widths. */
const rows = (output: string): string[] => output.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
