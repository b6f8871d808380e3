-- The ledger of record. Times come from the database's clock; ids are UUIDv7.
-- Events, jobs, attempts and messages are partitioned by the week in their UUIDv7. No foreign key points to them, because a key
-- would have to be checked when a partition is dropped.

-- The order of acceptance over all gateways. Numbers may be missing.
create sequence acceptance as bigint;

-- Ensures that (source, id) is unique. Keys are kept for longer than their events, so that late repeats are recognised.
create table event_keys (
  source text not null,
  id text not null,
  event_id uuid not null,
  order_id text not null,
  body_hash bytea not null,
  created_at timestamptz not null default now(),
  primary key (source, id)
);

create table events (
  event_id uuid not null primary key,
  acceptance bigint not null default nextval('acceptance'),
  source text not null,
  id text not null,
  type text not null,
  order_id text not null,
  occurred_at timestamptz not null,
  data jsonb not null,
  notify boolean not null default true,
  batch text,
  traceparent text,
  tracestate text,
  accepted_at timestamptz not null default now()
) partition by range (event_id);
create index events_by_order on events (order_id, acceptance);

-- A row without status is a placeholder. It is created and locked before the events of an unknown order are read.
create table orders (
  order_id text primary key,
  status text,
  version integer not null default 0,
  data jsonb not null default '{}',
  -- When the last writer of each top-level key of data occurred.
  key_times jsonb not null default '{}',
  status_occurred_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- One row per version: the status history (rows whose from_status differs from to_status), and the data of each version.
create table order_changes (
  order_id text not null,
  version integer not null,
  from_status text,
  to_status text not null,
  -- Statuses between the two that no event reported.
  skipped text[] not null default '{}',
  occurred_at timestamptz not null,
  reason text,
  event_id uuid not null,
  -- The order's data from this version on; null if the version before has the same data.
  data jsonb,
  applied_at timestamptz not null default now(),
  primary key (order_id, version)
);

create table jobs (
  id uuid not null primary key,
  name text not null,
  queue text not null,
  priority smallint not null check (priority between 1 and 4),
  payload jsonb not null,
  state text not null check (state in ('runnable', 'running', 'blocked', 'parked', 'ended')),
  -- Why a job waits: retry, throttled, held, parked, behind-head, handed-back.
  wait_reason text,
  -- The earliest time to run; for a parked job its deadline.
  run_at timestamptz not null default now(),
  order_id text,
  destination text,
  version integer,
  batch text,
  attempts_used smallint not null default 0,
  -- All claims, including those that used no attempt. Numbers the rows of attempts.
  tries integer not null default 0,
  crashes smallint not null default 0,
  claim_token uuid,
  claimed_by uuid,
  claimed_at timestamptz,
  -- The intent: the version that the running attempt sends.
  intent_version integer,
  -- Raised by a redrive, so that its request has a new idempotency key.
  epoch smallint not null default 0,
  outcome text check (outcome in ('done', 'skipped', 'duplicate', 'superseded', 'dead', 'unknown', 'discarded')),
  -- The version that was applied or sent.
  result_version integer,
  error_code text,
  error_message text,
  -- Facts about the end that a person may need, such as the statuses that the order could have changed to.
  detail jsonb,
  fingerprint text,
  traceparent text,
  tracestate text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((state = 'ended') = (outcome is not null)),
  check ((state = 'running') = (claim_token is not null))
) partition by range (id);
create index jobs_due on jobs (queue, run_at, id) where state in ('runnable', 'parked');
create index jobs_running on jobs (claimed_by) where state = 'running';
create index jobs_by_order on jobs (order_id, destination, version);
create index jobs_by_batch on jobs (batch, queue) where batch is not null;
create index jobs_dead on jobs (id) where outcome = 'dead';

create table attempts (
  job_id uuid not null,
  number integer not null,
  started_at timestamptz not null,
  ended_at timestamptz not null default now(),
  outcome text not null,
  used_attempt boolean not null,
  error_class text,
  error_code text,
  error_message text,
  version_sent integer,
  response_status integer,
  response_excerpt text,
  confirmation_id text,
  trace_id text,
  process_id uuid,
  primary key (job_id, number)
) partition by range (job_id);

-- A message has the id of the job that sends it.
create table messages (
  id uuid not null primary key,
  order_id text not null,
  version integer not null,
  kind text not null,
  channel text not null,
  recipient text,
  state text not null,
  -- The provider's id, or the Message-ID of a mail. The latter is deterministic, so that the mail can be found again.
  provider_id text,
  reason text,
  batch text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) partition by range (id);
create index messages_by_order on messages (order_id, version);
create index messages_by_batch on messages (batch) where batch is not null;

create table lanes (
  order_id text not null,
  destination text not null,
  -- The only job of the lane that may run; null if no job is open or the lane is blocked.
  head uuid,
  acked_version integer not null default 0,
  -- A job that ended dead or unknown. A person must settle it before anything else is sent.
  blocked_by uuid,
  updated_at timestamptz not null default now(),
  primary key (order_id, destination)
);
create index lanes_blocked on lanes (destination) where blocked_by is not null;
-- For the repair of lanes, which reads lanes with open jobs only.
create index lanes_open on lanes (destination, order_id) where head is not null and blocked_by is null;

create table holds (
  scope text not null check (scope in ('queue', 'destination', 'order')),
  key text not null,
  reason text not null,
  -- For throttled the end of the hold; otherwise the time when the next single job may try.
  until timestamptz not null,
  since timestamptz not null default now(),
  primary key (scope, key)
);

create table processes (
  id uuid primary key,
  service text not null,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);

create table leases (
  name text primary key,
  holder uuid not null,
  until timestamptz not null
);

create table cleanup_runs (
  id uuid primary key,
  task text not null,
  scheduled_for timestamptz not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  started_at timestamptz,
  ended_at timestamptz,
  rows bigint not null default 0,
  bytes bigint not null default 0,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (task, scheduled_for)
);

create table api_keys (
  id uuid primary key,
  name text not null,
  -- The visible start of the key. It identifies the key and is no secret.
  prefix text not null unique,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

-- The lowest UUIDv7 of a moment.
create function uuid_floor(moment timestamptz) returns uuid language sql immutable strict as $$
  select (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Creates the missing weekly partitions from this week to weeks_ahead weeks later, and returns their names. Rows of a week
-- without a partition are stored in the default partition, and move when their partition is created.
create function ensure_partitions(weeks_ahead integer) returns setof text language plpgsql as $$
declare
  parent text;
  key_column text;
  week timestamptz;
  child text;
begin
  perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
  foreach parent in array array['events', 'jobs', 'attempts', 'messages'] loop
    key_column := case parent when 'events' then 'event_id' when 'attempts' then 'job_id' else 'id' end;
    for step in 0..weeks_ahead loop
      week := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' + make_interval(weeks => step);
      child := parent || '_' || to_char(week at time zone 'UTC', 'IYYY"w"IW');
      continue when to_regclass(child) is not null;
      execute format('create table %I (like %I including defaults including constraints)', child, parent);
      execute format(
        'with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
        parent || '_default', key_column, uuid_floor(week), key_column, uuid_floor(week + interval '1 week'), child);
      execute format(
        'alter table %I attach partition %I for values from (%L) to (%L)',
        parent, child, uuid_floor(week), uuid_floor(week + interval '1 week'));
      return next child;
    end loop;
  end loop;
end
$$;

create table events_default partition of events default;
create table jobs_default partition of jobs default;
create table attempts_default partition of attempts default;
create table messages_default partition of messages default;

select ensure_partitions(8);
