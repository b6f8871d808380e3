import type { OrderEvent } from '@orderly/contracts';

/** What one platform's webhooks mean: who really sent a request, and which order events it carries. Pure: no I/O, no clock. */
export interface PlatformAdapter {
  /**
   * Who gives the events their ids, which decides on the answer to an event that says something else than an earlier one under its
   * id. `sender`: the sender can mend that, and must learn of it: 409 `event-id-reused`. `derived` from the body by this adapter:
   * nobody there could do anything, and the platform would end the subscription after some failures: 200, with the event as
   * `rejected`.
   */
  readonly eventIds: 'sender' | 'derived';

  /** What is wrong with a secret, to be told when the process starts; undefined for one that can be used. Never quotes it. */
  secretFault(secret: string): string | undefined;

  /**
   * Checks the signature over the raw body, and the replay window. Takes the same time whichever secret fits, and whether one
   * does.
   *
   * @param secrets - all that are valid now: two while a secret is being rotated. Without any, nothing is verified.
   */
  verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification;

  /**
   * The order events of a verified delivery, each parsed with the contract; none for a topic that Orderly does not use. Never
   * throws.
   */
  toEvents(delivery: VerifiedDelivery): EventMapping;
}

export type WebhookRequest = {
  /** Names in small letters, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as they came: a body that was parsed and written again has another signature. */
  readonly rawBody: Buffer;
};

/** A delivery whose signature is good. */
export type VerifiedDelivery = {
  /** The platform's documented key of duplicates: equal for every try of one delivery. At most 400 printable characters. */
  readonly deliveryKey: string;
  /** Who sent it, such as `shopify:<shop>`. At most 100 characters. */
  readonly sender: string;
  /** What the platform calls it, such as `orders/paid`. At most 100 characters. */
  readonly topic: string;
  readonly rawBody: Buffer;
};

export type Verification =
  { readonly ok: true; readonly delivery: VerifiedDelivery } | { readonly ok: false; readonly refusal: SignatureRefusal };

export type EventMapping =
  | {
      readonly ok: true;
      readonly events: readonly OrderEvent[];
      /** The events as the sender wrote them, where they were not made here: sent over `POST /v1/events` they are the same ones. */
      readonly asSent?: readonly unknown[];
    }
  | { readonly ok: false; readonly refusal: MappingRefusal };

/** Whoever sent it did not prove who they are. */
export type SignatureRefusal = {
  readonly code: 'signature-invalid';
  /** Safe to show: names headers and limits, never quotes a value. */
  readonly reason: string;
};

/** It is the platform's word, and yet no order events can be made of it. */
export type MappingRefusal = {
  readonly code: 'validation-failed';
  /** Safe to show: quotes nothing of the body. */
  readonly reason: string;
  /** Where the fault is, as far as it is known: paths into the body, or into the order event that was made of it. */
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
