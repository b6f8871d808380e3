import { parseDestinations } from '@orderly/destinations';
import { selectDestinations } from './select-destinations';

const entries = ['erp', 'wms', 'shop'].map((name) => ({
  name,
  mode: 'latest-state',
  request: { url: `https://${name}.example` },
}));
const declared = parseDestinations(JSON.stringify({ destinations: entries }), {});
const selected = (...names: string[]): string[] => selectDestinations(declared, names).map(({ name }) => name);

describe('selectDestinations', () => {
  it('returns all destinations of the file if none are named', () => {
    expect(selectDestinations(declared, undefined)).toBe(declared);
  });

  it('returns the named destinations only', () => {
    expect(selected('wms', 'erp')).toEqual(['erp', 'wms']);
  });

  it('refuses names that the file does not declare, and lists the declared ones', () => {
    expect(() => selected('erp', 'epr', 'wsm')).toThrow(
      'ORDERLY_DESTINATIONS names epr, wsm, but the destinations file declares erp, wms, shop',
    );
    expect(() => selectDestinations([], ['erp'])).toThrow('declares none');
  });
});
