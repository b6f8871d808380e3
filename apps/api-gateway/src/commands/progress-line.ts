import type { WriteStream } from 'node:tty';

/** Shows how far a command has come. */
export interface ProgressLine {
  update(done: number, total: number, note: string): void;
  stop(): void;
}

const width = 30;

/** A bar in a terminal. Elsewhere, such as in a log, nothing is shown: the result says it all. */
export function createProgressLine(
  title: string,
  stream: Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY'>>,
): ProgressLine {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
  return {
    update: (done, total, note) => {
      const share = total === 0 ? 1 : Math.min(done / total, 1);
      const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
      // The escape sequence clears the rest of an earlier, longer line.
      stream.write(`\r${title} ${bar} ${`${Math.floor(share * 100)}`.padStart(3)} %  ${note}\u001b[K`);
    },
    stop: () => void stream.write('\r\u001b[K'),
  };
}
