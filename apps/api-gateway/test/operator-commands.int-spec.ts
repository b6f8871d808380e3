import { carryOutStep } from '@orderly/ledger';
import { Command } from 'commander';
import { addOperatorCommands } from '../src/commands/add-operator-commands';
import { startGateway, type TestGateway } from './gateway';
import { createOperator } from './letters';

let gateway: TestGateway;
let operator: Awaited<ReturnType<typeof createOperator>>;
let env: NodeJS.ProcessEnv;
let printed = '';

beforeAll(async () => {
  gateway = await startGateway();
  operator = await createOperator(gateway);
  const key = await gateway.createKey('ops:read', 'ops:write');
  env = { ORDERLY_URL: gateway.app.url().href, ORDERLY_API_KEY: key };
});
beforeEach(async () => {
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  await gateway.db.query('truncate jobs, attempts, lanes, orders, order_changes, operations');
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => gateway.stop());

/** Runs a command line in this process, and returns its output. */
async function run(...args: readonly string[]): Promise<string> {
  printed = '';
  const program = new Command('api-gateway').exitOverride();
  addOperatorCommands(program, env);
  await program.parseAsync(['node', 'api-gateway', ...args]);
  return printed;
}

it('dead-letters list and groups print aligned tables with the words of the partner, and JSON', async () => {
  const id = await operator.addEnded('o-1', 'dead');
  expect(await run('dead-letters', 'list')).toContain('422 {"error": "no such customer"}');
  expect(await run('dead-letters', 'groups', '--destination', 'erp')).toMatch(/destination-refused:erp +1 /);
  expect(JSON.parse(await run('dead-letters', 'list', '--json'))).toMatchObject([{ id }]);
  expect(await run('dead-letters', 'list', '--order', 'nobody')).toBe('No dead letter matches.\n');
  expect(await run('dead-letters', 'show', id)).toMatch(/destination-refused: refused[^]*TRY[^]*422/);
});

it('dead-letters redrive waits for the operation, and tells what it did', async () => {
  await operator.addEnded('o-1', 'dead');
  expect(await run('dead-letters', 'redrive', '--destination', 'erp', '--dry-run')).toContain('1 match: 1 would be sent');
  const redriven = run('dead-letters', 'redrive', '--destination', 'erp', '--reason', 'mended');
  for (;;) {
    const { worked } = await carryOutStep(gateway.db);
    if (worked) break;
  }
  expect(await redriven).toMatch(/is done: of 1, 1 sent, 0 closed as superseded, 0 left alone/);
});

it('dead-letters discard, settle and resync say what happened', async () => {
  await operator.addEnded('o-1', 'dead');
  const unknown = await operator.addEnded('o-2', 'unknown');
  expect(await run('dead-letters', 'discard', '--order', 'o-1', '--reason', 'a test')).toBe('1 discarded.\n');
  expect(await run('settle', unknown, '--outcome', 'done', '--reason', 'they have it')).toBe(
    `Job ${unknown} has ended as done.\n`,
  );
  expect(await run('resync', 'o-1', '--destination', 'erp')).toMatch(/^Job .* sends version 1 of o-1 to erp\.\n$/);
});

it('a refusal is shown with its code and reason', async () => {
  await operator.addEnded('o-1', 'dead');
  await expect(run('dead-letters', 'redrive')).rejects.toMatchObject({ code: 'filter-too-wide' });
  await expect(run('dead-letters', 'redrive', '--fingerprint', 'nobody')).rejects.toThrow(
    /No dead letter has the fingerprint nobody/,
  );
  env = { ...env, ORDERLY_API_KEY: '' };
  await expect(run('dead-letters', 'list')).rejects.toThrow(/An API key is required/);
});
