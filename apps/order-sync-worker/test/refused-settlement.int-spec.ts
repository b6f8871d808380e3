import { created } from '@orderly/worker-process/testing';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

describe('a request that a destination has processed', () => {
  it.each(['none', 'key'])('is not resent when PostgreSQL refuses its settlement, with idempotency %s', async (mode) => {
    sync = await setUp({ idempotency: { mode } });
    await sync.db.query(`
      create sequence refusals;
      grant all on sequence refusals to public;
      create function refuse() returns trigger language plpgsql as $$
      begin
        if old.state = 'running' and new.state <> 'running' and nextval('refusals') <= 12 then
          raise exception 'boom' using errcode = '57014';
        end if;
        return new;
      end $$;
      create trigger refuse before update on jobs for each row execute function refuse();`);
    await sync.startWorker();
    await sync.apply([created('A')]);
    const job = await sync.ended('A', 1, 'done');
    expect(job).toMatchObject({ attempts_used: 1, tries: 1 });
    expect(sync.partner.about('A')).toHaveLength(1);
    expect(await sync.lane('A')).toMatchObject({ acked_version: 1, head: null, blocked_by: null });
  });
});
