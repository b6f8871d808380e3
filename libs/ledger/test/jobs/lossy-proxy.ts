import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  /** Breaks the connection on which a statement with this text is sent, after the server has run it and before its answer arrives. */
  loseAnswerTo(text: string): void;
  /** The number of lost answers. */
  lost(): number;
  /** Breaks every connection, and refuses new ones until {@link LossyProxy.open}. */
  cut(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

/** A proxy for PostgreSQL that loses connections and answers when the test asks for it. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let wanted: string | undefined;
  let lost = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    let isLosing = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      if (wanted !== undefined && data.includes(wanted)) {
        wanted = undefined;
        isLosing = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!isLosing) return void client.write(data);
      lost += 1;
      end();
    });
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve));
  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  const url = new URL(target);
  url.host = `127.0.0.1:${own}`;
  return {
    url: url.href,
    loseAnswerTo: (text) => (wanted = text),
    lost: () => lost,
    cut: stopListening,
    open: async () => {
      wanted = undefined;
      if (!server.listening) await listen(own);
    },
    close: async () => {
      if (server.listening) await stopListening();
    },
  };
}
