import { startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, gateway.app.url()), init);
/** Revalidates like a browser with a cached answer. By default, fetch would ask for a fresh one. */
const getAgain = (path: string, { headers }: Response): Promise<Response> =>
  get(path, { headers: { 'if-none-match': headers.get('etag')!, 'cache-control': 'max-age=0' } });

describe('the API reference', () => {
  it('serves the document without a key, and answers 304 if the client has it', async () => {
    const first = await get('/openapi.json');
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await first.json()).toMatchObject({ openapi: '3.1.1', info: { title: 'Orderly' } });
    const again = await getAgain('/openapi.json', first);
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it.each([
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/page.js', 'application/javascript; charset=utf-8'],
    ['/docs/page.css', 'text/css; charset=utf-8'],
    ['/docs/icon.svg', 'image/svg+xml'],
    ['/docs/swagger-ui.css', 'text/css; charset=utf-8'],
    ['/docs/swagger-ui-bundle.js', 'application/javascript; charset=utf-8'],
  ])('serves %s with a policy that allows no other host', async (path, type) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect((await getAgain(path, answer)).status).toBe(304);
  });

  it.each(['/docs/index.html', '/docs/', '/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/swagger-ui.js'])(
    'answers 404 for any other file: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it('refuses other methods like every route', async () => {
    const answer = await get('/docs', { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await get('/openapi.json', { method: 'HEAD' })).status).toBe(200);
  });
});
