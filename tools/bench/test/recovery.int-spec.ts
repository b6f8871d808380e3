import { run } from './run';

it('measures how long jobs take to come back after Redis was emptied, and after it was cut off', async () => {
  const { status, stdout } = await run('recovery', '--jobs', '1500', '--queues', '2', '--runs', '1');
  expect(status).toBe(0);
  expect(stdout).toMatch(/Until 1,500 jobs are runnable again.*\n.*detection.*reading pages.*presence.*adding/);
  // Detection and the times of the stages: none is missing.
  for (const loss of ['emptied', 'cut off']) expect(stdout).toMatch(new RegExp(`^ +${loss}( +\\d+\\.\\d){9}$`, 'm'));
});
