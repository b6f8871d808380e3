import type { FastifyInstance, HTTPMethods } from 'fastify';
import { METHODS } from 'node:http';
import { RequestRefused } from './request-refused';

/** All methods that Node parses, except CONNECT: for that Node closes the connection by itself. */
const methods = METHODS.filter((method) => method !== 'CONNECT') as HTTPMethods[];

/**
 * Answers 405 for methods that a path does not support. Fastify would answer 404.
 *
 * @returns a function to call after all routes have been added. Call `refuseOtherMethods` itself before that.
 */
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
        // Refuses before the body is read.
        onRequest: async () => {
          throw new RequestRefused('method-not-allowed', { headers: { allow } });
        },
        handler: async () => undefined,
      });
    }
  };
}
