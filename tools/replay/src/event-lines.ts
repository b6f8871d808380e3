/** One line of the file. */
export type EventLine = {
  /** From 1, blank lines counted. */
  number: number;
  /** The file's bytes up to the end of it. */
  endsAtByte: number;
  /** As it stands there, so that it is sent unchanged. */
  text: string;
  /** The code of the problem for which it is not sent. */
  problem?: 'invalid-json' | 'payload-too-large';
};

/** Far above the largest event that a gateway takes: what is longer is no file of events, and must not fill the memory. */
export const maxLineBytes = 1_000_000;

const lineFeed = 0x0a;

/** Splits a file into its lines, without the blank ones. Holds one line at a time. */
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
    // Without `fatal`, bytes that are no UTF-8 would be sent as another text. A byte order mark is dropped.
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
