import { firstWayThatWorks, inOrder, NoServerError } from './first-way-that-works';
import type { Server, ServerSource, Way } from './server';

const product = { product: 'PostgreSQL', advice: 'Install PostgreSQL 15 or newer.' };

describe('the choice of a server', () => {
  it('takes the first way that works and starts no other', async () => {
    const { ways, started } = setup({ environment: undefined, path: 'works', embedded: 'works' });
    const server = await firstWayThatWorks(product, ways, () => undefined);
    expect(server.source).toBe('path');
    expect(started).toEqual(['environment', 'path']);
  });

  it('tries the next way after a failure, and reports the reason in one line', async () => {
    const lines: string[] = [];
    const { ways } = setup({ path: new Error('initdb is not on the PATH\nat somewhere'), embedded: 'works' });
    const server = await firstWayThatWorks(product, ways, (line) => lines.push(line));
    expect(server.source).toBe('embedded');
    expect(lines).toEqual(['PostgreSQL: initdb is not on the PATH; taking one from a package']);
  });

  it('says what to install when no way works', async () => {
    const { ways } = setup({ path: new Error('none'), embedded: new Error('none') });
    const failure = firstWayThatWorks(product, ways, () => undefined);
    await expect(failure).rejects.toThrow(NoServerError);
    await expect(failure).rejects.toThrow('There is no PostgreSQL. Install PostgreSQL 15 or newer.');
  });

  it('never replaces a requested server by another one', async () => {
    const { ways, started } = setup({ environment: new Error('DATABASE_URL is set, but nothing answers there'), path: 'works' });
    await expect(firstWayThatWorks(product, ways, () => undefined)).rejects.toThrow(
      'DATABASE_URL is set, but nothing answers there',
    );
    expect(started).toEqual(['environment']);
  });

  it('tries containers right after the environment for tests, and last for the local stack', () => {
    const { ways } = setup({ containers: 'works', embedded: 'works', path: 'works', environment: undefined });
    const sources = (containers: 'first' | 'last'): ServerSource[] => inOrder(ways, containers).map((way) => way.source);
    expect(sources('first')).toEqual(['environment', 'containers', 'path', 'embedded']);
    expect(sources('last')).toEqual(['environment', 'path', 'embedded', 'containers']);
  });
});

function setup(results: Partial<Record<ServerSource, 'works' | Error | undefined>>): { ways: Way[]; started: ServerSource[] } {
  const started: ServerSource[] = [];
  const ways = (Object.keys(results) as ServerSource[]).map((source): Way => {
    const server: Server = { url: `test://${source}`, source, description: source, stop: () => Promise.resolve() };
    return {
      source,
      start: () => {
        started.push(source);
        const result = results[source];
        if (result instanceof Error) return Promise.reject(result);
        return Promise.resolve(result && server);
      },
    };
  });
  return { ways, started };
}
