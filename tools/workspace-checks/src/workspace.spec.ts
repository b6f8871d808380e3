import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Project = { readonly name: string; readonly data: { readonly root: string; readonly tags?: readonly string[] } };
type LockedPackage = { readonly version?: string; readonly resolved?: string; readonly link?: boolean };

const root = join(__dirname, '../../..');
const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
const locked = (JSON.parse(lockText) as { packages: Record<string, LockedPackage> }).packages;

/** The paths of all copies of a package, by its name. */
const copies = Map.groupBy(
  Object.entries(locked).filter(([path]) => path.includes('node_modules/')),
  ([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
);
const named = (pattern: RegExp) => [...copies].filter(([name]) => pattern.test(name));

describe('the projects', () => {
  const projects = readProjects();

  it.each(projects.map((project) => [project.name, project] as const))(
    '%s has exactly one type and one scope',
    (_name, { data }) => {
      // Nx itself adds tags such as `npm:private`.
      const prefixes = (data.tags ?? []).map((tag) => tag.split(':')[0]).filter((prefix) => prefix !== 'npm');
      expect(prefixes.sort()).toEqual(['scope', 'type']);
    },
  );

  it('are found in apps, libs and tools', () => {
    const folders = new Set(projects.map(({ data }) => data.root.split('/')[0]));
    expect(folders).toEqual(new Set(['apps', 'libs', 'tools']));
  });
});

describe('the lockfile', () => {
  it('contains Nx and its plugins in one version', () => {
    const versions = named(/^(nx|@nx\/.+)$/).flatMap(([, entries]) => entries.map(([, { version }]) => version));
    expect(versions.length).toBeGreaterThan(3);
    expect(new Set(versions).size).toBe(1);
  });

  it('contains one copy of every OpenTelemetry package, because a second copy would record nothing', () => {
    const packages = named(/^@opentelemetry\//);
    expect(packages.length).toBeGreaterThan(3);
    expect(
      packages.filter(([, entries]) => entries.length > 1).map(([name, entries]) => [name, entries.map(([path]) => path)]),
    ).toEqual([]);
  });

  it('contains no registry URLs, so it installs from any mirror', () => {
    const resolved = Object.entries(locked).filter(([, entry]) => entry.resolved !== undefined && !entry.link);
    expect(resolved).toEqual([]);
  });
});

function readProjects(): readonly Project[] {
  const output = execFileSync(join(root, 'node_modules/.bin/nx'), ['graph', '--print'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false' },
    maxBuffer: 2 ** 26,
  });
  const { graph } = JSON.parse(output.toString()) as { graph: { nodes: Record<string, Project> } };
  return Object.values(graph.nodes);
}
