import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDestinations } from '../src';

describe('loadDestinations', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'destinations-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('reads a file, with secrets or without', async () => {
    const file = join(folder, 'good.yaml');
    const request = "request: { url: 'https://erp.example/', headers: { X-Key: '${KEY}' } }";
    await writeFile(file, `destinations:\n  - name: erp\n    mode: latest-state\n    ${request}\n`);
    await expect(loadDestinations(file, { KEY: 'abc' })).resolves.toMatchObject([
      { name: 'erp', request: { headers: { 'X-Key': 'abc' } } },
    ]);
    await expect(loadDestinations(file, {}, { resolveSecrets: false })).resolves.toMatchObject([{ name: 'erp' }]);
    await expect(loadDestinations(file, {})).rejects.toThrow(
      `${file} has a mistake:\n  4:63 destinations[0].request.headers["X-Key"]: the environment`,
    );
  });

  it('reports a file that cannot be read', async () => {
    const file = join(folder, 'absent.yaml');
    const error = { code: 'configuration-invalid', message: `${file} cannot be read (ENOENT)` };
    await expect(loadDestinations(file, {})).rejects.toMatchObject(error);
  });
});
