import colors from 'picocolors';
import type { ReadyContent } from './ready-file';
import type { Terminal } from './terminal';

export type BannerFacts = { servers: string[]; logFolder: string; hasOwnDestinations: boolean };

/** Says where everything is. */
export function printBanner(
  ready: ReadyContent,
  { servers, logFolder, hasOwnDestinations }: BannerFacts,
  terminal: Terminal,
): void {
  const row = (name: string, text: string): void => terminal.line(`  ${colors.dim(name.padEnd(12))} ${text}`);
  terminal.line(colors.bold('Orderly is ready. Ctrl-C stops it.'));
  terminal.line();
  row('gateway', ready.gateway);
  row('API key', ready.apiKey);
  const webhooks = `${ready.gateway}/v1/webhooks/shopify`;
  if (ready.shopifySecret !== undefined) {
    row('webhooks', `${webhooks}  ${colors.dim(`signed with ${ready.shopifySecret}: docs/webhooks.md shows how`)}`);
  }
  // With destinations of the caller's own nothing is sent to the pretend partners.
  if (!hasOwnDestinations) {
    row('erp', `${ready.partners.erp}  ${colors.dim('GET /orders/{id}, GET /requests?orderId=,')}`);
    row('wms', `${ready.partners.wms}  ${colors.dim('PUT /behaviour {"mode": "ok|slow|failing|throttling|down|…"}')}`);
  }
  row('mailbox', `${ready.mailbox}/messages`);
  for (const [service, url] of Object.entries(ready.admin))
    row(service === 'api-gateway' ? 'admin' : '', `${url}/metrics  ${colors.dim(service)}`);
  row('servers', servers.join(', '));
  row('logs', logFolder);
  terminal.line();
  terminal.line('A first event:');
  terminal.line(colors.cyan(firstEvent(ready)));
  terminal.line();
}

function firstEvent({ gateway, apiKey }: ReadyContent): string {
  const event = {
    ...{ id: 'e-1', source: 'shop', type: 'order.created', orderId: 'order-1', occurredAt: new Date().toISOString() },
    data: { currency: 'EUR', totalMinor: 4980, customer: { id: 'c-1', name: 'Ada', email: 'ada@example.com' } },
  };
  return [
    `curl ${gateway}/v1/events -H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json' -d '${JSON.stringify(event)}'`,
    `curl ${gateway}/v1/orders/order-1 -H 'authorization: Bearer ${apiKey}'`,
  ].join('\n');
}
