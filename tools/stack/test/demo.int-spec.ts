import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runDemo } from '../src/demo';
import type { Terminal } from '../src/terminal';

describe('the demo of a stack with a paused queue', () => {
  const servers: Server[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

  it('names who paused the queue and how to resume it, and does not wait for its destination', async () => {
    const { lines, sent, paused } = await demoWith({ name: 'order-sync.erp', destination: 'erp' });
    expect(lines[0]).toMatch(
      /^order-sync\.erp has been paused since 2026-01-15 \d\d:00:00, by ada \(“they move”\)\. To resume it:$/,
    );
    expect(lines[1]).toBe(`curl -X POST ${paused}/v1/queues/order-sync.erp/resume -H 'authorization: Bearer key'`);
    expect(sent).toBe(4);
    expect(lines.filter((line) => line.includes('wms got version'))).toHaveLength(4);
    expect(lines.filter((line) => line.includes('mail “Hello”'))).toHaveLength(3);
  });

  it('sends no sample order if order-status is paused', async () => {
    const { lines, sent } = await demoWith({ name: 'order-status', destination: null });
    expect(sent).toBe(0);
    expect(lines.at(-1)).toContain('No sample order is sent');
  });

  async function demoWith(queue: {
    name: string;
    destination: string | null;
  }): Promise<{ lines: string[]; sent: number; paused: string }> {
    let sent = 0;
    const paused = { since: '2026-01-15T10:00:00Z', reason: 'they move', actor: 'key', onBehalfOf: 'ada' };
    const gateway = await serve(({ method, url = '' }) => {
      if (url === '/v1/queues')
        return {
          queues: [
            { ...queue, paused },
            { name: 'maintenance', destination: null, paused: null },
          ],
        };
      if (method === 'POST') sent += 1;
      return { status: 'pending', version: sent };
    });
    const wms = await serve(() => ({ version: sent }));
    const erp = await serve(() => ({}));
    const mail = { messageId: null, to: [], subject: 'Hello', text: '', html: null, receivedAt: '' };
    const mailbox = { url: '', smtpUrl: '', messages: () => Promise.resolve([mail, mail, mail]), stop: () => Promise.resolve() };
    const lines: string[] = [];
    const say = (text = ''): void => void lines.push(...text.split('\n').filter((line) => line !== ''));
    const terminal: Terminal = { line: say, news: say, trouble: say };
    await runDemo({ gateway, apiKey: 'key', partners: { erp, wms }, mailbox }, terminal);
    return { lines, sent, paused: gateway };
  }

  async function serve(answer: (request: IncomingMessage) => object): Promise<string> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const body = JSON.stringify(answer(request));
        response.writeHead(request.method === 'POST' ? 202 : 200, { connection: 'close' }).end(body);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});
