import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a server, so that a test can take it away and give it back, or put another in its place. */
export interface TcpProxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Keeps all that is sent back, and breaks nothing: to both sides it is as if the other had become silent. */
  freeze(): void;
  restore(): Promise<void>;
  /** Lets new connections through, and leaves those that are frozen silent for ever: what a lost route does. */
  forget(): void;
  /** Sends new connections to another server, which has the same credentials, and breaks those to the one before. */
  retarget(serverUrl: string): void;
  /** Sends new connections to another server, and leaves the open ones where they are: what a name server does in a failover. */
  redirect(serverUrl: string): void;
  /** Connections that are open now. */
  connections(): number;
}

const running = new Set<TcpProxy>();

export async function startTcpProxy(serverUrl: string): Promise<TcpProxy> {
  let target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let server: Server | undefined;
  let port = 0;

  const connect = (client: Socket): void => {
    const upstream = createConnection(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      if (isFrozen) from.pause();
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  const listen = (): Promise<void> =>
    new Promise((resolve) => {
      server = createServer(connect).listen(port, '127.0.0.1', () => {
        port = (server?.address() as AddressInfo).port;
        resolve();
      });
    });

  await listen();
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  const proxy: TcpProxy = {
    url: url.href,
    cut: () =>
      new Promise((resolve) => {
        if (server === undefined) return resolve();
        server.close(() => resolve());
        server = undefined;
        breakAll();
      }),
    freeze: () => {
      isFrozen = true;
      sockets.forEach((socket) => socket.pause());
    },
    restore: async () => {
      isFrozen = false;
      sockets.forEach((socket) => socket.resume());
      if (server === undefined) await listen();
    },
    forget: () => void (isFrozen = false),
    retarget: (other) => {
      target = new URL(other);
      breakAll();
    },
    redirect: (other) => void (target = new URL(other)),
    connections: () => sockets.size / 2,
  };
  running.add(proxy);
  return proxy;
}

/** For `afterEach`: takes away every proxy that the file's tests started. */
export async function stopTcpProxies(): Promise<void> {
  await Promise.all([...running].map((proxy) => proxy.cut()));
  running.clear();
}
