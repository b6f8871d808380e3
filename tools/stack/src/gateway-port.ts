import { freePort } from '@orderly/servers';
import { createServer } from 'node:net';

const usualPort = 3000;

/**
 * The gateway's port: the chosen one; else 3000 if it is free; else any free port.
 * @throws Error with a one-line message if the chosen port cannot be used.
 */
export async function gatewayPort(chosen: number | undefined): Promise<number> {
  if (chosen === 0) return freePort();
  const obstacle = await tryToListen(chosen ?? usualPort);
  if (obstacle === undefined) return chosen ?? usualPort;
  if (chosen === undefined) return freePort();
  throw new Error(`Port ${chosen} ${obstacle}. Choose another one with --port, or omit --port.`);
}

function tryToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
