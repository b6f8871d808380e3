import { createStream } from 'rotating-file-stream';

/** The part of a log line that people need to see. */
export type Remark = { level: 'warning' | 'error'; text: string };

export type ServiceLog = {
  write: (line: string) => void;
  /** The last remark or plain line: usually the reason why a service died. */
  lastWord: () => string | undefined;
  close: () => Promise<void>;
};

/** The log file of a service, rotated by size, with a callback for warnings and errors. */
export function openServiceLog(
  folder: string,
  service: string,
  onRemark: (remark: Remark) => void = () => undefined,
): ServiceLog {
  const file = createStream(`${service}.log`, { path: folder, size: '10M', maxFiles: 3 });
  file.on('error', () => undefined); // a full disk must not stop the stack; the services report it themselves
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

// Not a JSON log line, not the inner lines of a stack trace, and not Node's version line below it.
const isPlainWord = (line: string): boolean => /^[^{\s]/.test(line) && !line.startsWith('Node.js v');

// A cheap check first: most lines need no parsing.
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
