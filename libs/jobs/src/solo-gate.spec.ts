import { createSoloGate, type SoloGate } from './solo-gate';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** Enters jobs by name, and lists the admitted ones. */
function setup(gate: SoloGate = createSoloGate()) {
  const leaves = new Map<string, () => void>();
  const enter = async (name: string): Promise<void> => {
    void gate.enter().then((leave) => leaves.set(name, leave));
    await pass(0);
  };
  const enterAlone = async (name: string): Promise<boolean> => {
    const entering = gate.enterAlone();
    void entering?.then((leave) => leaves.set(name, leave));
    await pass(0);
    return entering !== undefined;
  };
  const leave = async (name: string): Promise<void> => {
    leaves.get(name)?.();
    leaves.delete(name);
    await pass(0);
  };
  return { enter, enterAlone, leave, inside: () => [...leaves.keys()] };
}

describe('the solo gate', () => {
  it('lets jobs that are not suspect run side by side', async () => {
    const { enter, inside } = setup();
    await enter('a');
    await enter('b');
    expect(inside()).toEqual(['a', 'b']);
  });

  it('starts a suspect when the others have ended, and admits no new job until it has ended', async () => {
    const { enter, enterAlone, leave, inside } = setup();
    await enter('a');
    expect(await enterAlone('suspect')).toBe(true);
    await enter('b');
    expect(inside()).toEqual(['a']);
    await leave('a');
    expect(inside()).toEqual(['suspect']);
    await leave('suspect');
    expect(inside()).toEqual(['b']);
  });

  it('waits for each running job until it has run for a second without harm, and no longer', async () => {
    const { enter, enterAlone, inside } = setup();
    await enter('slow');
    await pass(600);
    await enter('slow too');
    await enterAlone('suspect');
    await pass(999);
    expect(inside()).toEqual(['slow', 'slow too']);
    await pass(1);
    expect(inside()).toEqual(['slow', 'slow too', 'suspect']);
  });

  it('admits others beside a suspect that has run for a second without harm, and not before', async () => {
    const { enter, enterAlone, inside } = setup();
    await enterAlone('slow suspect');
    await enter('a');
    await pass(999);
    expect(inside()).toEqual(['slow suspect']);
    await pass(1);
    expect(inside()).toEqual(['slow suspect', 'a']);
  });

  it('admits one suspect at a time, and then other work for as long as it was kept out', async () => {
    const { enter, enterAlone, leave } = setup();
    await enterAlone('first');
    expect(await enterAlone('second')).toBe(false);
    await pass(400);
    await leave('first');
    expect(await enterAlone('second')).toBe(false);
    await pass(399);
    expect(await enterAlone('second')).toBe(false);
    await enter('a');
    await leave('a');
    await pass(1);
    expect(await enterAlone('second')).toBe(true);
  });

  it('stays closed if a suspect ends after its time alone while the next one is alone', async () => {
    const { enter, enterAlone, leave, inside } = setup();
    await enterAlone('slow suspect');
    await pass(3000);
    await enterAlone('second');
    await leave('slow suspect');
    await enter('a');
    expect(inside()).toEqual(['second']);
  });

  it('leaves no timer behind', async () => {
    const { enter, enterAlone, leave } = setup();
    await enter('a');
    await enterAlone('suspect');
    await leave('a');
    await leave('suspect');
    expect(jest.getTimerCount()).toBe(0);
  });
});
