import type { Server, Way } from './server';
import { NoEngineError } from './start-container';

/** No way led to a server. The message is one line that says what to install. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError';
}

/**
 * Tries the ways in order and returns the first server.
 *
 * @throws NoServerError if no way works, or if a server from the environment does not answer. Another server would show other
 * data than the user expects.
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
      // Most machines have no Docker, so a line about it in every test run would only be noise.
      if (error instanceof NoEngineError && way !== ways.at(-1)) continue;
      const next = ways[index + 1];
      report(`${product}: ${reason}${next ? `; taking one ${labels[next.source]}` : ''}`);
    }
  }
  throw new NoServerError(`There is no ${product}. ${advice}`);
}

/** Sorts the ways into the order in which they are tried. */
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
