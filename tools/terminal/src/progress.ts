import { SingleBar } from 'cli-progress';
import type { WriteStream } from 'node:tty';

/** Shows how far one stage of the work is. */
export type Progress = {
  /** `note` says more than the share alone. */
  update: (done: number, total: number, note: string) => void;
  /** Something out of the ordinary. */
  say: (text: string) => void;
  stop: () => void;
};

/** Where progress is shown: standard error, or a stand-in for it. */
export type ProgressStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** A bar in a terminal; elsewhere, such as in a log, a plain line now and then. */
export const startProgress = (title: string, stream: ProgressStream): Progress =>
  stream.isTTY ? bar(title, stream) : plainLines(title, stream);

/** Columns beside the bar itself: title, share and note. */
const textColumns = 58;
const plainLineEveryMs = 2_000;

function bar(title: string, stream: ProgressStream): Progress {
  const shown = new SingleBar({
    ...{ format: '{title} {bar} {percentage} %  {note}', barCompleteChar: '█', barIncompleteChar: '░' },
    barsize: Math.max(10, Math.min(40, (stream.columns ?? 80) - textColumns)),
    ...{ stream, fps: 10, emptyOnZero: true, autopadding: true },
  });
  shown.start(0, 0, { title: title.padEnd(titleWidth), note: '' });
  return {
    update: (done, total, note) => {
      shown.setTotal(total);
      shown.update(Math.min(done, total), { note });
    },
    say: (text) => shown.update({ note: text }),
    stop: () => shown.stop(),
  };
}

/** Keeps the bars of stages with short titles below each other. */
const titleWidth = 'Sending'.length;

function plainLines(title: string, stream: ProgressStream): Progress {
  let lastAt = performance.now();
  let latest: string | undefined;
  const write = (text: string): void => void stream.write(`${title}: ${text}\n`);
  return {
    update: (done, total, note) => {
      latest = `${total > 0 ? Math.floor((Math.min(done, total) / total) * 100) : 100} %, ${note}`;
      if (performance.now() - lastAt < plainLineEveryMs) return;
      write(latest);
      latest = undefined;
      lastAt = performance.now();
    },
    say: write,
    stop: () => {
      if (latest !== undefined) write(latest);
    },
  };
}
