import { execFile } from 'node:child_process';

export type RunOptions = {
  environment: NodeJS.ProcessEnv;
  cwd?: string;
  user?: { uid: number; gid: number };
  /** After this time the program is killed. @defaultValue 60,000 */
  timeoutMs?: number;
};

/**
 * Runs a program to its end and returns its output.
 *
 * @throws Error with the last line of the output if the program fails
 */
export function run(command: string, args: string[], options: RunOptions): Promise<string> {
  const { environment, cwd, user, timeoutMs = 60_000 } = options;
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { env: environment, cwd, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024, ...user },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
        reject(new Error(`${command.split('/').at(-1)}: ${lines.at(-1) ?? error.message}`));
      },
    );
  });
}
