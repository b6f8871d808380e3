import colors from 'picocolors';
import type { DataFolder } from './data-folder';
import type { ReadyContent } from './ready-file';
import type { Terminal } from './terminal';

export type BannerFacts = { servers: string[]; folder: Pick<DataFolder, 'path' | 'isTemporary'>; hasOwnDestinations: boolean };

/** Says where everything is. */
export function printBanner(ready: ReadyContent, { servers, folder, hasOwnDestinations }: BannerFacts, terminal: Terminal): void {
  const row = (name: string, text: string): void => terminal.line(`  ${colors.dim(name.padEnd(12))} ${text}`);
  terminal.line(colors.bold('Orderly is ready. Ctrl-C stops it.'));
  terminal.line();
  row('gateway', ready.gateway);
  row('reference', `${ready.gateway}/docs  ${colors.dim('every call, to read and to try')}`);
  row('API key', ready.apiKey);
  const secrets = Object.entries<string | undefined>(ready.webhookSecrets).filter(([, secret]) => secret !== undefined);
  for (const [index, [platform, secret]] of secrets.entries()) {
    const how = colors.dim(`signed with ${secret}: docs/webhooks.md shows how`);
    row(index === 0 ? 'webhooks' : '', `${ready.gateway}/v1/webhooks/${platform}  ${how}`);
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
  const kept = folder.isTemporary ? 'is removed at the end; --data-dir <folder> keeps one' : 'is kept';
  row('folder', `${folder.path}  ${colors.dim(`has the logs, and ${kept}`)}`);
  terminal.line();
  terminal.line('A first event:');
  terminal.line(colors.cyan(firstEvent(ready)));
  terminal.line();
}

function firstEvent({ gateway, apiKey }: ReadyContent): string {
  // Names of this run alone: an event of an earlier one on the same folder may have had its id and another body.
  const orderId = `order-${Date.now().toString(36)}`;
  const event = {
    ...{ id: `${orderId}-1`, source: 'first-try', type: 'order.created', orderId, occurredAt: new Date().toISOString() },
    data: { currency: 'EUR', totalMinor: 4980, customer: { id: 'c-1', name: 'Eve', email: `${orderId}@example.com` } },
  };
  return [
    `curl ${gateway}/v1/events -H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json' -d '${JSON.stringify(event)}'`,
    `curl ${gateway}/v1/orders/${orderId} -H 'authorization: Bearer ${apiKey}'`,
  ].join('\n');
}
