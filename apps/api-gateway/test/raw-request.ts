import { connect, type Socket } from 'node:net';
import type { RunningGateway } from './gateway';

/** One answer as it arrived over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** The header lines as they were sent. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** Sends bytes that no HTTP client would send, and returns the answers until the gateway ends the connection. */
export async function rawRequest(
  gateway: Pick<RunningGateway, 'app'>,
  ...parts: readonly (string | Buffer)[]
): Promise<RawAnswer[]> {
  const socket = await openSocket(gateway);
  const answers = answersOn(socket);
  for (const part of parts) socket.write(part);
  return answers;
}

export const openSocket = (gateway: Pick<RunningGateway, 'app'>): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = gateway.app.url();
    const socket = connect(Number(port), hostname, () => resolve(socket)).once('error', reject);
  });

/** All answers on a connection until the gateway ends it. */
export const answersOn = (socket: Socket): Promise<RawAnswer[]> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined); // answers before a reset count as well
    socket.on('close', () => resolve(answersIn(Buffer.concat(chunks).toString('latin1'))));
  });

/** Sends the beginning of a request, and then single bytes until the connection ends. */
export function drip(socket: Socket, start: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.write('x'), 50);
  socket.once('close', () => clearInterval(timer));
}

function answersIn(text: string): RawAnswer[] {
  if (text === '') return [];
  const headEnd = text.indexOf('\r\n\r\n');
  const [line = '', ...headers] = text.slice(0, headEnd).split('\r\n');
  const length = Number(headers.find((header) => /^content-length:/i.test(header))?.split(':')[1] ?? 0);
  const bodyEnd = headEnd + 4 + length;
  const answer = { status: Number(line.split(' ')[1]), headers, body: text.slice(headEnd + 4, bodyEnd) };
  return [answer, ...answersIn(text.slice(bodyEnd))];
}
