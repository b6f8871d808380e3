import { stringify } from 'yaml';

/** The destinations file for the two pretend partners. Secrets come from the environment. */
export function partnersAsDestinations({ erp, wms }: { erp: string; wms: string }): string {
  const common = { idempotency: { mode: 'key' }, concurrency: 20, timeoutMs: 10_000, allowPrivateNetwork: true };
  const request = (url: string): object => ({ method: 'PUT', url: `${url}/orders/{orderId}`, body: 'envelope' });
  return stringify(
    {
      destinations: [
        { name: 'erp', mode: 'latest-state', request: request(erp), auth: { type: 'bearer', token: '${ERP_TOKEN}' }, ...common },
        { name: 'wms', mode: 'every-event', request: request(wms), signing: { secrets: ['${WMS_SIGNING_SECRET}'] }, ...common },
      ],
    },
    { lineWidth: 0 },
  );
}
