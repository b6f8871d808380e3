/**
 * Where in a text that is no JSON the fault is, as far as that is known. Quotes nothing of it: V8's own message would, and with it
 * whatever is secret there.
 *
 * @param error - what `JSON.parse` threw
 */
export function jsonFault(body: Buffer, error: unknown): string | undefined {
  const message = error instanceof SyntaxError ? error.message : '';
  const place = /at position \d+( \(line \d+ column \d+\))?/.exec(message)?.[0];
  if (place !== undefined) return `The fault is ${place}`;
  if (message.startsWith('Unexpected end')) return 'The body ends before its JSON does';
  if (!message.startsWith(unexpectedToken)) return 'The body is no UTF-8';
  return body.length > maxSearchedBytes ? undefined : `The fault is at position ${tokenPosition(body.toString())}`;
}

const unexpectedToken = 'Unexpected token';

/** A larger one would be parsed for too long. */
const maxSearchedBytes = 64 * 1024;

/** Of this fault V8 tells no position: it is where the longest beginning ends that does not have it. */
function tokenPosition(text: string): number {
  let [without, having] = [0, text.length];
  while (having - without > 1) {
    const middle = Math.floor((without + having) / 2);
    if (hasUnexpectedToken(text.slice(0, middle))) having = middle;
    else without = middle;
  }
  return having - 1;
}

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith(unexpectedToken);
  }
}
