import { alignedTable } from './aligned-table';

describe('an aligned table', () => {
  it('aligns the cells of each column and leaves no trailing blanks', () => {
    expect(
      alignedTable([
        ['NAME', 'STATE'],
        ['a', 'revoked'],
        ['longer', ''],
      ]),
    ).toBe('NAME    STATE\na       revoked\nlonger\n');
  });
});
