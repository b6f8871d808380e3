import type { Answer, TestGateway } from './gateway';
import type { RawAnswer } from './raw-request';

/** The expected refusal of a request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
}

/** Fails unless an answer is the expected problem. */
export function expectProblem({ status, headers, body }: Answer, expected: Refusal): void {
  expect({ status, code: body?.code }).toEqual(expected);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ status, type: `https://orderly.dev/errors#${expected.code}`, title: expect.any(String) });
  expect(body.traceId).toEqual(expect.any(String));
}

/** The same for an answer over a socket: malformed HTTP may have no request, and so no trace. */
export function expectRawProblem(answer: RawAnswer | undefined, expected: Refusal): void {
  expect({ status: answer?.status, body: answer?.body }).toEqual({ status: expected.status, body: expect.stringContaining('{') });
  expect(answer?.headers.join('\n')).toMatch(/^content-type: application\/problem\+json/im);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ ...expected, type: `https://orderly.dev/errors#${expected.code}` });
}

const eventTables = ['event_keys', 'events', 'jobs'];
const tablesOfRequests = [...eventTables, 'orders', 'idempotency_keys', 'holds', 'audit'];

/** The number of rows that requests have left in the ledger, of any kind. */
export const storedRows = (gateway: Pick<TestGateway, 'db'>): Promise<number> => rowsIn(gateway, tablesOfRequests);

/** The number of rows that events have left in the ledger, without those of the audit trail. */
export const storedEventRows = (gateway: Pick<TestGateway, 'db'>): Promise<number> => rowsIn(gateway, eventTables);

async function rowsIn({ db }: Pick<TestGateway, 'db'>, tables: readonly string[]): Promise<number> {
  const [row] = await db.query<{ count: string }>(
    `select ${tables.map((table) => `(select count(*) from ${table})`).join(' + ')} as count`,
  );
  return Number(row?.count);
}
