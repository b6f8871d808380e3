import { addressLines } from './address-lines';

describe('addressLines', () => {
  it('sorts known parts in the order of a letter, for any order and spelling of the keys', () => {
    const address = { zip: '10115', city: 'Berlin', country_code: 'DE', address1: 'Invalidenstr. 1', Name: 'Jo', latitude: 52.5 };
    expect(addressLines(address)).toEqual(['Jo', 'Invalidenstr. 1', '10115 Berlin', 'DE']);
  });

  it('shows all texts of an address without known keys', () => {
    expect(addressLines({ locker: 'P-17', station: 4, active: true, note: null })).toEqual(['P-17', '4']);
  });

  it('returns no lines for an empty address', () => {
    expect(addressLines({ line1: ' ', city: null })).toEqual([]);
  });
});
