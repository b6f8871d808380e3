import Table from 'cli-table3';
import { createColors } from 'picocolors';
import type { Finding, Findings } from './findings';
import type { Holdings } from './watch-process';

export type Result = Findings & {
  engine: string;
  seed: number;
  seconds: number;
  /** Undefined for a gateway that this run did not start. */
  gateway?: GatewayResult;
};

export type GatewayResult = {
  hasDied: boolean;
  /** Lines of the gateway's log that no request may cause. */
  faultLines: string[];
  /** After the warm-up, when all code is loaded and compiled. */
  warm: Holdings | undefined;
  /** After all requests. */
  end: Holdings | undefined;
};

/**
 * How much the gateway's memory may grow after the warm-up. V8 returns freed pages late, so the bound is wide. It still shows a
 * leak of a kilobyte per request after a minute of requests.
 */
export const maxGrowthMegabytes = 96;
/** The pool opens and closes some connections. A leak of requests would leave hundreds open. */
const maxNewOpenFiles = 30;

/** All findings about the answers and about the gateway's process. Empty if all is well. */
export function findingsOf({ found, gateway }: Result): Finding[] {
  return [...found, ...(gateway === undefined ? [] : gatewayFindings(gateway))];
}

function gatewayFindings({ hasDied, faultLines, warm, end }: GatewayResult): Finding[] {
  const finding = (what: string, count = 1): Finding => ({ what, count, operations: [] });
  const growth = warm && end ? end.megabytes - warm.megabytes : 0;
  const newFiles = (end?.openFiles ?? 0) - (warm?.openFiles ?? 0);
  return [
    ...(hasDied ? [finding('the gateway died')] : []),
    ...(faultLines.length > 0
      ? [{ ...finding('errors in the log of the gateway', faultLines.length), example: faultLines[0]?.slice(0, 500) ?? '' }]
      : []),
    ...(growth > maxGrowthMegabytes ? [finding(`the gateway's memory grew by ${growth} MB`)] : []),
    ...(newFiles > maxNewOpenFiles ? [finding('files or connections were left open', newFiles)] : []),
  ];
}

/** Renders a result as a few aligned lines. */
export function renderSummary(result: Result, { withColors }: { withColors: boolean }): string {
  const colors = createColors(withColors);
  const { engine, seed, seconds, operations, untried = 0, requests, gateway } = result;
  const findings = findingsOf(result);
  const rows: [string, string][] = [
    ['engine', `${engine}, seed ${seed}`],
    ['requests', `${requests.toLocaleString('en-US')} to ${operations} calls in ${Math.round(seconds)} s`],
  ];
  if (untried > 0) rows.push(['not tried', `${untried} calls, because time ran out`]);
  if (gateway) {
    const { warm, end } = gateway;
    rows.push(['memory', warm && end ? `${warm.megabytes} MB after the warm-up, ${end.megabytes} MB at the end` : 'unknown']);
    if (warm?.openFiles !== undefined && end?.openFiles !== undefined)
      rows.push(['open files', `${warm.openFiles} after the warm-up, ${end.openFiles} at the end`]);
  }
  rows.push(['findings', findings.length === 0 ? colors.green('none') : colors.red(String(findings.length))]);
  const lines = findings.flatMap(({ what, count, operations: where, example }) => [
    `  ${colors.red('✗')} ${what}${count > 1 ? ` (${count})` : ''}`,
    ...(where.length > 0 ? [colors.dim(`    ${where.join(', ')}`)] : []),
    ...(example === undefined ? [] : [colors.dim(`    ${example}`)]),
  ]);
  return `${aligned(rows)}\n${lines.length > 0 ? `${lines.join('\n')}\n` : ''}`;
}

function aligned(rows: [string, string][]): string {
  const names = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
  const table = new Table({
    chars: Object.fromEntries([...names, ...inner].map((name) => [name, ''])),
    style: { 'padding-left': 2, 'padding-right': 0 },
  });
  table.push(...rows);
  return table.toString().replaceAll(/ +$/gm, '');
}
