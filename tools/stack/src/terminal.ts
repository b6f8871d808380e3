import colors from 'picocolors';

/** Where the stack speaks to people: whole lines, no JSON. */
export type Terminal = {
  /** A line of the start, the demo or the banner. */
  line: (text?: string) => void;
  /** One thing worth knowing, with the time. */
  news: (text: string) => void;
  /** Something that went wrong, with the time. */
  trouble: (text: string) => void;
};

export const terminal: Terminal = {
  line: (text = '') => void process.stdout.write(`${text}\n`),
  news: (text) => void process.stdout.write(`${colors.dim(now())}  ${text}\n`),
  trouble: (text) => void process.stdout.write(`${colors.dim(now())}  ${colors.yellow(text)}\n`),
};

const now = (): string => new Date().toTimeString().slice(0, 8);
