import { launchBrowser } from '../src/index';
import type { Browser } from 'playwright-core';

describe('the browser of the tests', () => {
  it('comes from its package on a machine without a browser', async () => {
    const lines: string[] = [];
    const browser = await launchBrowser({
      environment: { ...process.env, PATH: '', CHROME_PATH: '' },
      report: (line) => lines.push(line),
    });
    await expectToDraw(browser);
    expect(lines).toEqual([]);
  });

  it('comes from its package if the one on the PATH does not start, and the reason is reported in one line', async () => {
    const lines: string[] = [];
    const environment = { ...process.env, PATH: `${__dirname}/fixtures/broken-browser`, CHROME_PATH: '' };
    await expectToDraw(await launchBrowser({ environment, report: (line) => lines.push(line) }));
    expect(lines).toEqual([expect.stringMatching(/^Chromium: not from the PATH: /)]);
  });

  it('is always the one in CHROME_PATH if that is set', async () => {
    const launched = launchBrowser({ environment: { ...process.env, CHROME_PATH: '/nowhere/chrome' } });
    await expect(launched).rejects.toThrow(/^Chromium: not from CHROME_PATH: /);
  });
});

async function expectToDraw(browser: Browser): Promise<void> {
  try {
    const page = await browser.newPage();
    await page.setContent('<h1>It draws</h1>');
    expect(await page.textContent('h1')).toBe('It draws');
    expect((await page.screenshot()).length).toBeGreaterThan(1000);
  } finally {
    await browser.close();
  }
}
