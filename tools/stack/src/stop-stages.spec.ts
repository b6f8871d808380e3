import { StopRequested, StopStages } from './stop-stages';

describe('StopStages', () => {
  it('stops started parts in reverse order', async () => {
    const { stages, journal } = setup();
    stages.add(() => journal.push('servers'));
    stages.add(() => journal.push('partners'));
    stages.add(() => journal.push('services'));
    await stages.stopAll();
    expect(journal).toEqual(['services', 'partners', 'servers']);
  });

  it('stops a part that starts after the stop was requested', async () => {
    const { stages, journal, stop } = setup();
    const late = Promise.withResolvers<string>();
    const starting = stages.started(late.promise, (name) => journal.push(`${name} stopped`));
    stop();
    await expect(starting).rejects.toThrow(StopRequested);
    late.resolve('postgres');
    await stages.stopAll();
    expect(journal).toEqual(['postgres stopped']);
  });

  it('stops the other parts if one fails to stop or never started', async () => {
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
