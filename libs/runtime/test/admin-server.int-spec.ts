import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { composeServices, createAdminServer, type AdminServer, type AdminServerOptions } from '../src';
import { stressStartStop } from '../src/testing';

const makeServer = (options: Partial<AdminServerOptions> = {}): AdminServer =>
  createAdminServer({
    host: '127.0.0.1',
    port: 0,
    live: () => true,
    ready: async () => [{ name: 'database', ok: true }],
    metrics: async () => 'orderly_jobs_ended_total 1\n',
    ...options,
  });

const running: { stop(): Promise<void> }[] = [];
const start = async (options?: Partial<AdminServerOptions>): Promise<AdminServer> => {
  const server = makeServer(options);
  running.push(server);
  await server.start();
  await server.readiness.start();
  return server;
};
const get = async (server: AdminServer, path: string) => {
  const response = await fetch(new URL(path, server.address()));
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
};

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

describe('the admin server', () => {
  it('keeps the guarantees of a service', async () => {
    await stressStartStop(() => makeServer(), { rounds: 5 });
  });

  it('answers /livez with the delay of the event loop', async () => {
    const { status, body } = await get(await start(), '/livez');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ live: true, eventLoopLagMs: expect.any(Number) });
  });

  it.each([
    ['says no', () => false],
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
  ])('is not live if its own check %s', async (_case, live) => {
    expect((await get(await start({ live }), '/livez')).status).toBe(503);
  });

  it('is ready if all checks pass, and names a failing check', async () => {
    const checks = [
      { name: 'database', ok: true },
      { name: 'redis', ok: true },
    ];
    const server = await start({ ready: async () => checks });
    expect(await get(server, '/readyz')).toMatchObject({
      status: 200,
      body: JSON.stringify({ ready: true, phase: 'ready', checks }),
    });
    checks[1] = { name: 'redis', ok: false };
    expect(await get(server, '/readyz')).toMatchObject({
      status: 503,
      body: JSON.stringify({ ready: false, phase: 'ready', checks }),
    });
  });

  it('does not show the error of a failed check', async () => {
    const { status, body } = await get(
      await start({
        ready: async () => {
          throw new Error('connect postgres://u:secret@db');
        },
      }),
      '/readyz',
    );
    expect(status).toBe(503);
    expect(body).not.toContain('secret');
  });

  it('is ready only after all other parts have started and before they stop', async () => {
    const admin = makeServer();
    const seen: unknown[] = [];
    const look = async (): Promise<void> => void seen.push(JSON.parse((await get(admin, '/readyz')).body).phase);
    const worker = { name: 'worker', start: look, stop: look };
    const all = composeServices('all', [admin, worker, admin.readiness]);
    await all.start();
    await look();
    await all.stop();
    expect(seen).toEqual(['starting', 'ready', 'stopping']);
  });

  it('serves the metrics as Prometheus text', async () => {
    expect(await get(await start(), '/metrics')).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: 'orderly_jobs_ended_total 1\n',
    });
  });

  it('stops even if an idle connection is open', async () => {
    const server = await start();
    const silent = connect(Number(server.address().port), '127.0.0.1');
    await once(silent, 'connect');
    const closed = once(silent, 'close');
    await server.stop();
    await closed;
  });

  it('fails with one line if its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(makeServer({ port }).start()).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: `The admin server cannot listen on 127.0.0.1:${port}: the port is in use`,
    });
    other.close();
  });
});
