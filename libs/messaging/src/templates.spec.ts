import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notifyingKinds, type OrderSnapshot } from '@orderly/contracts';
import { PermanentError } from '@orderly/errors';
import type { MessageInput } from './message-view';
import { loadTemplates } from './templates';

const folder = join(__dirname, '../templates');
const templates = loadTemplates(folder);

const inputWith = (data: Partial<OrderSnapshot>, change: Partial<MessageInput['change']> = {}): MessageInput => ({
  order: { orderId: 'o-1', version: 2, status: 'shipped', data: { customer: { id: 'c-1' }, ...data } },
  change: { from: 'confirmed', to: 'shipped', at: '2030-01-02T03:04:05.000Z', ...change },
});

const full = inputWith(
  {
    currency: 'EUR',
    totalMinor: 3480,
    lines: [{ sku: 'TEA', name: 'Green tea', quantity: 2, unitPriceMinor: 1490 }],
    customer: { id: 'c-1', name: "Jo O'Neil", locale: 'en' },
    shippingAddress: { line1: '1 Harbour Street', city: 'Dublin' },
  },
  { reason: 'As agreed' },
);

describe.each(notifyingKinds)('the message %s', (kind) => {
  it('shows all facts of a complete order in the text and HTML parts', () => {
    const { subject, text, html } = templates.render(kind, full);
    expect(subject).toContain('o-1');
    for (const shown of ['o-1', 'Green tea', '€29.80', '€34.80', 'As agreed', '1 Harbour Street', 'Dublin']) {
      expect(text).toContain(shown);
      expect(html).toContain(shown);
    }
  });

  it('renders an order with only a currency and a customer, without gaps', () => {
    const { subject, text, html } = templates.render(kind, inputWith({ currency: 'BRL' }));
    for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|null|NaN|\{\{/);
    for (const part of [text, html]) expect(part).not.toMatch(/Total|Item|Reason|Shipping address/);
    expect(text).toContain('Hello,');
    expect(text).not.toMatch(/\n{3}|[ \t]\n/);
  });
});

describe('templates', () => {
  it('escape order data in HTML, and do not change it in text', () => {
    const hostile = '<script>alert("x")</script> & Söhne';
    const input = inputWith(
      {
        currency: 'EUR',
        lines: [{ sku: 's', name: hostile, quantity: 1, unitPriceMinor: 1 }],
        customer: { id: 'c', name: hostile },
        shippingAddress: { line1: hostile },
      },
      { reason: hostile },
    );
    const { html, text } = templates.render('cancelled', input);
    expect(html).not.toContain('<script>');
    expect(html.match(/&lt;script&gt;/g)).toHaveLength(4);
    expect(text.split(hostile)).toHaveLength(5);
  });

  it('remove line breaks from names, so that names cannot inject lines into the text', () => {
    const { text } = templates.render('shipped', inputWith({ customer: { id: 'c', name: 'Jo\r\nTotal: €0.00' } }));
    expect(text).toContain('Hello Jo Total: €0.00,');
  });

  it('show a total of 0, but no amount without a currency', () => {
    expect(templates.render('created', inputWith({ currency: 'EUR', totalMinor: 0 })).text).toContain('Total: €0.00');
    const { text } = templates.render(
      'created',
      inputWith({ totalMinor: 500, lines: [{ sku: 'TEA', quantity: 2, unitPriceMinor: 9 }] }),
    );
    expect(text).toContain('- 2 x TEA\n');
    expect(text).not.toContain('Total');
  });

  it('show only part of a very long order, with a note', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => ({ sku: `SKU-${index}`, quantity: 1, unitPriceMinor: 100 }));
    const { html, text } = templates.render('created', inputWith({ currency: 'EUR', lines }));
    expect(text).toContain('and 950 more');
    expect(html.length).toBeLessThan(100_000);
  });
});

describe('loadTemplates', () => {
  const copies: string[] = [];
  const copyWith = (file: string, source: string | null): string => {
    const copy = mkdtempSync(join(tmpdir(), 'templates-'));
    copies.push(copy);
    cpSync(folder, copy, { recursive: true });
    if (source === null) rmSync(join(copy, file));
    else writeFileSync(join(copy, file), source);
    return copy;
  };
  afterAll(() => copies.forEach((copy) => rmSync(copy, { recursive: true })));

  it.each([
    ['a missing file', 'shipped/body.html.hbs', null],
    ['a fault of syntax', 'shipped/body.txt.hbs', '{{#if reason}}'],
    ['a name that messages do not have', 'shipped/subject.txt.hbs', 'Your order {{orderNumber}}'],
    ['an unknown name behind a condition', 'order-summary.html.hbs', '{{#if reason}}{{reasonCode}}{{/if}}'],
    ['an unknown helper', 'refunded/body.txt.hbs', '{{loud orderId}}'],
    ['an unknown partial', 'layout.html.hbs', '{{> footer}}'],
  ])('refuses %s at start-up and names the file', (_fault, file, source) => {
    const error = thrownBy(() => loadTemplates(copyWith(file, source)));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toHaveProperty('code', 'configuration-invalid');
    expect(error).toHaveProperty('message', expect.stringContaining(file));
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
