import { SingleBar } from 'cli-progress';
import type { WriteStream } from 'node:tty';

/** Shows the progress of one stage of the work. */
export type Progress = {
  /** Shows the share that is done, with a note. */
  update: (done: number, total: number, note: string) => void;
  /** Shows an unusual event. */
  say: (text: string) => void;
  stop: () => void;
};

/** The stream that shows progress: standard error, or a replacement in tests. */
export type ProgressStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Starts a bar in a terminal, or plain lines elsewhere, such as in a log. */
export const startProgress = (title: string, stream: ProgressStream): Progress =>
  stream.isTTY ? bar(title, stream) : plainLines(title, stream);

/** Columns for the title, share and note beside the bar. */
const textColumns = 58;

/** In a log, progress is written at most this often. */
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

/** Pads shorter titles, so that the bars of all stages start in the same column. */
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
