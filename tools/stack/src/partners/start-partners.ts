import { Webhook } from 'standardwebhooks';
import { startPartner, type Partner } from './partner';

export type PartnerSecrets = { erpToken: string; wmsSigningSecret: string };
export type Partners = { erp: Partner; wms: Partner };

/** Starts the two pretend partners: `erp` requires a bearer token, `wms` a signature by Standard Webhooks. */
export async function startPartners({ erpToken, wmsSigningSecret }: PartnerSecrets): Promise<Partners> {
  const webhook = new Webhook(wmsSigningSecret);
  const [erp, wms] = await Promise.all([
    startPartner({ name: 'erp', isAuthentic: (headers) => headers.authorization === `Bearer ${erpToken}` }),
    startPartner({
      name: 'wms',
      isAuthentic: (headers, body) => {
        try {
          webhook.verify(body, headers as Record<string, string>, { jsonParse: false });
          return true;
        } catch {
          return false;
        }
      },
    }),
  ]);
  return { erp, wms };
}
