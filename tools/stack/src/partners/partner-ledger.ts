import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What a partner reads of the default body; more is welcome. */
const Envelope = z.looseObject({
  type: z.string(),
  timestamp: z.string(),
  data: z.looseObject({ orderId: z.string(), version: z.int(), status: z.string() }),
});

/** One call, as `GET /requests` shows it. */
export type RecordedRequest = {
  orderId: string;
  /** The `Idempotency-Key`. */
  key: string | null;
  version: number | null;
  status: string | null;
  time: string;
  /** The status of the answer; null if the connection was broken off. */
  answer: number | null;
  /** SHA-256 of the body, in hexadecimal. */
  bodyHash: string;
  /** A key that was seen with the same body: answered as before, without a second effect. */
  isRepeat: boolean;
  /** What a partner would complain about. */
  fault?: 'key-reused' | 'no-key' | 'version-went-backwards' | 'body-not-understood' | 'not-authenticated';
};

export type Answer = { status: number; body: object };
export type Call = { orderId: string; key: string | undefined; body: Buffer };

/** So many requests and keys are remembered; then the oldest go. */
const limit = 200_000;

/** A partner's memory: the orders that it was told of, the keys that it has seen, every request. */
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

  /** Takes a call in, with its effect, unless its key has had it. */
  accept(call: Call): Answer {
    const { orderId, key, body } = call;
    const bodyHash = hashOf(body);
    const known = key === undefined ? undefined : this.#answers.get(key);
    if (known?.bodyHash === bodyHash) return this.#record(call, known.answer, { isRepeat: true });
    if (known)
      return this.#record(call, { status: 422, body: { error: 'this key came with another body' } }, { fault: 'key-reused' });

    const envelope = parse(body);
    if (envelope?.data.orderId !== orderId) {
      return this.#record(call, { status: 422, body: { error: 'the body is not understood' } }, { fault: 'body-not-understood' });
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

  /** Writes down a call that had no effect; `status` is null if the connection was broken off. */
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
    // Half at once: removing them one by one would move the whole list each time.
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
