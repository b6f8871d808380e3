/** One line of the file. */
export type EventLine = {
  /** The line number: starts at 1 and includes blank lines. */
  number: number;
  /** The offset of its end in the file, in bytes. */
  endsAtByte: number;
  /** The unchanged text of the line. */
  text: string;
  /** The code of the fault. A line with a fault is not sent. */
  problem?: 'invalid-json' | 'payload-too-large';
};

/** Far above the gateway's limit for an event. A longer line is not an event and must not fill the memory. */
export const maxLineBytes = 1_000_000;

const lineFeed = 0x0a;

/** Splits a file into lines and skips blank ones. Keeps only one line in memory. */
export async function* readEventLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<EventLine> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let readBytes = 0;
  let number = 0;

  const take = (piece: Buffer): void => {
    begunBytes += piece.length;
    if (begunBytes <= maxLineBytes) begun.push(piece);
  };
  const finish = (endsAtByte: number): EventLine | undefined => {
    number += 1;
    const line = begunBytes > maxLineBytes ? tooLong(number, endsAtByte) : check(number, endsAtByte, Buffer.concat(begun));
    begun = [];
    begunBytes = 0;
    return line;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      take(chunk.subarray(from, end));
      from = end + 1;
      const line = finish(readBytes + from);
      if (line) yield line;
    }
    take(chunk.subarray(from));
    readBytes += chunk.length;
  }
  const line = begunBytes > 0 ? finish(readBytes) : undefined;
  if (line) yield line;
}

function check(number: number, endsAtByte: number, bytes: Buffer): EventLine | undefined {
  let text: string;
  try {
    // Without `fatal`, invalid UTF-8 would be sent as a different text. A byte order mark is dropped.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return { number, endsAtByte, text: '', problem: 'invalid-json' };
  }
  if (text === '') return undefined;
  return isJson(text) ? { number, endsAtByte, text } : { number, endsAtByte, text: '', problem: 'invalid-json' };
}

const tooLong = (number: number, endsAtByte: number): EventLine => ({
  number,
  endsAtByte,
  text: '',
  problem: 'payload-too-large',
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
