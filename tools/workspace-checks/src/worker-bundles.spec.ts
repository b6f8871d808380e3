import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'orderly-bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The npm packages that an app's bundle loads at run time. */
function packagesOf(app: string): string[] {
  execFileSync(process.execPath, ['tools/scripts/build.mjs', `apps/${app}`, folder], { cwd: root });
  return [...readFileSync(join(folder, 'main.cjs'), 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name);
}

describe('the bundle of a worker', () => {
  it.each(['status-worker', 'order-sync-worker', 'notification-worker', 'cleanup-cron'])(
    'does not load drizzle-orm, which would double its memory: %s',
    (app) => {
      const packages = packagesOf(app);
      expect(packages).toContain('pg');
      expect(packages.filter((name) => name.startsWith('drizzle-orm'))).toEqual([]);
    },
  );
});
