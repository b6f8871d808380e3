import { fastify } from 'fastify';
import { operations } from './operations';
import { addRoutes, type RouteDependencies } from './routes';

describe('the routes', () => {
  it('are the operations of the API document, plus the document and its page', async () => {
    const registered = new Set<string>();
    const app = fastify({ exposeHeadRoutes: false });
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) registered.add(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
    // Routes use their dependencies only during a request, so none are needed here.
    addRoutes(app, { admission: {}, webhooks: {}, docsPageFolder: __dirname } as RouteDependencies);
    await app.ready();

    const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const reference = [...registered].filter((route) => /^GET \/(openapi\.json|docs)/.test(route));
    expect([...registered].filter((route) => !reference.includes(route)).sort()).toEqual(documented.sort());
    expect(reference).toHaveLength(7);
  });
});
