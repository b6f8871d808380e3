import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the sink does with a request: answers with a status, or never. */
type WebhookAnswer = number | 'silence';

/** An incoming webhook on loopback that answers as the test says, and keeps what it was sent. */
export type WebhookSink = {
  /** Its path is a secret. */
  readonly url: string;
  /** The texts of requests whose every byte arrived, taken or not. */
  readonly texts: string[];
  /** The texts that were taken. */
  readonly taken: string[];
  /** Takes the place of the behaviour before; without one every text is taken. */
  readonly behave: (answerOf: (text: string) => WebhookAnswer) => void;
  readonly close: () => Promise<void>;
};

export const webhookSecret = 'T000-B000-s3cr3tpath';

export async function startWebhookSink(): Promise<WebhookSink> {
  const texts: string[] = [];
  const taken: string[] = [];
  let answerOf: (text: string) => WebhookAnswer = () => 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    texts.push(text);
    const answer = answerOf(text);
    if (answer === 'silence') return;
    if (answer === 200) taken.push(text);
    response.writeHead(answer).end(`no: ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/${webhookSecret}`,
    texts,
    taken,
    behave: (next) => void (answerOf = next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
