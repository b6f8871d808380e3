import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const textOf = (path: string): string => readFileSync(join(__dirname, '../../..', path), 'utf8');

describe('the first event of the README', () => {
  it("shares neither its id nor its order with the API document's examples, so that both can be sent", () => {
    const [, id = '', orderId = ''] = /"id": "([^"]+)".*"orderId": "([^"]+)"/.exec(textOf('README.md')) ?? [];
    const examples = textOf('docs/openapi.json');
    expect(examples).toContain('"my-shop"');
    expect(id).not.toBe('');
    for (const own of [id, orderId]) expect(examples).not.toContain(`"${own}"`);
  });
});
