import type { FastifyInstance, HTTPMethods } from 'fastify';
import { METHODS } from 'node:http';
import { RequestRefused } from './request-refused';

/** All that Node reads. It opens no tunnels by itself: a CONNECT ends with its connection. */
const methods = METHODS.filter((method) => method !== 'CONNECT') as HTTPMethods[];

/** Answers 405 for methods that a path does not know. Call it before the routes are made, and the function when they are. */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  const known = new Map<string, Set<HTTPMethods>>();
  app.addHook('onRoute', ({ url, method }) => {
    const ofUrl = known.get(url) ?? new Set();
    for (const one of [method].flat()) ofUrl.add(one);
    known.set(url, ofUrl);
  });
  return () => {
    for (const [url, allowed] of [...known]) {
      const allow = [...allowed].join(', ');
      app.route({
        url,
        method: methods.filter((method) => !allowed.has(method)),
        // Before the body is read: what it holds does not matter.
        onRequest: async () => {
          throw new RequestRefused('method-not-allowed', { headers: { allow } });
        },
        handler: async () => undefined,
      });
    }
  };
}
