import colors from 'picocolors';

/** The stack's output for people: whole lines, no JSON. */
export type Terminal = {
  /** Prints a line of the start, the demo or the banner. */
  line: (text?: string) => void;
  /** Prints an event with the time. */
  news: (text: string) => void;
  /** Prints a problem with the time. */
  trouble: (text: string) => void;
};

export const terminal: Terminal = {
  line: (text = '') => void process.stdout.write(`${text}\n`),
  news: (text) => void process.stdout.write(`${colors.dim(now())}  ${text}\n`),
  trouble: (text) => void process.stdout.write(`${colors.dim(now())}  ${colors.yellow(text)}\n`),
};

const now = (): string => new Date().toTimeString().slice(0, 8);
