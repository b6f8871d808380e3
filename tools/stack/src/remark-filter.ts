/** In ms. Repeats of a printed line are only counted for this time. */
const quietMs = 30_000;
/** The number of different lines in memory. */
const limit = 500;

/** Prevents a service that repeats a line from filling the terminal. The log files contain all lines. */
export class RemarkFilter {
  readonly #shown = new Map<string, { at: number; repeats: number }>();

  /** Returns the line to print, or undefined. Lines that differ only in numbers and ids count as equal. */
  pass(line: string, now = Date.now()): string | undefined {
    const kind = line.replace(/[0-9a-f]{8,}|\d+/gi, '#');
    const last = this.#shown.get(kind);
    if (last && now - last.at < quietMs) {
      last.repeats += 1;
      return undefined;
    }
    this.#shown.delete(kind);
    this.#shown.set(kind, { at: now, repeats: 0 });
    const oldest = this.#shown.keys().next().value;
    if (this.#shown.size > limit && oldest !== undefined) this.#shown.delete(oldest);
    return last && last.repeats > 0 ? `${line} (and ${last.repeats} more like it)` : line;
  }
}
