import { runNeedsServers } from './run-needs-servers';

const files = ['libs/database/test/ledger.int-spec.ts', 'tools/stack/test/mailbox.int-spec.ts'];

describe('the servers of a test run', () => {
  const needs = (commandLine: string[], isSelected: (file: string) => boolean = () => true): boolean =>
    runNeedsServers({ rootDir: '/workspace', commandLine, isSelected }, files);

  it('are started when every test runs', () => {
    expect(needs(['jest'])).toBe(true);
  });

  it('are not started for the project of pure tests', () => {
    expect(needs(['jest', '--selectProjects', 'unit'])).toBe(false);
    expect(needs(['jest', '--selectProjects=unit', '--silent'])).toBe(false);
  });

  it('are started for the project of integration tests, named alone or beside the other', () => {
    expect(needs(['jest', '--selectProjects', 'unit', 'integration', '--silent'])).toBe(true);
    expect(needs(['jest', '--selectProjects=integration'])).toBe(true);
  });

  it('are started only when a named path holds an integration test', () => {
    expect(needs(['jest', 'libs/orders'], (file) => file.includes('libs/orders'))).toBe(false);
    expect(needs(['jest', 'libs/database'], (file) => file.startsWith('/workspace/libs/database'))).toBe(true);
  });
});
