import type { OrderEvent } from '@orderly/contracts';

/** Verifies a platform's webhooks and maps them to order events. Pure: no I/O, no clock. */
export interface PlatformAdapter {
  /**
   * Who chooses the event ids. This decides the answer to an event whose id was used before with a different content.
   * - `sender`: the answer is 409 `event-id-reused`, because the sender can correct the id.
   * - `derived` (by this adapter, from the body): the answer is 200 with the event as `rejected`. The platform could not correct
   *   anything, and would end the subscription after several failures.
   */
  readonly eventIds: 'sender' | 'derived';

  /** Returns the fault of a secret, or undefined if it is valid. The process refuses to start with this text; it must not quote the secret. */
  secretFault(secret: string): string | undefined;

  /**
   * Checks the signature over the raw body, and the replay window. The duration must not depend on which secret matches, or
   * whether one does.
   *
   * @param secrets - all valid secrets: two during a rotation. With an empty list, every delivery is refused.
   */
  verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification;

  /**
   * Maps a verified delivery to order events, each parsed with the contract. A topic that Orderly does not use gives no events.
   * Never throws.
   */
  toEvents(delivery: VerifiedDelivery): EventMapping;
}

export type WebhookRequest = {
  /** Header names are in lower case, as in Node. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The unchanged bytes: a body that was parsed and serialised again has a different signature. */
  readonly rawBody: Buffer;
};

/** A delivery with a valid signature. */
export type VerifiedDelivery = {
  /** The platform's documented key for duplicates: the same for all tries of one delivery. At most 400 printable characters. */
  readonly deliveryKey: string;
  /** The sender, such as `shopify:<shop>`. At most 100 characters. */
  readonly sender: string;
  /** The platform's name for this kind of delivery, such as `orders/paid`. At most 100 characters. */
  readonly topic: string;
  readonly rawBody: Buffer;
};

export type Verification =
  { readonly ok: true; readonly delivery: VerifiedDelivery } | { readonly ok: false; readonly refusal: SignatureRefusal };

export type EventMapping =
  | {
      readonly ok: true;
      readonly events: readonly OrderEvent[];
      /** The events as the sender wrote them, if the adapter did not derive them. Sent to `POST /v1/events`, they are duplicates. */
      readonly asSent?: readonly unknown[];
    }
  | { readonly ok: false; readonly refusal: MappingRefusal };

/** The sender is not authenticated. */
export type SignatureRefusal = {
  readonly code: 'signature-invalid';
  /** Safe to show: names headers and limits, and quotes no value. */
  readonly reason: string;
};

/** The delivery is genuine, but cannot be mapped to order events. */
export type MappingRefusal = {
  readonly code: 'validation-failed';
  /** Safe to show: quotes no part of the body. */
  readonly reason: string;
  /** The known positions of the fault: paths into the body, or into the mapped order event. */
  readonly faults: readonly { readonly path: readonly PropertyKey[]; readonly detail: string }[];
};

/** @param reason - safe to show */
export const signatureInvalid = (reason: string): { ok: false; refusal: SignatureRefusal } => ({
  ok: false,
  refusal: { code: 'signature-invalid', reason },
});

/** @param reason - safe to show */
export const unmappable = (reason: string, faults: MappingRefusal['faults'] = []): { ok: false; refusal: MappingRefusal } => ({
  ok: false,
  refusal: { code: 'validation-failed', reason, faults },
});
