import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const script = pathToFileURL(join(__dirname, '../../scripts/take-turn.mjs')).href;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turns-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The work writes one line when it begins and one when it ends, and takes long enough for another process to interfere. */
async function work(onTold = (): void => undefined): Promise<{ code: number | null; stderr: string }> {
  const program = `
    import { appendFileSync } from 'node:fs';
    import { takeTurn } from '${script}';
    takeTurn('${folder}', 'installing', () => {
      appendFileSync('${folder}/log.txt', 'begin ');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      appendFileSync('${folder}/log.txt', 'end ');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
    onTold();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}
const log = (): string => readFileSync(join(folder, 'log.txt'), 'utf8');

describe('npm commands that install or build', () => {
  it('take turns: none begins before the other has ended, and no lock remains', async () => {
    const all = await Promise.all([work(), work(), work()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(log()).toBe('begin end '.repeat(3));
    expect(readdirSync(folder)).toEqual(['log.txt']);
  });

  it('wait for a process that lives, and say so once', async () => {
    const lock = join(folder, 'installing');
    mkdirSync(lock);
    writeFileSync(join(lock, String(process.pid)), '');
    const ended = await work(() => rmSync(lock, { recursive: true, force: true }));
    expect(ended).toEqual({ code: 0, stderr: 'Another npm command is installing; waiting for it …\n' });
  });

  it('do not wait for a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'close');
    mkdirSync(join(folder, 'installing'));
    writeFileSync(join(folder, 'installing', String(child.pid)), '');
    expect(await work()).toEqual({ code: 0, stderr: '' });
    expect(log()).toBe('begin end ');
  });
});
