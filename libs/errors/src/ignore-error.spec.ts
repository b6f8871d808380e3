import { ignoreError } from './ignore-error';

describe('ignoreError', () => {
  it('hands the reason and the error to the report, and rejects nothing', async () => {
    const reports: [string, unknown][] = [];
    const error = new Error('gone');
    ignoreError(Promise.reject(error), 'the connection is closing anyway', (reason, cause) => reports.push([reason, cause]));
    await new Promise(setImmediate);
    expect(reports).toEqual([['the connection is closing anyway', error]]);
  });

  it('reports nothing when the promise is kept', async () => {
    const reports: string[] = [];
    ignoreError(Promise.resolve(), 'unused', (reason) => reports.push(reason));
    await new Promise(setImmediate);
    expect(reports).toEqual([]);
  });
});
