-- The sender of each event, stored answers for repeated requests, the audit trail, and an index for each filter of the API.

-- The sender of the event: the name of the key or platform, the key's id, and the person whom the request claims to act for.
alter table events
  add column actor text not null default 'unknown',
  add column api_key_id uuid,
  add column on_behalf_of text,
  -- A person requested the change and waits for the result, so it is applied or refused, never parked.
  add column manual boolean not null default false,
  add column expected_version integer;

-- Null means no limit.
alter table api_keys add column requests_per_minute integer check (requests_per_minute > 0);

-- For a pause: its reason, who requested it, and on whose behalf.
alter table holds add column note text, add column actor text, add column on_behalf_of text;

-- The queues that the process works on. A queue is thus known, and can be paused, before its first job.
alter table processes add column queues text[] not null default '{}';

-- Answers of requests with an Idempotency-Key, written in the transaction that does the work. A request that runs is marked by an
-- advisory lock of that transaction, which ends with a process that dies.
create table idempotency_keys (
  -- The API key that sent the request, and the operation.
  scope text not null,
  key text not null,
  -- SHA-256 of the request's body.
  fingerprint bytea not null,
  status smallint not null,
  headers jsonb not null default '{}',
  body text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_keys_expired on idempotency_keys (expires_at);

-- All decisions about events, and all actions of people. Triggers refuse updates and deletes.
create table audit (
  id uuid not null primary key,
  at timestamptz not null default now(),
  action text not null,
  order_id text,
  event_id uuid,
  source text,
  from_status text,
  to_status text,
  version integer,
  -- The reason that a person gave, or the message of a refusal; then the refusal's error code.
  reason text,
  code text,
  -- The queue, the destination or the API key that was acted on.
  subject text,
  actor text not null,
  api_key_id uuid,
  on_behalf_of text,
  trace_id text,
  detail jsonb
) partition by range (id);
create index audit_by_order on audit (order_id, id) where order_id is not null;
create index audit_by_action on audit (action, id);
create index audit_by_actor on audit (actor, id);
create index audit_by_person on audit (on_behalf_of, id) where on_behalf_of is not null;
create index audit_by_subject on audit (subject, id) where subject is not null;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'The audit trail is only added to: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_audit_change();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function refuse_audit_change();

-- As before, and for the audit trail too. The parent's trigger does not fire when a partition is truncated, so each partition
-- gets a trigger of its own. Rows leave the default partition with its trigger disabled, which only the tables' owner may do.
create or replace function ensure_partitions(weeks_ahead integer) returns setof text language plpgsql as $$
declare
  parent text;
  key_column text;
  week timestamptz;
  child text;
  has_strays boolean;
begin
  perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
  foreach parent in array array['events', 'jobs', 'attempts', 'messages', 'audit'] loop
    key_column := case parent when 'events' then 'event_id' when 'attempts' then 'job_id' else 'id' end;
    for step in 0..weeks_ahead loop
      week := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' + make_interval(weeks => step);
      child := parent || '_' || to_char(week at time zone 'UTC', 'IYYY"w"IW');
      continue when to_regclass(child) is not null;
      execute format('create table %I (like %I including defaults including constraints)', child, parent);
      execute format(
        'select exists (select from %I where %I >= %L and %I < %L)',
        parent || '_default', key_column, uuid_floor(week), key_column, uuid_floor(week + interval '1 week')) into has_strays;
      if has_strays then
        if parent = 'audit' then alter table audit_default disable trigger audit_is_append_only; end if;
        execute format(
          'with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
          parent || '_default', key_column, uuid_floor(week), key_column, uuid_floor(week + interval '1 week'), child);
        if parent = 'audit' then alter table audit_default enable trigger audit_is_append_only; end if;
      end if;
      execute format(
        'alter table %I attach partition %I for values from (%L) to (%L)',
        parent, child, uuid_floor(week), uuid_floor(week + interval '1 week'));
      if parent = 'audit' then
        execute format(
          'create trigger audit_is_not_emptied before truncate on %I for each statement execute function refuse_audit_change()',
          child);
      end if;
      return next child;
    end loop;
  end loop;
end
$$;

create table audit_default partition of audit default;
create trigger audit_is_not_emptied before truncate on audit_default
  for each statement execute function refuse_audit_change();
select ensure_partitions(8);

-- Lists are paged by id, the newest first, or by the columns before the id in their index.
create index orders_by_created on orders (created_at, order_id) where status is not null;
create index orders_by_status on orders (status, created_at, order_id) where status is not null;
create index orders_by_customer on orders ((data -> 'customer' ->> 'id'), created_at, order_id) where status is not null;

create index events_by_type on events (type, event_id);
create index events_by_source on events (source, event_id);
create index events_by_batch on events (batch, event_id) where batch is not null;
create index events_batch_orders on events (batch, order_id) where batch is not null;

-- One index for the filters queue, destination, type and state: each of them is a few pairs of queue and state. It also serves
-- the counts of queues, without reading the table.
create index jobs_by_queue on jobs (queue, state, id) include (priority);
-- Runnable jobs that wait for another try. Jobs that never failed are not in the index, so it costs them nothing.
create index jobs_retrying on jobs (queue, id) include (priority) where state = 'runnable' and wait_reason is not null;
create index jobs_by_outcome on jobs (outcome, id) where outcome is not null;
create index jobs_by_fingerprint on jobs (fingerprint, id) where fingerprint is not null;
-- Counts jobs that ended lately. A BRIN index costs next to nothing to write, and leads to the pages that were written lately.
create index jobs_ended on jobs using brin (ended_at) with (pages_per_range = 16, autosummarize = on);
drop index jobs_dead;
drop index jobs_by_batch;
create index jobs_by_batch on jobs (batch, id) where batch is not null;

create index messages_by_state on messages (state, kind, id);
drop index messages_by_batch;
create index messages_by_batch on messages (batch, id) where batch is not null;

drop index lanes_blocked;
create index lanes_blocked on lanes (destination, order_id) where blocked_by is not null;
