import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The fields of the default body that a partner reads; others are accepted. */
const Envelope = z.looseObject({
  type: z.string(),
  timestamp: z.string(),
  data: z.looseObject({ orderId: z.string(), version: z.int(), status: z.string() }),
});

/** One request, as in `GET /requests`. */
export type RecordedRequest = {
  orderId: string;
  /** The `Idempotency-Key`. */
  key: string | null;
  version: number | null;
  status: string | null;
  time: string;
  /** The status of the answer; null if the connection was closed. */
  answer: number | null;
  /** SHA-256 of the body, in hexadecimal. */
  bodyHash: string;
  /** True if the key was used before with the same body: the answer is the same, and there is no second effect. */
  isRepeat: boolean;
  /** A fault that a real partner would report. */
  fault?: 'key-reused' | 'no-key' | 'version-went-backwards' | 'body-not-understood' | 'not-authenticated';
};

export type Answer = { status: number; body: object };
export type Call = { orderId: string; key: string | undefined; body: Buffer };

/** The number of requests and keys in memory; beyond it the oldest are dropped. */
const limit = 200_000;

/** The memory of a partner: its orders, the idempotency keys, and every request. */
export class PartnerLedger {
  readonly #orders = new Map<string, { version: number; status: string }>();
  readonly #answers = new Map<string, { bodyHash: string; answer: Answer }>();
  #requests: RecordedRequest[] = [];

  order(orderId: string): { version: number; status: string } | undefined {
    return this.#orders.get(orderId);
  }

  requests(orderId?: string): RecordedRequest[] {
    return orderId === undefined ? this.#requests : this.#requests.filter((request) => request.orderId === orderId);
  }

  /** Applies a request, unless its key was already applied. */
  accept(call: Call): Answer {
    const { orderId, key, body } = call;
    const bodyHash = hashOf(body);
    const known = key === undefined ? undefined : this.#answers.get(key);
    if (known?.bodyHash === bodyHash) return this.#record(call, known.answer, { isRepeat: true });
    if (known)
      return this.#record(
        call,
        { status: 422, body: { error: 'this key was used with a different body' } },
        { fault: 'key-reused' },
      );

    const envelope = parse(body);
    if (envelope?.data.orderId !== orderId) {
      return this.#record(
        call,
        { status: 422, body: { error: 'the body is not the expected envelope' } },
        { fault: 'body-not-understood' },
      );
    }
    const { version, status } = envelope.data;
    const before = this.#orders.get(orderId);
    this.#orders.set(orderId, { version, status });
    const answer = { status: before ? 200 : 201, body: { orderId, version, status } };
    if (key !== undefined) this.#remember(key, bodyHash, answer);
    const wentBackwards = before !== undefined && version < before.version;
    const fault = wentBackwards ? 'version-went-backwards' : key === undefined ? 'no-key' : undefined;
    return this.#record(call, answer, { fault });
  }

  /** Records a request without an effect; `status` is null if the connection was closed. */
  refuse(call: Call, status: number | null, fault?: RecordedRequest['fault']): void {
    this.#record(call, { status: status ?? 0, body: {} }, { fault });
  }

  #record(
    { orderId, key, body }: Call,
    answer: Answer,
    { fault, isRepeat = false }: Partial<Pick<RecordedRequest, 'fault' | 'isRepeat'>>,
  ): Answer {
    const data = parse(body)?.data;
    this.#requests.push({
      orderId,
      key: key ?? null,
      version: data?.version ?? null,
      status: data?.status ?? null,
      time: new Date().toISOString(),
      answer: answer.status || null,
      bodyHash: hashOf(body),
      isRepeat,
      ...(fault && { fault }),
    });
    // Drops half at once: dropping one by one would copy the whole list each time.
    if (this.#requests.length > limit) this.#requests = this.#requests.slice(-limit / 2);
    return answer;
  }

  #remember(key: string, bodyHash: string, answer: Answer): void {
    this.#answers.set(key, { bodyHash, answer });
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > limit && oldest !== undefined) this.#answers.delete(oldest);
  }
}

const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

function parse(body: Buffer): z.infer<typeof Envelope> | undefined {
  try {
    return Envelope.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
