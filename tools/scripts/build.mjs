// build.mjs PROJECT [FOLDER]: bundles a project's entry points into dist/<project>, or into a folder that a test names. Workspace
// libraries are bundled; npm packages stay outside, because OpenTelemetry's hooks only see modules that are loaded with require.
import { build } from 'esbuild';
import { existsSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';

const [project, folder = `dist/${process.argv[2]}`] = process.argv.slice(2);
const entries = ['main', 'instrumentation'].map((name) => `${project}/src/${name}.ts`).filter(existsSync);

rmSync(folder, { recursive: true, force: true });
await build({
  entryPoints: entries,
  outdir: folder,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [
    {
      name: 'npm-packages-stay-outside',
      setup: (esbuild) =>
        esbuild.onResolve({ filter: /^[^./]/ }, ({ path }) =>
          path.startsWith('@orderly/') ? undefined : { path, external: true },
        ),
    },
  ],
});

// Files that are read at run time travel beside the bundle that reads them.
const assets = {
  'apps/notification-worker': [['libs/messaging/templates', 'templates']],
  'tools/bench': [['libs/migrations/sql', 'migrations']],
  'tools/fuzz': [['tools/fuzz/schemathesis', 'schemathesis']],
  'tools/stack': [['libs/migrations/sql', 'migrations']],
  'apps/api-gateway': [
    ['libs/migrations/sql', 'migrations'],
    ['apps/api-gateway/docs-page', 'docs-page'],
  ],
};
for (const [from, to] of assets[project] ?? []) if (existsSync(from)) await cp(from, `${folder}/${to}`, { recursive: true });
