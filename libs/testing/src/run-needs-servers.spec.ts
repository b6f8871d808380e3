import { runNeedsServers } from './run-needs-servers';

const files = ['libs/database/test/ledger.int-spec.ts', 'tools/stack/test/mailbox.int-spec.ts'];

describe('the servers of a test run', () => {
  const needs = (commandLine: string[], isSelected: (file: string) => boolean = () => true): boolean =>
    runNeedsServers({ rootDir: '/workspace', commandLine, isSelected }, files);

  it('are started if all tests run', () => {
    expect(needs(['jest'])).toBe(true);
  });

  it('are not started for the project of pure tests', () => {
    expect(needs(['jest', '--selectProjects', 'unit'])).toBe(false);
    expect(needs(['jest', '--selectProjects=unit', '--silent'])).toBe(false);
  });

  it('are started for the project of integration tests, alone or with the other project', () => {
    expect(needs(['jest', '--selectProjects', 'unit', 'integration', '--silent'])).toBe(true);
    expect(needs(['jest', '--selectProjects=integration'])).toBe(true);
  });

  it('are started for a named path only if it has an integration test', () => {
    expect(needs(['jest', 'libs/orders'], (file) => file.includes('libs/orders'))).toBe(false);
    expect(needs(['jest', 'libs/database'], (file) => file.startsWith('/workspace/libs/database'))).toBe(true);
  });
});
