import { platformNames } from '@orderly/platforms';
import { z } from 'zod';
import { Id } from '../answer-schemas';
import { defineOperation } from '../../http/operation';

export const DeliveryTaken = z
  .object({
    duplicate: z
      .boolean()
      .meta({ description: 'True if every event was known or the delivery was answered before: nothing was stored' }),
    events: z
      .array(
        z.object({
          eventId: Id.meta({
            description: 'The id that Orderly gave the event. For a rejected event: the id of the earlier one',
          }),
          id: z.string().meta({ description: "The platform's id, unique within the source of the event" }),
          orderId: z.string(),
          status: z.enum(['accepted', 'duplicate', 'rejected']),
          code: z.literal('event-id-reused').optional().meta({
            description: 'Rejected: an earlier event has the same id but another content. Nothing changes',
          }),
        }),
      )
      .readonly()
      .meta({ description: 'The events made from the delivery; none for an unused topic' }),
  })
  .meta({ id: 'DeliveryTaken' });
/** The answer to a genuine delivery. */
export type DeliveryTaken = z.output<typeof DeliveryTaken>;

export const postWebhookOperation = defineOperation({
  id: 'postWebhook',
  method: 'post',
  path: '/v1/webhooks/{platform}',
  tag: 'Webhooks',
  summary: 'Receive a delivery from a platform',
  description: [
    'Needs no key: the signature over the raw body authenticates the sender. Responds after the order events are committed.',
    'Duplicates and unused topics also get 200, because platforms count any other status as a failure.',
    'An event with the id of an earlier event but another content is refused. If the sender chose the id (`standard`), the status is 409; otherwise the event is listed as `rejected`.',
  ].join('\n\n'),
  scope: 'public',
  // Accepts any text: an unknown platform must get 404, not 400.
  params: z.strictObject({
    platform: z.string().meta({ enum: platformNames, description: 'A platform without a secret gets 404' }),
  }),
  headers: z.object({
    'X-Shopify-Hmac-Sha256': header('`shopify`: base64 of the HMAC-SHA256 of the raw body'),
    'X-Shopify-Topic': header('`shopify`: such as `orders/paid`'),
    'X-Shopify-Shop-Domain': header('`shopify`: such as `lamps.myshopify.com`'),
    'X-Shopify-Event-Id': header('`shopify`: identifies duplicates, together with the topic'),
    'X-Shopify-Webhook-Id': header('`shopify`: used if `X-Shopify-Event-Id` is missing'),
    'X-Shopify-Triggered-At': header('`shopify`: at most 48 hours ago'),
    'webhook-id': header('`standard`: identifies duplicates'),
    'webhook-timestamp': header('`standard`: seconds since 1970, at most 5 minutes ago or ahead'),
    'webhook-signature': header(
      '`standard`: `v1,` and base64 of the HMAC-SHA256 of `{id}.{timestamp}.{raw body}`; several are separated by blanks',
    ),
  }),
  body: { schema: z.looseObject({}).meta({ description: 'JSON in the format of the platform' }) },
  answer: { status: 200, description: 'Accepted, duplicate, or an unused topic', schema: DeliveryTaken },
  errors: ['event-id-reused', 'signature-invalid', 'not-found', 'unsupported-media-type', 'payload-too-large'],
});

function header(description: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().meta({ description });
}
