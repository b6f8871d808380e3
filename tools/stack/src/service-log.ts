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

// pino's levels: 40 is a warning, 50 an error, 60 fatal. Most lines are not worth being parsed.
function remarkOf(line: string): Remark | undefined {
  if (!/"level":\s*(?:"(?:warn|error|fatal)"|[456]0)/.test(line)) return undefined;
  try {
    const { level, msg, err, error } = JSON.parse(line) as LogLine;
    const reason = err?.message ?? (typeof error === 'string' ? error : error?.message);
    const text = [msg, reason].filter((part, index, all) => part && all.indexOf(part) === index).join(': ');
    return { level: level === 40 || level === 'warn' ? 'warning' : 'error', text: text || line };
  } catch {
    return undefined;
  }
}

type LogLine = { level: number | string; msg?: string; err?: { message?: string }; error?: { message?: string } | string };
