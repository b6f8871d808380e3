import { createTestDatabase } from '@orderly/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { createDatabase, explainDatabaseFault } from '../src/index';

const folder = mkdtempSync(join(tmpdir(), 'orderly-tls-'));
const certificate = join(folder, 'certificate.pem');
let server: Awaited<ReturnType<typeof createTestDatabase>>;
let front: Awaited<ReturnType<typeof startTlsFront>>;

beforeAll(async () => {
  server = await createTestDatabase();
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'postgres.test' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  writeFileSync(certificate, cert);
  front = await startTlsFront(server.url, Buffer.from(key), Buffer.from(cert));
});
afterAll(async () => {
  await front.close();
  await server.drop();
  rmSync(folder, { recursive: true });
});

/** The explanation of the failed first statement at a URL; `undefined` if it runs. */
async function told(url: string): Promise<string | undefined> {
  const db = createDatabase({ url, poolSize: 1, applicationName: 'test' });
  try {
    await db.query('select 1');
    return undefined;
  } catch (error) {
    return explainDatabaseFault(error)?.message ?? String(error);
  } finally {
    await db.close();
  }
}

it('a server without TLS is named if the URL requires TLS', async () => {
  expect(await told(`${server.url}?sslmode=verify-full`)).toBe(
    'PostgreSQL at DATABASE_URL has no TLS: switch it on there, or set sslmode=disable',
  );
});

it('a missing file is named if the URL refers to it', async () => {
  expect(await told(`${server.url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`)).toMatch(
    /^A file that DATABASE_URL names cannot be read \(.*\/nowhere\/ca\.pem/,
  );
});

describe('a PostgreSQL with its own certificate', () => {
  it('is refused, with the reason', async () => {
    expect(await told(front.url('localhost', 'sslmode=verify-full'))).toMatch(
      /^The TLS connection to PostgreSQL at DATABASE_URL failed \(self-signed certificate\): .*sslrootcert/,
    );
  });

  it('is refused under a name that its certificate does not contain', async () => {
    const url = front.url('127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`);
    expect(await told(url)).toMatch(/^The TLS connection .* failed \(.*127\.0\.0\.1.*\)/);
  });

  it('is used if the URL names its certificate', async () => {
    expect(await told(front.url('localhost', `sslmode=verify-full&sslrootcert=${certificate}`))).toBeUndefined();
  });
});

/** A TLS proxy for a PostgreSQL without TLS. A client asks for TLS with eight bytes, and the proxy answers `S`. */
async function startTlsFront(target: string, key: Buffer, cert: Buffer) {
  const { hostname, port } = new URL(target);
  const proxy = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('S');
      const client = new TLSSocket(socket, { isServer: true, key, cert });
      const upstream = connect(Number(port || 5432), hostname);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, resolve));
  return {
    url: (host: string, parameters: string): string => {
      const url = Object.assign(new URL(target), { host: `${host}:${(proxy.address() as AddressInfo).port}` });
      return `${url.href}?${parameters}`;
    },
    close: () => new Promise<void>((resolve) => proxy.close(() => resolve())),
  };
}
