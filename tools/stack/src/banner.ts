import colors from 'picocolors';
import type { DataFolder } from './data-folder';
import type { ReadyContent } from './ready-file';
import type { Terminal } from './terminal';

export type BannerFacts = { servers: string[]; folder: Pick<DataFolder, 'path' | 'isTemporary'>; hasOwnDestinations: boolean };

/** Prints the addresses, the key and a first event to try. */
export function printBanner(ready: ReadyContent, { servers, folder, hasOwnDestinations }: BannerFacts, terminal: Terminal): void {
  const row = (name: string, text: string): void => terminal.line(`  ${colors.dim(name.padEnd(12))} ${text}`);
  terminal.line(colors.bold('Orderly is ready. Ctrl-C stops it.'));
  terminal.line();
  row('gateway', ready.gateway);
  row('reference', `${ready.gateway}/docs  ${colors.dim('the API reference: read and try every call')}`);
  row('API key', ready.apiKey);
  const secrets = Object.entries<string | undefined>(ready.webhookSecrets).filter(([, secret]) => secret !== undefined);
  for (const [index, [platform, secret]] of secrets.entries()) {
    const how = colors.dim(`sign with ${secret}, see docs/webhooks.md`);
    row(index === 0 ? 'webhooks' : '', `${ready.gateway}/v1/webhooks/${platform}  ${how}`);
  }
  // If the caller has a destinations file of their own, nothing is sent to the pretend partners.
  if (!hasOwnDestinations) {
    row('erp', `${ready.partners.erp}  ${colors.dim('a pretend partner')}`);
    row('wms', `${ready.partners.wms}  ${colors.dim('a pretend partner')}`);
    row('', colors.dim('both: GET /orders/{id}, GET /requests?orderId={id},'));
    row('', colors.dim('      PUT /behaviour {"mode": "ok|slow|failing|refusing|throttling|down|…"}'));
  }
  row('mailbox', `${ready.mailbox}  ${colors.dim('the mail to customers: GET /messages?to={address}')}`);
  row('alerts', `${ready.alerts}  ${colors.dim('the alerts to operators: GET /messages')}`);
  for (const [service, url] of Object.entries(ready.admin))
    row(service === 'api-gateway' ? 'admin' : '', `${url}/metrics  ${colors.dim(service)}`);
  row('servers', servers.join(', '));
  const kept = folder.isTemporary ? 'is deleted when the stack stops; use --data-dir <folder> to keep it' : 'is kept';
  row('folder', `${folder.path}  ${colors.dim(`contains the logs, and ${kept}`)}`);
  terminal.line();
  terminal.line('Send a first event:');
  terminal.line(colors.cyan(firstEvent(ready)));
  terminal.line();
}

function firstEvent({ gateway, apiKey }: ReadyContent): string {
  // The id is unique per run: in the same folder, an earlier run may have used a fixed id with another body.
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
