import type { Server, Way } from './server';
import { NoEngineError } from './start-container';

/** No way gave a server. The message is one line that says what to install. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError';
}

/**
 * Tries the ways in order and gives the first server.
 * @throws NoServerError when no way works, or at once when a server was named in the environment and does not answer: other
 * data than the one asked for would be a worse surprise than none.
 */
export async function firstWayThatWorks(
  { product, advice }: { product: string; advice: string },
  ways: Way[],
  report: (line: string) => void,
): Promise<Server> {
  for (const [index, way] of ways.entries()) {
    try {
      const server = await way.start();
      if (server) return server;
    } catch (error) {
      const reason = oneLine(error);
      if (way.source === 'environment') throw new NoServerError(reason);
      // Most machines have no Docker, and a line about it in every test run is one that nobody reads.
      if (error instanceof NoEngineError && way !== ways.at(-1)) continue;
      const next = ways[index + 1];
      report(`${product}: ${reason}${next ? `; taking one ${labels[next.source]}` : ''}`);
    }
  }
  throw new NoServerError(`There is no ${product}. ${advice}`);
}

/** The ways in the order in which they are tried. */
export function inOrder(ways: Way[], containers: 'first' | 'last'): Way[] {
  const order =
    containers === 'first'
      ? ['environment', 'containers', 'path', 'embedded']
      : ['environment', 'path', 'embedded', 'containers'];
  return [...ways].sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source));
}

const labels = {
  environment: 'from the environment',
  path: 'from the PATH',
  embedded: 'from a package',
  containers: 'in Docker',
};

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const line = text.split('\n').find((part) => part.trim() !== '') ?? text;
  return line.trim().slice(0, 200);
}
