import { build } from 'esbuild';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

/** The npm packages that an app's bundle loads at run time. */
async function packagesOf(app: string): Promise<string[]> {
  const packages = new Set<string>();
  await build({
    absWorkingDir: root,
    entryPoints: [`apps/${app}/src/main.ts`],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'npm-packages-stay-outside',
        setup: (esbuild) =>
          esbuild.onResolve({ filter: /^[^./]/ }, ({ path }) => {
            if (path.startsWith('@orderly/')) return undefined;
            packages.add(path);
            return { path, external: true };
          }),
      },
    ],
  });
  return [...packages];
}

describe('the bundle of a worker', () => {
  it.each(['status-worker', 'order-sync-worker', 'notification-worker', 'cleanup-cron'])(
    'does not load drizzle-orm, which would double its memory: %s',
    async (app) => {
      const packages = await packagesOf(app);
      expect(packages).toContain('pg');
      expect(packages.filter((name) => name.startsWith('drizzle-orm'))).toEqual([]);
    },
  );
});
