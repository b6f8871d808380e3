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
/** The temporary file before the rename; its name can be guessed. */
const unfinished = (): string => `${file}.${process.pid}.tmp`;

describe('a private file', () => {
  it('is readable only by its owner, even if it replaces a readable file', () => {
    for (const path of [file, unfinished()]) writeFileSync(path, 'old', { mode: 0o644 });
    writePrivateFile(file, { key: 'k' });
    expect(modeOf(file)).toBe(0o600);
    expect(readPrivateFile(file)).toEqual({ key: 'k' });
    expect(existsSync(unfinished())).toBe(false);
  });

  it('is not written through an existing link', () => {
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'theirs');
    symlinkSync(elsewhere, unfinished());
    writePrivateFile(file, { key: 'k' });
    expect(readFileSync(elsewhere, 'utf8')).toBe('theirs');
    expect(readPrivateFile(file)).toEqual({ key: 'k' });
  });
});
