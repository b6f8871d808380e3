import { renderTable, startProgress, type Cell, type Progress, type ProgressStream } from '@orderly/terminal';
import { InvalidArgumentError } from 'commander';

/** The surroundings of a bench. */
export interface BenchContext {
  readonly environment: NodeJS.ProcessEnv;
  /** The SQL files of the ledger's schema. */
  readonly migrationsFolder: string;
  /** Receives the tables. */
  readonly stdout: ProgressStream;
  /** Receives progress and remarks. */
  readonly stderr: ProgressStream;
  /** Aborted by Ctrl-C. The bench then stops, cleans up and shows its measurements so far. */
  readonly interrupted: AbortSignal;
}

/** Writes a table with its title to standard output. */
export function printTable({ stdout }: BenchContext, title: string, head: string[], rows: readonly (readonly Cell[])[]): void {
  stdout.write(`\n${title}\n${renderTable(head, rows, { withColors: stdout.isTTY === true })}\n`);
}

/** Shows the progress of one stage of a bench. */
export const showProgress = ({ stderr }: BenchContext, title: string): Progress => startProgress(title, stderr);

/** Writes one line of plain text to standard error. */
export const remark = ({ stderr }: BenchContext, line: string): void => void stderr.write(`${line}\n`);

/** Reads an option that must be a whole number within bounds. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text.replaceAll('_', ''));
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
