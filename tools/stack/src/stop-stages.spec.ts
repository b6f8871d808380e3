import { StopRequested, StopStages } from './stop-stages';

describe('stopping the stack', () => {
  it('goes backwards through what was started', async () => {
    const { stages, journal } = setup();
    stages.add(() => journal.push('servers'));
    stages.add(() => journal.push('partners'));
    stages.add(() => journal.push('services'));
    await stages.stopAll();
    expect(journal).toEqual(['services', 'partners', 'servers']);
  });

  it('stops what came up only after the stop was asked for', async () => {
    const { stages, journal, stop } = setup();
    const late = Promise.withResolvers<string>();
    const starting = stages.started(late.promise, (name) => journal.push(`${name} stopped`));
    stop();
    await expect(starting).rejects.toThrow(StopRequested);
    late.resolve('postgres');
    await stages.stopAll();
    expect(journal).toEqual(['postgres stopped']);
  });

  it('goes on when one part fails to stop or never started', async () => {
    const { stages, journal } = setup();
    stages.add(() => journal.push('servers'));
    stages.add(() => Promise.reject(new Error('stuck')));
    await expect(stages.started(Promise.reject(new Error('no port')), () => journal.push('never'))).rejects.toThrow('no port');
    await stages.stopAll();
    expect(journal).toEqual(['servers']);
  });
});

function setup(): { stages: StopStages; journal: string[]; stop: () => void } {
  const request = new AbortController();
  return { stages: new StopStages(request.signal), journal: [], stop: () => request.abort() };
}
