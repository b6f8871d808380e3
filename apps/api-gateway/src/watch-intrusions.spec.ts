import { createLogger } from '@orderly/observability';
import { watchIntrusions } from './watch-intrusions';

function setUp(perMinute: number) {
  const written: { cause: string; count: number }[][] = [];
  const query = async (_text: string, [rows]: readonly unknown[] = []): Promise<never[]> => {
    written.push(JSON.parse(rows as string));
    return [];
  };
  const watch = watchIntrusions({ query }, { logger: createLogger({ service: 'test', level: 'silent' }), perMinute });
  const note = (times: number): void => {
    for (let time = 0; time < times; time += 1) watch.note('wrong-api-keys', 'api');
  };
  return { watch, note, written };
}

describe('watchIntrusions', () => {
  it('writes when the threshold is reached and when the minute ends, however many refusals there are', async () => {
    const { watch, note, written } = setUp(100);
    note(99);
    expect(written).toEqual([]);
    note(10_000);
    expect(written).toMatchObject([[{ cause: 'wrong-api-keys', count: 100 }]]);
    await watch.start();
    await watch.stop();
    expect(written.slice(1)).toMatchObject([[{ count: 9_999 }]]);
  });

  it('writes nothing at the end of a minute below the threshold', async () => {
    const { watch, note, written } = setUp(100);
    note(99);
    await watch.start();
    await watch.stop();
    expect(written).toEqual([]);
  });

  it('writes nothing if it is switched off', async () => {
    const { watch, note, written } = setUp(0);
    note(1000);
    await watch.start();
    await watch.stop();
    expect(written).toEqual([]);
  });
});
