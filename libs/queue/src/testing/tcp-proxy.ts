import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy before a server, with which a test can cut, freeze or replace the server. */
export interface TcpProxy {
  /** The server's URL with the address of the proxy. */
  readonly url: string;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Holds back all data without closing a connection: to each side, the other seems to be silent. */
  freeze(): void;
  /** Ends {@link TcpProxy.cut} or {@link TcpProxy.freeze}. */
  restore(): Promise<void>;
  /** Lets new connections through and leaves frozen ones silent for ever, like a lost route. */
  forget(): void;
  /** Breaks all connections and sends new ones to another server, which must have the same credentials. */
  retarget(serverUrl: string): void;
  /** Sends new connections to another server and leaves open ones as they are, like a DNS change in a failover. */
  redirect(serverUrl: string): void;
  /** The number of open connections. */
  connections(): number;
}

const running = new Set<TcpProxy>();

/** Starts a proxy on a free port of 127.0.0.1. */
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

/** Stops every proxy that this test file started; for `afterEach`. */
export async function stopTcpProxies(): Promise<void> {
  await Promise.all([...running].map((proxy) => proxy.cut()));
  running.clear();
}
