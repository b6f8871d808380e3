import Table from 'cli-table3';
import { createColors } from 'picocolors';
import type { Finding, Findings } from './findings';
import type { Holdings } from './watch-process';

export type Result = Findings & {
  engine: string;
  seed: number;
  seconds: number;
  /** Undefined for a gateway that was not started here. */
  gateway?: GatewayResult;
};

export type GatewayResult = {
  hasDied: boolean;
  /** Lines of its log that no request may cause. */
  faultLines: string[];
  /** Once everything is loaded and compiled, and at the end. */
  warm: Holdings | undefined;
  end: Holdings | undefined;
};

/**
 * What a gateway's memory may grow by after the first requests. V8 gives freed pages back late and in its own time: a leak of a
 * kilobyte per request would be seen after the requests of a minute.
 */
export const maxGrowthMegabytes = 96;
/** Connections of the pool come and go; what was left open by requests would be hundreds. */
const maxNewOpenFiles = 30;

/** What was found, of the answers and of the gateway itself; empty if all went well. */
export function findingsOf({ found, gateway }: Result): Finding[] {
  return [...found, ...(gateway === undefined ? [] : gatewayFindings(gateway))];
}

function gatewayFindings({ hasDied, faultLines, warm, end }: GatewayResult): Finding[] {
  const finding = (what: string, count = 1): Finding => ({ what, count, operations: [] });
  const growth = warm && end ? end.megabytes - warm.megabytes : 0;
  const newFiles = (end?.openFiles ?? 0) - (warm?.openFiles ?? 0);
  return [
    ...(hasDied ? [finding('the gateway ended')] : []),
    ...(faultLines.length > 0
      ? [{ ...finding('errors in the log of the gateway', faultLines.length), example: faultLines[0]?.slice(0, 500) ?? '' }]
      : []),
    ...(growth > maxGrowthMegabytes ? [finding(`the gateway's memory grew by ${growth} MB`)] : []),
    ...(newFiles > maxNewOpenFiles ? [finding('files or connections left open', newFiles)] : []),
  ];
}

/** A result as a few aligned lines. */
export function renderSummary(result: Result, { withColors }: { withColors: boolean }): string {
  const colors = createColors(withColors);
  const { engine, seed, seconds, operations, untried = 0, requests, gateway } = result;
  const findings = findingsOf(result);
  const rows: [string, string][] = [
    ['asked by', `${engine}, seed ${seed}`],
    ['requests', `${requests.toLocaleString('en-US')} to ${operations} calls in ${Math.round(seconds)} s`],
  ];
  if (untried > 0) rows.push(['not tried', `${untried} calls: the time was over`]);
  if (gateway) {
    const { warm, end } = gateway;
    rows.push(['memory', warm && end ? `${warm.megabytes} MB after a while, ${end.megabytes} MB at the end` : 'not known']);
    if (warm?.openFiles !== undefined && end?.openFiles !== undefined)
      rows.push(['open files', `${warm.openFiles} after a while, ${end.openFiles} at the end`]);
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
