import { launchBrowser } from '@orderly/testing';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { eventExamples } from '../src/routes/events/examples';
import { startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

/** An invented event. */
const tried = { ...eventExamples['order.status_changed'], id: 'tried' };

describe('the reference page in a browser', () => {
  it('loads and runs a call without a request to another host', async () => {
    const { page, requestsElsewhere, complaints } = await openPage();
    const key = await gateway.createKey('events:write');

    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.getByLabel('auth-bearer-value').fill(key);
    await page.getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await takePicture(page, 'api-reference');

    const call = page.locator('#operations-Events-postEvents');
    await call.getByRole('button', { name: 'post /v1/events', exact: true }).click();
    await call.getByRole('button', { name: 'Try it out' }).click();
    await call.locator('textarea').fill(JSON.stringify(tried, null, 2));
    await call.getByRole('button', { name: 'Execute' }).click();
    const answer = call.locator('.live-responses-table .response').first();
    await answer.getByRole('cell', { name: '202', exact: true }).waitFor();
    expect(await answer.textContent()).toContain('"accepted"');
    await takePicture(page, 'api-reference-answer', '#operations-Events-postEvents .opblock-section-request-body');

    expect((await gateway.get('/v1/events/my-shop/tried')).body).toMatchObject({ id: 'tried', data: tried.data });
    expect(requestsElsewhere).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

/** The page, with its requests to other hosts and the errors of the browser. */
async function openPage(): Promise<{ page: Page; requestsElsewhere: string[]; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  const requestsElsewhere: string[] = [];
  const complaints: string[] = [];
  const { origin } = gateway.app.url();
  await page.route('**', (route) => {
    const url = new URL(route.request().url());
    if (url.origin === origin || url.protocol === 'data:') return route.continue();
    requestsElsewhere.push(url.href);
    return route.abort();
  });
  // The browser also reports violations of the content security policy here.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(new URL('/docs', gateway.app.url()).href);
  await page.getByText('/v1/events', { exact: true }).first().waitFor();
  return { page, requestsElsewhere, complaints };
}

/** Takes a picture for the documentation during `npm run pictures`: of the first screen, or of an element and what follows. */
async function takePicture(page: Page, name: string, topOf?: string): Promise<void> {
  const folder = process.env['ORDERLY_PICTURES'];
  if (!folder) return;
  if (topOf !== undefined) {
    await page.setViewportSize({ width: 1200, height: 965 });
    // The dialogue shows the key.
    await page.evaluate(`document.querySelector('.curl-command').remove()`);
    await page.evaluate(`document.querySelector('${topOf}').scrollIntoView()`);
  }
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
}
