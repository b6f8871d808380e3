import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Findings } from './findings';
import { installSchemathesis } from './install-schemathesis';
import type { FuzzOptions } from './options';
import { runSchemathesis } from './run-schemathesis';
import { sendRequests } from './send-requests';
import { startTarget, type Target } from './start-target';
import { faultLines, holdingsOf, type Holdings } from './watch-process';
import type { GatewayResult, Result } from './summary';

export type FuzzContext = {
  environment: NodeJS.ProcessEnv;
  /** The folder with `requirements.txt`, `schemathesis.toml` and `hooks.py`. */
  schemathesisFolder: string;
  /** The built program of `tools/stack`. */
  stackProgram: string;
  report: (line: string) => void;
  onProgress?: (sent: number, elapsedMs: number) => void;
  /** Receives the output of schemathesis. If undefined, the output goes to the terminal. */
  onOutput?: (text: string) => void;
  interrupted: AbortSignal;
};

/** Tests the given gateway, or starts a private one and tests it. Returns the findings. */
export async function runFuzz(options: FuzzOptions, context: FuzzContext): Promise<Result> {
  const { environment, stackProgram, report } = context;
  if (options.target !== undefined) return await tryGateway(options.target, await chooseEngine(options, context), options);
  report('Starting Orderly …');
  const target = await startTarget(stackProgram, environment);
  try {
    return await fuzzTarget(target, options, context);
  } finally {
    await target.stop();
  }
}

/** Tests the gateway of a private system, and watches its process. */
export async function fuzzTarget(target: Target, options: FuzzOptions, context: FuzzContext): Promise<Result> {
  const engine = await chooseEngine(options, context);
  const watch = watchGateway(target);
  await warmUp(target, options, context);
  watch.isWarm();
  const result = await tryGateway(target, engine, options);
  return { ...result, gateway: await watch.end() };
}

type Engine = { name: string; run: (gateway: { url: string; key: string }) => Promise<Findings> };

async function chooseEngine(options: FuzzOptions, context: FuzzContext): Promise<Engine> {
  const { schemathesisFolder: settingsFolder, environment, report } = context;
  const { bound, seed } = options;
  const own: Engine = {
    name: 'fast-check',
    run: (gateway) => sendRequests({ ...context, ...gateway, seed, bound }),
  };
  if (options.engine === 'fast-check') return own;
  try {
    const python = await installSchemathesis(join(settingsFolder, 'requirements.txt'), environment, report);
    return {
      name: 'schemathesis',
      run: (gateway) => runSchemathesis({ ...context, ...gateway, python, settingsFolder, seed, bound }),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (options.engine === 'schemathesis') throw error;
    report(`schemathesis is not available (${reason}). fast-check generates the requests instead.`);
    return own;
  }
}

async function tryGateway(gateway: { url: string; key: string }, { name, run }: Engine, { seed }: FuzzOptions): Promise<Result> {
  const startedAt = Date.now();
  const findings = await run(gateway);
  return { ...findings, engine: name, seed, seconds: (Date.now() - startedAt) / 1000 };
}

/** After this many requests to each call all code is loaded and compiled. Growth of memory is measured from then on. */
const warmUpPerCall = 60;

async function warmUp(target: Target, { seed }: FuzzOptions, { interrupted }: FuzzContext): Promise<void> {
  await sendRequests({ ...target, seed: seed + 1_000_000, bound: { perCall: warmUpPerCall }, interrupted });
}

/** After this time the gateway has closed the idle connections of clients, so that only leaks remain. */
const settleMs = 6000;

function watchGateway(target: Target): { isWarm: () => void; end: () => Promise<GatewayResult> } {
  const pid = target.pid();
  let warm: Holdings | undefined;
  return {
    isWarm: () => (warm = holdingsOf(pid)),
    end: async () => {
      await pause(settleMs);
      const end = holdingsOf(pid);
      return { hasDied: target.pid() !== pid || end === undefined, faultLines: faultLines(target.log()), warm, end };
    },
  };
}
