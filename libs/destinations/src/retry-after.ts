const shortestMs = 1_000;
const longestMs = 3_600_000;

/**
 * Reads `Retry-After`: whole seconds or an HTTP date. The result is at least 1 s, so that a zero or a past date causes no tight
 * loop, and at most an hour.
 * @param nowMs - the time of the answer, in ms since 1970.
 * @returns ms to wait, undefined if the header is absent or says nothing.
 */
export function readRetryAfter(header: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!text) return undefined;
  // Date.parse accepts nearly anything, so the format is checked first.
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : / GMT$/.test(text) ? Date.parse(text) - nowMs : NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, shortestMs), longestMs);
}
