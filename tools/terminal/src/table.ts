import Table from 'cli-table3';
import { createColors } from 'picocolors';

export type Cell = string | number;

/** Renders rows as aligned columns without lines. Columns with numbers only are aligned to the right. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { withColors }: { withColors: boolean },
): string {
  const { dim } = createColors(withColors);
  if (rows.length === 0) return `  ${dim('none')}`;
  const isNumeric = head.map((_, column) => rows.every((row) => row[column] === '' || isCount(row[column])));
  const made = new Table({
    head: head.map((text) => dim(text)),
    colAligns: isNumeric.map((isRight) => (isRight ? 'right' : 'left')),
    // Lines would distract from the numbers.
    chars: Object.fromEntries(lineNames.map((name) => [name, ''])),
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const lineNames = [
  ...(['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'] as const),
  ...(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'] as const),
];

const isCount = (cell: Cell | undefined): boolean => typeof cell === 'number' || /^[\d.,]+$/.test(cell ?? '');
