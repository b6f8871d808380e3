import { eventually } from '@orderly/testing';
import { endAfterAll } from './end-after-all';
import { makeOrderLives } from './order-lives';
import { Stack } from './stack';
import { StackClient } from './stack-client';

describe('a partner that refuses everything', () => {
  let stack: Stack;
  let client: StackClient;
  const atTheEnd = endAfterAll();

  beforeAll(async () => {
    stack = await Stack.start();
    atTheEnd(() => stack.stop());
    client = await StackClient.connect(stack.ready);
    atTheEnd(() => client.close());
  });

  const alerts = async (): Promise<string[]> => {
    const { items } = (await (await fetch(`${stack.ready.alerts}/messages`)).json()) as { items: { text: string }[] };
    return items.map(({ text }) => text);
  };

  it('is the subject of one alert, whose calls show the dead letters, and which the terminal shows, too', async () => {
    await client.behave('erp', { mode: 'refusing' });
    const created = makeOrderLives({ prefix: 'refused', count: 20 }).events.filter(({ type }) => type === 'order.created');
    await client.postAll(created, 'refused');
    await client.untilEnded('refused');
    const [text] = await eventually(async () => {
      const received = await alerts();
      expect(received).toHaveLength(1);
      return received;
    });
    expect(text).toMatch(/^\d+ jobs? failed for good: destination-refused:erp\.\n/);
    const calls = [...text!.matchAll(/GET (http\S+)/g)].map(([, url]) => new URL(url!));
    expect(calls).toHaveLength(2);
    for (const { origin, pathname, search } of calls) {
      expect(origin).toBe(stack.ready.gateway);
      expect((await client.request('GET', pathname + search)).status).toBe(200);
    }
    expect(stack.output.filter((line) => line.includes('Alert: '))).toEqual([
      expect.stringContaining('failed for good: destination-refused:erp.'),
    ]);
  });
});
