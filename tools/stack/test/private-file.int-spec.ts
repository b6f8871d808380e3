import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '../src/private-file';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-file-'));
  file = join(folder, 'key.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
/** Where it is written before it is whole: a name that anybody can guess. */
const unfinished = (): string => `${file}.${process.pid}.tmp`;

describe('a private file', () => {
  it('is for its owner alone, also where a file that others may read was in its place', () => {
    for (const path of [file, unfinished()]) writeFileSync(path, 'old', { mode: 0o644 });
    writePrivateFile(file, { key: 'k' });
    expect(modeOf(file)).toBe(0o600);
    expect(readPrivateFile(file)).toEqual({ key: 'k' });
    expect(existsSync(unfinished())).toBe(false);
  });

  it('is not written through a link that somebody has laid', () => {
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'theirs');
    symlinkSync(elsewhere, unfinished());
    writePrivateFile(file, { key: 'k' });
    expect(readFileSync(elsewhere, 'utf8')).toBe('theirs');
    expect(readPrivateFile(file)).toEqual({ key: 'k' });
  });
});
