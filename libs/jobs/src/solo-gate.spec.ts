import fc from 'fast-check';
import { createSoloGate } from './solo-gate';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Enters jobs and notes who is inside. */
function createHouse() {
  const gate = createSoloGate();
  const inside = new Map<string, () => void>();
  return {
    inside,
    enter: (name: string, alone = false) => gate.enter(alone).then((leave) => inside.set(name, leave)),
    leave: async (name: string) => {
      inside.get(name)!();
      inside.delete(name);
      await turn();
    },
    names: () => [...inside.keys()],
  };
}

describe('the solo gate', () => {
  it('lets jobs run side by side', async () => {
    const { enter, names } = createHouse();
    await Promise.all([enter('a'), enter('b'), enter('c')]);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('lets a job that must run alone wait for those that run, and those behind it wait for it, in their order', async () => {
    const { enter, leave, names } = createHouse();
    await Promise.all([enter('a'), enter('b')]);
    void enter('suspect', true);
    void enter('c');
    void enter('d');
    await turn();
    expect(names()).toEqual(['a', 'b']);
    await leave('a');
    expect(names()).toEqual(['b']);
    await leave('b');
    expect(names()).toEqual(['suspect']);
    await leave('suspect');
    expect(names()).toEqual(['c', 'd']);
  });

  it('runs two that must be alone one after the other', async () => {
    const { enter, leave, names } = createHouse();
    void enter('first', true);
    void enter('second', true);
    await turn();
    expect(names()).toEqual(['first']);
    await leave('first');
    expect(names()).toEqual(['second']);
  });

  it('starves nobody and never has company for a job that must be alone, whoever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), fc.infiniteStream(fc.nat()), async (jobs, picks) => {
        const { enter, inside, leave, names } = createHouse();
        const order: string[] = [];
        jobs.forEach((alone, index) => void enter(`${index}${alone ? '!' : ''}`, alone).then(() => order.push(`${index}`)));
        await turn();
        while (inside.size > 0) {
          expect(names().some((name) => name.endsWith('!')) ? inside.size : 1).toBe(1);
          await leave(names()[(picks.next().value as number) % inside.size]!);
        }
        expect(order).toEqual(jobs.map((_job, index) => `${index}`));
      }),
    );
  });
});
