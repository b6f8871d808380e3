import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { setUp, type NotificationSetup } from './notification-setup';

let notifications: NotificationSetup;
beforeEach(async () => void (notifications = await setUp()));
afterEach(() => notifications.close());

/** PostgreSQL refuses the first `times` updates that give a message one of these states, as a statement timeout does. */
const refuseStates = (states: string, times: number): Promise<unknown> =>
  notifications.db.query(`
    create sequence refusals;
    grant all on sequence refusals to public;
    create function refuse() returns trigger language plpgsql as $$
    begin
      if new.state in (${states}) and nextval('refusals') <= ${times} then
        raise exception 'boom' using errcode = '57014';
      end if;
      return new;
    end $$;
    create trigger refuse before update on messages for each row execute function refuse();`);

describe('a sent mail', () => {
  it.each([
    ['its record twice', `'sent'`, 2],
    ['every record of it three times', `'sent', 'queued'`, 3],
    // The database layer repeats fewer times than this, so only the repeated settlement succeeds.
    ['its record a dozen times', `'sent'`, 12],
  ])('is not sent again when PostgreSQL refuses %s', async (_what, states, times) => {
    await refuseStates(states, times);
    await notifications.startWorker();
    await notifications.apply([created('A')]);
    const job = await notifications.ended('A', 'done');
    expect(job).toMatchObject({ attempts_used: 1, tries: 1 });
    expect(await notifications.message(job.id)).toMatchObject({ state: 'sent' });
    expect(notifications.sink.to('A@example.com')).toHaveLength(1);
  });

  it('becomes unknown if the process stops before the settlement, and the next process does not resend it', async () => {
    await refuseStates(`'sent'`, 1_000_000);
    const worker = await notifications.startWorker();
    await notifications.apply([created('A')]);
    await eventually(async () =>
      expect(await notifications.db.query('select from refusals where last_value > 1')).toHaveLength(1),
    );
    await notifications.stop(worker);
    await notifications.startWorker();
    const job = await notifications.ended('A', 'unknown');
    expect(await notifications.message(job.id)).toMatchObject({ state: 'unknown' });
    expect(notifications.sink.to('A@example.com')).toHaveLength(1);
  });
});
