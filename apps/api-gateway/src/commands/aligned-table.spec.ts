import { alignedTable } from './aligned-table';

describe('an aligned table', () => {
  it('starts every cell of a column at the same place, and ends no line with blanks', () => {
    expect(
      alignedTable([
        ['NAME', 'STATE'],
        ['a', 'revoked'],
        ['longer', ''],
      ]),
    ).toBe('NAME    STATE\na       revoked\nlonger\n');
  });
});
