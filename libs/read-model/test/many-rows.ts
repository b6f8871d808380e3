import type { Database } from '@orderly/database';
import type { LedgerContent } from '@orderly/ledger/testing';

/**
 * Fills a ledger with orders of the last six weeks. Each has four events, two deliveries and a message. Rare values are very rare
 * and old: there a walk along the wrong index reads most.
 */
async function fillLedger(db: Pick<Database, 'query'>): Promise<void> {
  await db.query(`
    do $$
    declare week timestamptz; parent text; child text;
    begin
      for step in 1..7 loop
        week := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' - make_interval(weeks => step);
        foreach parent in array array['events', 'jobs', 'messages'] loop
          child := parent || '_' || to_char(week at time zone 'UTC', 'IYYY"w"IW');
          execute format('create table %I partition of %I for values from (%L) to (%L)',
            child, parent, uuid_floor(week), uuid_floor(week + interval '1 week'));
        end loop;
      end loop;
    end $$`);
  await db.query(`
    create function time_of(n integer) returns timestamptz language sql as
      $$ select now() - (30000 - n) * interval '6 weeks' / 30000 $$;
    create function id_of(n integer, series integer) returns uuid language sql as
      $$ select overlay(overlay(uuid_floor(time_of(n) + series * interval '1 s')::text placing '7' from 15 for 1)
           placing lpad(to_hex(n * 16 + series), 12, '0') from 25 for 12)::uuid $$;

    insert into orders (order_id, status, version, data, created_at)
      select 'o-' || n, case when n between 100 and 104 then 'refunded' when n % 10 = 0 then 'shipped' else 'delivered' end, 4,
        jsonb_build_object('customer', jsonb_build_object('id', case when n % 20 = 0 then 'big' else 'c-' || n / 10 end)),
        time_of(n)
      from generate_series(1, 30000) n;

    insert into events (event_id, source, id, type, order_id, occurred_at, data, batch)
      select id_of(n, step), case when n = 300 then 'till' when n % 3 = 0 then 'web' else 'shop' end, n || '-' || step,
        case when n between 50 and 56 and step = 3 then 'order.updated' when step = 0 then 'order.created' else 'order.status_changed' end,
        'o-' || n, now(), '{"status":"shipped"}', case when n <= 3000 then 'old' when n > 29990 then 'new' end
      from generate_series(1, 30000) n, generate_series(0, 3) step;

    -- A backlog of the newest, some that came early, some that were refused.
    insert into jobs (id, name, queue, priority, payload, state, wait_reason, outcome, order_id, batch, error_code, fingerprint)
      select event_id, 'apply-order-event', 'order-status', 3, '{}',
        case when n > 29500 then 'runnable' when n % 2000 = 7 then 'parked' else 'ended' end,
        case when n <= 29500 and n % 2000 = 7 then 'parked' end,
        case when n > 29500 or n % 2000 = 7 then null when n % 3000 = 9 then 'dead' when n % 5 = 0 then 'duplicate' else 'done' end,
        order_id, batch,
        case when n <= 29500 and n % 3000 = 9 then 'transition-not-allowed' end,
        case when n <= 29500 and n % 3000 = 9 then 'transition-not-allowed:apply-order-event' end
      from (select *, substr(order_id, 3)::int as n from events) e;

    -- Ten jobs for a destination that nobody else has; a hundred that wait for another try; a few dead, long ago.
    insert into jobs (id, name, queue, priority, payload, state, wait_reason, outcome, order_id, destination, version, batch, error_code, fingerprint)
      select id_of(n, 4 + series), 'sync-order', 'order-sync.' || destination, 3, '{}',
        case when n > 29000 or n between 200 and 219 then 'runnable' else 'ended' end,
        case when n between 200 and 219 then 'retry' end,
        case when n > 29000 or n between 200 and 219 then null when n between 400 and 409 then 'dead' else 'done' end,
        'o-' || n, destination, 1, case when n <= 3000 then 'old' when n > 29990 then 'new' end,
        case when n between 400 and 409 then 'destination-refused' end,
        case when n between 400 and 409 then 'destination-refused:' || destination end
      from (
        select n, 0 as series, 'erp' as destination from generate_series(1, 30000) n
        union all select n, 1, case when n between 600 and 609 then 'crm' else 'wms' end from generate_series(1, 30000) n
      ) deliveries;

    insert into jobs (id, name, queue, priority, payload, state, outcome, order_id, version, batch)
      select id_of(n, 6), 'send-notification', 'notifications', 2, '{}', 'ended', case when n = 700 then 'unknown' else 'done' end,
        'o-' || n, 1, case when n <= 3000 then 'old' when n > 29990 then 'new' end
      from generate_series(1, 30000) n;
    insert into messages (id, order_id, version, kind, channel, recipient, state, batch)
      select id_of(n, 6), 'o-' || n, 1, case when n = 710 then 'refunded' when n % 2 = 0 then 'shipped' else 'created' end,
        case when n = 720 then 'sms' else 'email' end, 'c@example.org',
        case when n = 700 then 'unknown' when n % 4 = 0 then 'delivered' else 'sent' end,
        case when n <= 3000 then 'old' when n > 29990 then 'new' end
      from generate_series(1, 30000) n;

    insert into lanes (order_id, destination, head, blocked_by, acked_version)
      select 'o-' || n, destination, case when n > 29000 then id_of(n, 4) end,
        case when n between 400 and 409 then id_of(n, 4) end, 1
      from generate_series(1, 30000) n, unnest(array['erp', 'wms']) destination`);
}

/** Two files read it: it is made once. */
export const manyRows: LedgerContent = { name: 'many_rows', fill: fillLedger };
