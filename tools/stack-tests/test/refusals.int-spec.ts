import { createTestDatabase, testRedisUrl } from '@orderly/testing';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtService, machine, Stack } from './stack';

describe('a failed start', () => {
  let folder: string;
  let taken: Server;
  let servers: { DATABASE_URL: string; REDIS_URL: string };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orderly-refusals-'));
    servers = { DATABASE_URL: (await createTestDatabase()).url, REDIS_URL: testRedisUrl() };
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    taken.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints one line if the port is taken, and leaves nothing behind', async () => {
    const { port } = taken.address() as AddressInfo;
    const { code, output, left } = await runStack({ environment: servers, args: ['--port', String(port)] });
    expect({ code, output, left }).toEqual({
      code: 1,
      output: [`Port ${port} is in use. Choose another one with --port, or omit --port.`],
      left: [],
    });
  });

  it('names place and fault of a mistake in the destinations file, and leaves nothing behind', async () => {
    const file = destinationsFile();
    const environment = { ...servers, ORDERLY_DESTINATIONS_FILE: file };
    const { code, output, left } = await runStack({ environment, args: ['--port', '0'] });
    expect({ code, left }).toEqual({ code: 1, left: [] });
    const about = output.filter((line) => line.includes(file));
    expect(about).toHaveLength(1);
    expect(about[0]).toMatch(/: 5:\d+ .*mode/);
    expect(output.at(-1)).toBe(about[0]);
  });

  it.each(['status-worker', 'order-sync-worker'])(
    'of %s names place and fault of a mistake in the destinations file',
    async (service) => {
      const file = destinationsFile();
      const environment = { ...machine(), ...servers, ORDERLY_DESTINATIONS_FILE: file, ADMIN_PORT: '0', LOG_LEVEL: 'warn' };
      const { code, lines } = await runService(service, environment);
      expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining(file) as string] });
      expect(lines[0]).toMatch(/: 5:\d+ .*mode/);
    },
  );

  it('names place and fault of a mistake in the alerts file', async () => {
    const file = join(folder, 'alerts.yaml');
    writeFileSync(file, 'webhook:\n  url: http://hooks.example/s3cr3t\n');
    const environment = { ...machine(), ...servers, ORDERLY_ALERTS_FILE: file, ADMIN_PORT: '0', LOG_LEVEL: 'warn' };
    const mail = { SMTP_URL: 'smtp://127.0.0.1:25', MAIL_FROM: 'shop@example.com' };
    const { code, lines } = await runService('notification-worker', { ...environment, ...mail });
    expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining(file) as string] });
    expect(lines[0]).toMatch(/: 2:\d+ webhook\.url: must start with https/);
    expect(lines[0]).not.toContain('s3cr3t');
  });

  function destinationsFile(): string {
    const file = join(folder, 'destinations.yaml');
    writeFileSync(
      file,
      [
        'destinations:',
        '  - name: erp',
        '    request:',
        '      url: https://erp.example/orders/{orderId}',
        '    mode: newest-state',
        '',
      ].join('\n'),
    );
    return file;
  }
});

async function runStack(
  options: Parameters<typeof Stack.spawn>[0],
): Promise<{ code: number | null; output: string[]; left: string[] }> {
  const stack = await Stack.spawn(options);
  try {
    const { code } = await stack.ended;
    return { code, output: stack.output, left: stack.leftFiles() };
  } finally {
    await stack.stop();
  }
}

function runService(name: string, environment: NodeJS.ProcessEnv): Promise<{ code: number; lines: string[] }> {
  const folder = builtService(name);
  const args = ['--require', join(folder, 'instrumentation.cjs'), join(folder, 'main.cjs')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: environment, timeout: 30_000 }, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
      resolve({ code: error === null ? 0 : Number(error.code), lines });
    });
  });
}
