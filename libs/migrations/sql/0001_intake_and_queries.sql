-- What comes in can be trusted, and what happened can be found: who sent an event, answers kept for repeated requests, the audit
-- trail, and an index behind every filter of the API.

-- Who sent the event: the key's name or the platform, the key itself, and for whom the request says that it acts.
alter table events
  add column actor text not null default 'unknown',
  add column api_key_id uuid,
  add column on_behalf_of text,
  -- A manual change: a person waits for it, so it is applied or refused, never parked.
  add column manual boolean not null default false,
  add column expected_version integer;

-- At most so many requests in a minute; null is no limit.
alter table api_keys add column requests_per_minute integer check (requests_per_minute > 0);

-- Why an operator paused a queue, who, and for whom.
alter table holds add column note text, add column actor text, add column on_behalf_of text;

-- The queues that the process works on: what can be paused is known before its first job.
alter table processes add column queues text[] not null default '{}';

-- Answers of requests that carried an Idempotency-Key, written in the transaction that did the work. While a request runs, a
-- lock of that transaction says so: nothing is left behind by a process that dies.
create table idempotency_keys (
  -- Whose key it is, and for which call.
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

-- Everything that was decided about an event, and everything that a person did. Only ever added to.
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
  -- Why: the reason that was given, or the words of the refusal; and its error code.
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

-- Like its first form, and the audit trail too. A partition of that gets its own guard against truncation, which triggers of the
-- parent do not see; and its rows are moved out of the default partition with the guard off, which only the tables' owner can do.
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

-- Lists are paged by id, the newest first, or by what stands before it in their index.
create index orders_by_created on orders (created_at, order_id) where status is not null;
create index orders_by_status on orders (status, created_at, order_id) where status is not null;
create index orders_by_customer on orders ((data -> 'customer' ->> 'id'), created_at, order_id) where status is not null;

create index events_by_type on events (type, event_id);
create index events_by_source on events (source, event_id);
create index events_by_batch on events (batch, event_id) where batch is not null;
create index events_batch_orders on events (batch, order_id) where batch is not null;

-- One index for queue, destination, type and state: each of them is a few pairs of queue and state. It counts the queues too.
create index jobs_by_queue on jobs (queue, state, id) include (priority);
-- Those that wait for another try: told from those that wait for their first, in counts and in lists, at no cost to the others.
create index jobs_retrying on jobs (queue, id) include (priority) where state = 'runnable' and wait_reason is not null;
create index jobs_by_outcome on jobs (outcome, id) where outcome is not null;
create index jobs_by_fingerprint on jobs (fingerprint, id) where fingerprint is not null;
-- How many jobs ended lately: read for the newest pages alone, and next to nothing to write.
create index jobs_ended on jobs using brin (ended_at) with (pages_per_range = 16, autosummarize = on);
drop index jobs_dead;
drop index jobs_by_batch;
create index jobs_by_batch on jobs (batch, id) where batch is not null;

create index messages_by_state on messages (state, kind, id);
drop index messages_by_batch;
create index messages_by_batch on messages (batch, id) where batch is not null;

drop index lanes_blocked;
create index lanes_blocked on lanes (destination, order_id) where blocked_by is not null;
