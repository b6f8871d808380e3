import { run } from './run';

describe('npm run bench', () => {
  it('prints help for itself and for each bench', async () => {
    expect(await run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('retention') });
    expect(await run('retention', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--rows') });
  });

  it('refuses an unknown bench, and a size out of bounds', async () => {
    expect(await run('nothing')).toMatchObject({ status: 2 });
    expect(await run('retention', '--rows', '1e12')).toMatchObject({ status: 2, stderr: expect.stringContaining('50000000') });
  });

  it('removes a made-up week with a tenth of the rows, then one with all rows, and shows the cost', async () => {
    const { status, stdout } = await run('retention', '--rows', '2000');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Retention\n.*rows of each kind/);
    expect(stdout).toMatch(/^ +200 +event keys +200 /m);
    expect(stdout).toMatch(/^ +2,000 +event keys +2,000 /m);
    // 500 orders have four versions each. The newest version and its snapshot are kept; lanes are removed.
    expect(stdout).toMatch(/^ +2,000 +history of orders +1,500 /m);
    expect(stdout).toMatch(/^ +2,000 +partitions +8,000 /m);
    expect(stdout).toMatch(/while removing 2,000/);
  });
});
