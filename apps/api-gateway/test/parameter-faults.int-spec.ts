import { startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const filters = 'limit, from, to, cursor, orderId, action, actor, subject';

describe('the refusal of an invalid parameter', () => {
  it.each<[string, string, unknown]>([
    ['/v1/audit?limit=0', 'limit', 'must be at least 1'],
    ['/v1/audit?limit=201', 'limit', 'must be at most 200'],
    ['/v1/audit?limit=x', 'limit', 'must be a whole number'],
    ['/v1/audit?from=yesterday', 'from', 'must be a time with a zone, such as 2026-01-15T09:30:00Z'],
    ['/v1/audit?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from', 'must not be later than to'],
    ['/v1/audit?limit=1&limit=2', 'limit', 'is given more than once'],
    ['/v1/audit?actor=a&actor=b', 'actor', 'is given more than once'],
    ['/v1/audit?state=x', 'state', `is not a parameter of this call, which takes ${filters}`],
    ['/v1/audit?state=x&state=y', 'state', 'is given more than once'],
    ['/v1/orders?status=eaten', 'status', expect.stringMatching(/^must be one of pending, confirmed, /)],
    ['/v1/orders?lane=open', 'lane', 'needs destination'],
    ['/v1/jobs?cursor=x', 'cursor', 'must be a nextCursor of an earlier page of this list'],
    ['/v1/jobs/7', 'jobId', 'must be a UUID'],
    ['/v1/queues?limit=1', 'limit', 'is not a parameter of this call, which takes none'],
  ])('names the parameter and its fault: %s', async (path, parameter, detail) => {
    const { status, body } = await gateway.get(path);
    expect({ status, code: body.code, errors: body.errors }).toEqual({
      ...{ status: 422, code: 'validation-failed' },
      errors: [{ parameter, detail }],
    });
    expect(body.detail).toBe(`${parameter} ${body.errors[0].detail}`);
  });

  it('names all invalid parameters at once', async () => {
    const { body } = await gateway.get('/v1/audit?limit=0&actor=&x=1&y=2');
    expect(body.errors).toEqual([
      { parameter: 'limit', detail: 'must be at least 1' },
      { parameter: 'actor', detail: 'must have at least 1 character' },
      { parameter: 'x', detail: `is not a parameter of this call, which takes ${filters}` },
      { parameter: 'y', detail: 'is not a parameter of this call' },
    ]);
  });
});
