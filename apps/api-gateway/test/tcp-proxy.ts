import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a server and takes it away: by refusing connections, or by swallowing all that is sent. */
export interface TcpProxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string;
  refuse(): Promise<void>;
  swallow(): void;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  let server: Server | undefined;
  let port = 0;

  const connect = (client: Socket): void => {
    const upstream = createConnection(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => isSwallowing || to.write(chunk));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };
  const listen = (): Promise<void> =>
    new Promise((resolve) => {
      server = createServer(connect).listen(port, '127.0.0.1', () => {
        port = (server?.address() as AddressInfo).port;
        resolve();
      });
    });
  const refuse = (): Promise<void> =>
    new Promise((resolve) => {
      if (server === undefined) return resolve();
      server.close(() => resolve());
      server = undefined;
      for (const socket of sockets) socket.destroy();
    });

  await listen();
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    refuse,
    swallow: () => void (isSwallowing = true),
    restore: async () => {
      isSwallowing = false;
      if (server === undefined) await listen();
    },
    close: refuse,
  };
}
