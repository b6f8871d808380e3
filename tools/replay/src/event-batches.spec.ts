import { packBatches, type EventBatch } from './event-batches';
import type { EventLine } from './event-lines';

const limits = { maxEvents: 3, maxBytes: 100 };
const line = (number: number, bytes = 10): EventLine => ({ number, endsAtByte: number, text: 'x'.repeat(bytes - 1) });
const faulty = (number: number): EventLine => ({ number, endsAtByte: number, text: '', problem: 'invalid-json' });

describe('packBatches', () => {
  it('fills batches in order and puts the rest into the last one', async () => {
    expect(numbersOf(await pack([1, 2, 3, 4].map((number) => line(number))))).toEqual([[1, 2, 3], [4]]);
  });

  it('fills a batch up to its byte limit', async () => {
    expect(numbersOf(await pack([line(1, 50), line(2, 50)]))).toEqual([[1, 2]]);
    expect(numbersOf(await pack([line(1, 50), line(2, 51)]))).toEqual([[1], [2]]);
  });

  it('puts a line that exceeds the byte limit into its own batch', async () => {
    expect(numbersOf(await pack([line(1), line(2, 200), line(3)]))).toEqual([[1], [2], [3]]);
  });

  it('passes faulty lines on in bounded batches without sending them', async () => {
    const batches = await pack([line(1), faulty(2), faulty(3), faulty(4), faulty(5)]);
    expect(batches.map((batch) => [batch.lines.length, batch.faulty.length])).toEqual([
      [1, 3],
      [0, 1],
    ]);
  });
});

const numbersOf = (batches: readonly EventBatch[]): number[][] => batches.map(({ lines }) => lines.map(({ number }) => number));

async function pack(lines: readonly EventLine[]): Promise<EventBatch[]> {
  const source = async function* (): AsyncGenerator<EventLine> {
    yield* lines;
  };
  const batches: EventBatch[] = [];
  for await (const batch of packBatches(source(), limits)) batches.push(batch);
  return batches;
}
