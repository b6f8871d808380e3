import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const workspace = join(__dirname, '../../..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderly-help-'));
  cpSync(join(workspace, 'tools/scripts'), join(folder, 'tools/scripts'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[]): string =>
  execFileSync(process.execPath, args, { encoding: 'utf8', env: { ORDERLY_KEYS_CALLED_AS: 'npm run keys --' } });

describe('the --help option', () => {
  it.each([
    ['start', ['dist/tools/stack/main.cjs']],
    ['replay', ['dist/tools/replay/main.cjs']],
    ['fuzz', ['dist/tools/fuzz/main.cjs']],
    ['bench', ['dist/tools/bench/main.cjs']],
  ])(
    'of npm script %s needs no installation or build, and equals the help of its program',
    (script, [program = '', ...command]) => {
      const answer = run([join(folder, 'tools/scripts', `${script}.mjs`), '--help']);
      // If the program's text is right, write it to the file in tools/scripts/help.
      expect(answer).toBe(run([join(workspace, program), ...command, '--help']));
    },
  );

  it('of npm run keys adds --data-dir, which the script itself reads, to the help of its program', () => {
    const answer = run([join(folder, 'tools/scripts/keys.mjs'), '--help']);
    const ofProgram = run([join(workspace, 'dist/apps/api-gateway/main.cjs'), 'keys', '--help']);
    expect(answer.startsWith(ofProgram)).toBe(true);
    expect(answer.slice(ofProgram.length)).toContain('--data-dir <folder>');
  });
});
