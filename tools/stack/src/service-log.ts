import { createStream } from 'rotating-file-stream';

/** One line of a service's log, as far as people need to see it. */
export type Remark = { level: 'warning' | 'error'; text: string };

export type ServiceLog = {
  write: (line: string) => void;
  /** The last remark, or the last line that is none: what a service said before it died. */
  lastWord: () => string | undefined;
  close: () => Promise<void>;
};

/** A service's log file, rotated by size, and an ear for its warnings and errors. */
export function openServiceLog(
  folder: string,
  service: string,
  onRemark: (remark: Remark) => void = () => undefined,
): ServiceLog {
  const file = createStream(`${service}.log`, { path: folder, size: '10M', maxFiles: 3 });
  file.on('error', () => undefined); // a full disk must not end the stack; the services report it themselves
  let lastWord: string | undefined;
  return {
    write: (line) => {
      file.write(`${line}\n`);
      const remark = remarkOf(line);
      if (remark) {
        lastWord = remark.text;
        onRemark(remark);
      } else if (isPlainWord(line)) lastWord = line.trim();
    },
    lastWord: () => lastWord,
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

// Neither a log line, nor the lower lines of a stack, nor what Node adds below it.
const isPlainWord = (line: string): boolean => /^[^{\s]/.test(line) && !line.startsWith('Node.js v');

// Most lines are not worth being parsed.
function remarkOf(line: string): Remark | undefined {
  if (!/"level":"(?:warn|error|fatal)"/.test(line)) return undefined;
  try {
    const { level, msg, err, reason, queue } = JSON.parse(line) as LogLine;
    const details = [queue, reason, err?.message].filter((part) => part !== undefined && part !== msg);
    const text = [msg ?? 'no message', ...(details.length > 0 ? [`(${details.join(', ')})`] : [])].join(' ');
    return { level: level === 'warn' ? 'warning' : 'error', text };
  } catch {
    return undefined;
  }
}

type LogLine = { level: string; msg?: string; err?: { message?: string }; reason?: string; queue?: string };
