import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from './error-codes';

type Row = { readonly anchor: string; readonly code: string; readonly meaning: string; readonly advice: string };

const rowPattern = /^\|\s*<a id="(?<anchor>[^"]*)"><\/a>`(?<code>[^`]+)`\s*\|(?<meaning>[^|]*)\|(?<advice>[^|]*)\|$/;
const lines = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8').split('\n');
const rows = lines.flatMap((line) => {
  const row = rowPattern.exec(line)?.groups as Row | undefined;
  return row ? [{ ...row, meaning: row.meaning.trim(), advice: row.advice.trim() }] : [];
});

// The specs compare instructions, so that a failure prints what to do.
const nothingToDo: readonly string[] = [];

describe('docs/errors.md and the registry of codes', () => {
  it('documents every code in a row', () => {
    const documented = new Set(rows.map(({ code }) => code));
    const missing = Object.keys(errorCodes).filter((code) => !documented.has(code));
    expect(
      missing.map(
        (code) => `add to docs/errors.md, in the table of its group: | <a id="${code}"></a>\`${code}\` | meaning | what to do |`,
      ),
    ).toEqual(nothingToDo);
  });

  it('documents no code that does not exist', () => {
    const unknown = rows.filter(({ code }) => !Object.hasOwn(errorCodes, code));
    expect(unknown.map(({ code }) => `remove ${code} from docs/errors.md, or add it to libs/errors/src/error-codes.ts`)).toEqual(
      nothingToDo,
    );
  });

  it('documents no code twice', () => {
    const twice = rows.filter(({ code }, index) => rows.findIndex((row) => row.code === code) !== index);
    expect(twice.map(({ code }) => `remove one of the two rows of ${code} from docs/errors.md`)).toEqual(nothingToDo);
  });

  it('has no table row without a code', () => {
    const others = lines.filter((line) => line.startsWith('|') && !/^\| (code |---|:?-)/.test(line) && !rowPattern.test(line));
    expect(others.map((line) => `write this row as | <a id="CODE"></a>\`CODE\` | meaning | what to do |: ${line}`)).toEqual(
      nothingToDo,
    );
  });

  it('gives each code the same meaning in the docs as in the registry', () => {
    const plain = (text: string): string => text.replaceAll('`', '');
    const registry: Readonly<Record<string, string>> = errorCodes;
    const different = rows.filter(({ code, meaning }) => Object.hasOwn(errorCodes, code) && plain(meaning) !== registry[code]);
    expect(different.map(({ code }) => `give ${code} the same meaning in docs/errors.md as in error-codes.ts`)).toEqual(
      nothingToDo,
    );
  });

  it('gives every code an instruction and an anchor', () => {
    const poor = rows.filter(({ anchor, code, advice }) => advice.length < 10 || anchor !== code);
    expect(poor.map(({ code }) => `write what to do about ${code}, and <a id="${code}"></a> before it`)).toEqual(nothingToDo);
  });
});
