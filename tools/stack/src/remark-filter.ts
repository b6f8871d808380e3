/** After a line has been shown, the same one is only counted for so long. */
const quietMs = 30_000;
/** So many different lines are remembered. */
const limit = 500;

/** Keeps a service that says the same thing a thousand times from filling the terminal; the log files have it all. */
export class RemarkFilter {
  readonly #shown = new Map<string, { at: number; repeats: number }>();

  /** The line to show, or nothing. Lines that differ only in numbers and ids count as the same. */
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
