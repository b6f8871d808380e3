import { created, moved } from '@orderly/worker-process/testing';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

// Promise 6: every job ends in one named outcome, and a person can find it.
it('a job whose claim PostgreSQL refuses becomes a dead letter after five attempts, and its lane goes on', async () => {
  sync = await setUp();
  await sync.db.query(`
    create function refuse() returns trigger language plpgsql as $$
    begin
      if new.state = 'running' and new.order_id = 'A' and new.version = 1 then
        raise exception 'the row is at fault' using errcode = '22023';
      end if;
      return new;
    end $$;
    create trigger refuse before update on jobs for each row execute function refuse();`);
  await sync.apply([created('A'), created('B')]);
  await sync.apply([moved('A', 'confirmed')]);
  await sync.startWorker();
  await sync.ended('B', 1, 'done');
  const { id } = await sync.job('A', 1);
  await sync.bringToLastAttempt(id);
  expect(await sync.ended('A', 1, 'dead')).toMatchObject({
    attempts_used: 5,
    error_code: 'job-failed',
    fingerprint: 'job-failed:erp',
  });
  expect((await sync.attempts(id)).map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'retry', 'retry', 'dead']);
  await sync.ended('A', 2, 'done');
  expect(sync.partner.about('A').map(({ version }) => version)).toEqual([2]);
});
