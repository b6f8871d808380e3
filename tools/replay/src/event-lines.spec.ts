import { maxLineBytes, readEventLines, type EventLine } from './event-lines';

describe('readEventLines', () => {
  it.each([1, 2, 3, 1000])('reads the same lines from chunks of %d bytes', async (size) => {
    const content = '\uFEFF{"a":"é"}\r\n\n  \n{"b":1e400}\nnot json\n{"c":3}';
    expect(await linesOf(content, size)).toEqual([
      { number: 1, endsAtByte: 15, text: '{"a":"é"}' },
      { number: 4, endsAtByte: 31, text: '{"b":1e400}' },
      { number: 5, endsAtByte: 40, text: '', problem: 'invalid-json' },
      { number: 6, endsAtByte: 47, text: '{"c":3}' },
    ]);
  });

  it('reports invalid UTF-8 as a fault instead of changing the text', async () => {
    expect(await linesOf(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject([{ number: 1, problem: 'invalid-json' }]);
  });

  it('accepts a line of the largest size and refuses one byte more', async () => {
    const ofSize = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;
    const lines = await linesOf(`${ofSize(maxLineBytes)}\n${ofSize(maxLineBytes + 1)}\n1`, 64 * 1024);
    expect(lines.map(({ number, problem }) => [number, problem])).toEqual([
      [1, undefined],
      [2, 'payload-too-large'],
      [3, undefined],
    ]);
  });

  it('reads no lines from an empty file', async () => {
    expect(await linesOf('')).toEqual([]);
  });
});

async function linesOf(content: string | Buffer, pieceBytes = 1000): Promise<EventLine[]> {
  const bytes = Buffer.from(content);
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes);
  };
  const lines: EventLine[] = [];
  for await (const line of readEventLines(pieces())) lines.push(line);
  return lines;
}
