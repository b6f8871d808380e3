import fastify from 'fastify';

/** One alert, as in `GET /messages`. */
type ReceivedAlert = { text: string; receivedAt: string };

export type AlertSink = {
  /** For people and tests: `GET` and `DELETE /messages`. */
  url: string;
  /** The address of the incoming webhook. */
  webhookUrl: string;
  stop: () => Promise<void>;
};

/** The number of alerts in memory; beyond it the oldest are dropped. */
const limit = 1000;

/**
 * Starts an incoming webhook as Slack has it, which stores every alert, and an HTTP API that shows them.
 * @param onAlert is called with each alert
 */
export async function startAlertSink(onAlert: (text: string) => void): Promise<AlertSink> {
  let items: ReceivedAlert[] = [];
  const app = fastify({ forceCloseConnections: true });
  app.post<{ Body: { text?: unknown } | null }>('/services/alerts', (request, reply) => {
    const { text } = request.body ?? {};
    if (typeof text !== 'string' || text === '') return reply.code(400).send('no_text');
    // The only escapes that Slack knows.
    const shown = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    items = [...items, { text: shown, receivedAt: new Date().toISOString() }].slice(-limit);
    onAlert(shown);
    return reply.send('ok');
  });
  app.get('/messages', (_request, reply) => reply.send({ items }));
  app.delete('/messages', (_request, reply) => {
    items = [];
    return reply.code(204).send();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, webhookUrl: `${url}/services/alerts`, stop: () => app.close() };
}

/** The alerts file for the sink. */
export const sinkAsAlertsFile = (webhookUrl: string, gatewayUrl: string): string =>
  JSON.stringify({ webhook: { url: webhookUrl, allowPrivateNetwork: true }, gatewayUrl }, undefined, 2);
