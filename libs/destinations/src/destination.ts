import type { OrderEventType } from '@orderly/contracts';

/** A JSON value in a body template. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** How Orderly authenticates to a destination. */
export type DestinationAuth =
  | { readonly type: 'none' }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'header'; readonly name: string; readonly value: string };

/**
 * What makes a second send of the same version harmless.
 * - `key`: the destination honours `Idempotency-Key`, so an unanswered request is sent again as it was.
 * - `lookup`: the destination is asked which version it has: a GET of `url`, the answer read at `versionPointer` (RFC 6901).
 * - `none`: a resend may repeat the effect, so an unanswered request ends `unknown` and a person settles it.
 */
export type DestinationIdempotency =
  | { readonly mode: 'key' }
  | { readonly mode: 'lookup'; readonly url: string; readonly versionPointer: string }
  | { readonly mode: 'none' };

/** An external system that is kept in sync: one entry of the destinations file, checked, with its defaults. Frozen. */
export type Destination = {
  /** Also names the queue: `order-sync.<name>`. */
  readonly name: string;
  /** `latest-state`: the newest version is enough. `every-event`: each version, in order. */
  readonly mode: 'latest-state' | 'every-event';
  readonly request: {
    readonly method: 'PUT' | 'POST' | 'PATCH';
    /** May hold `{orderId}`. */
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** `envelope`, or a JSON template with `{{path}}` placeholders. */
    readonly body: 'envelope' | JsonValue;
  };
  /** Only changes that came from these events are sent. */
  readonly events: readonly OrderEventType[];
  readonly auth: DestinationAuth;
  /** Standard Webhooks secrets; several while rotating. Without them nothing is signed. */
  readonly signing?: { readonly secrets: readonly string[] };
  readonly idempotency: DestinationIdempotency;
  /** Requests per window, over all processes. */
  readonly rateLimit?: { readonly max: number; readonly perMs: number };
  /** Requests in flight per process. */
  readonly concurrency: number;
  /** From the start of a try to the end of its answer, in ms. */
  readonly timeoutMs: number;
  /** What becomes of a lane whose head is a dead letter: it waits, a newer version takes its place, or it is passed over. */
  readonly onDeadHead: 'block' | 'supersede' | 'skip';
  /** Allows plain http and private, loopback and link-local addresses. */
  readonly allowPrivateNetwork: boolean;
  /** Texts that are redacted everywhere: credentials, signing secrets, every value from the environment. */
  readonly secrets: readonly string[];
};
