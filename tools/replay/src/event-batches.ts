import type { EventLine } from './event-lines';

export type BatchLimits = { maxEvents: number; maxBytes: number };

/** The events of one request, and the faulty lines between them. */
export type EventBatch = { lines: EventLine[]; faulty: EventLine[] };

/** Packs lines into batches and keeps their order. */
export async function* packBatches(lines: AsyncIterable<EventLine>, limits: BatchLimits): AsyncGenerator<EventBatch> {
  let batch: EventBatch = { lines: [], faulty: [] };
  let bytes = 0;
  for await (const line of lines) {
    if (line.problem !== undefined) {
      batch.faulty.push(line);
    } else {
      const size = Buffer.byteLength(line.text) + 1; // plus the comma
      if (batch.lines.length > 0 && bytes + size > limits.maxBytes) {
        yield batch;
        batch = { lines: [], faulty: [] };
        bytes = 0;
      }
      batch.lines.push(line);
      bytes += size;
    }
    // The number of faulty lines is bounded, too: a file without any event must not fill the memory.
    if (batch.lines.length >= limits.maxEvents || batch.faulty.length >= limits.maxEvents) {
      yield batch;
      batch = { lines: [], faulty: [] };
      bytes = 0;
    }
  }
  if (batch.lines.length + batch.faulty.length > 0) yield batch;
}
