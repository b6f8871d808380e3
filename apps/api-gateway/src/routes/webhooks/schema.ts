import { platformNames } from '@orderly/platforms';
import { z } from 'zod';
import { Id } from '../answer-schemas';
import { defineOperation } from '../../http/operation';

export const DeliveryTaken = z
  .object({
    duplicate: z.boolean().meta({ description: 'All of it was known already, or has been answered before: nothing was taken' }),
    events: z
      .array(
        z.object({
          eventId: Id.meta({ description: 'Ours. Of a rejected event that of the one which came first' }),
          id: z.string().meta({ description: "The platform's, unique together with the event's source" }),
          orderId: z.string(),
          status: z.enum(['accepted', 'duplicate', 'rejected']),
          code: z.literal('event-id-reused').optional().meta({
            description: 'Of a rejected event: it says something else than an earlier one under its id, and changes nothing',
          }),
        }),
      )
      .readonly()
      .meta({ description: 'What the delivery became: none for a topic that is not used' }),
  })
  .meta({ id: 'DeliveryTaken' });
/** The answer to a genuine delivery. */
export type DeliveryTaken = z.output<typeof DeliveryTaken>;

export const postWebhookOperation = defineOperation({
  id: 'postWebhook',
  method: 'post',
  path: '/v1/webhooks/{platform}',
  tag: 'Webhooks',
  summary: 'What a platform sends by itself',
  description: [
    'Needs no key: the signature over the raw body says who sent it. Answered once the order events that were made of it are committed.',
    'Duplicates, and topics that are not used, are answered with 200 as well, because platforms count everything else as a failure.',
    'An event that says something else than an earlier one under its id is refused: with 409 where the sender chose the id (`standard`), else shown as `rejected`.',
  ].join('\n\n'),
  scope: 'public',
  // Any text, so that a platform that does not exist is not found rather than refused.
  params: z.strictObject({
    platform: z.string().meta({ enum: platformNames, description: 'One that is not set up is not found' }),
  }),
  headers: z.object({
    'X-Shopify-Hmac-Sha256': header('`shopify`: base64 of the HMAC-SHA256 of the raw body'),
    'X-Shopify-Topic': header('`shopify`: such as `orders/paid`'),
    'X-Shopify-Shop-Domain': header('`shopify`: such as `lamps.myshopify.com`'),
    'X-Shopify-Event-Id': header('`shopify`: duplicates are found by it, together with the topic'),
    'X-Shopify-Webhook-Id': header('`shopify`: stands in for `X-Shopify-Event-Id` where that is missing'),
    'X-Shopify-Triggered-At': header('`shopify`: at most 48 hours ago'),
    'webhook-id': header('`standard`: duplicates are found by it'),
    'webhook-timestamp': header('`standard`: seconds since 1970, at most 5 minutes ago or ahead'),
    'webhook-signature': header(
      '`standard`: `v1,` and base64 of the HMAC-SHA256 of `{id}.{timestamp}.{raw body}`; several with blanks between',
    ),
  }),
  body: { schema: z.looseObject({}).meta({ description: 'JSON in the form of the platform' }) },
  answer: { status: 200, description: 'Taken, known already, or of no use', schema: DeliveryTaken },
  errors: ['event-id-reused', 'signature-invalid', 'not-found', 'unsupported-media-type', 'payload-too-large'],
});

function header(description: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().meta({ description });
}
