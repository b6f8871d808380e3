import { createServer, type AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that nothing listens on now. Another process may take it before you do: be ready to try again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
