import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { setUp, type StatusSetup } from './status-setup';

let status: StatusSetup;
beforeEach(async () => {
  status = await setUp();
});
afterEach(() => status.close());

const uncharged = async (eventId: string): Promise<void> => {
  const tries = await status.db.query<{ used_attempt: boolean; outcome: string }>(
    'select used_attempt, outcome from attempts where job_id = $1',
    [eventId],
  );
  expect(tries).toContainEqual({ used_attempt: false, outcome: 'retry' });
  expect(await status.event(eventId)).toMatchObject({ state: 'runnable', attempts_used: 0 });
};

describe('an event that PostgreSQL cannot apply for a while', () => {
  // A statement timeout, a serialisation failure, a lack of memory, a lock that is not available, and an I/O error.
  it.each(['57014', '40001', '53200', '55P03', '58030'])(
    'uses no attempt because of %s, and is applied afterwards',
    async (code) => {
      await status.db.query(
        `create function refuse() returns trigger language plpgsql as $$ begin raise 'not now' using errcode = '${code}'; end $$;
       create trigger refuse before insert or update on orders for each row when (new.version > 0) execute function refuse();`,
      );
      await status.startWorker();
      const [id = ''] = await status.accept([created('A')]);
      await eventually(() => uncharged(id));
      await status.db.query('drop trigger refuse on orders');
      expect(await status.ended(id, 'done')).toMatchObject({ attempts_used: 1 });
      expect(await status.order('A')).toMatchObject({ status: 'pending', version: 1 });
    },
  );

  it('ends as a dead letter if PostgreSQL refuses it', async () => {
    await status.db.query('alter table orders add constraint never check (version = 0)');
    await status.startWorker();
    const [id = ''] = await status.accept([created('A')]);
    await eventually(async () => expect((await status.event(id)).attempts_used).toBeGreaterThan(0));
  });
});
