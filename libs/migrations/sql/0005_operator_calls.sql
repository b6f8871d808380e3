-- Calls of operators: redrive and discard dead letters, settle unknown outcomes, resend an order, pause an order.

-- The settings of each destination that decide about its lanes. order-sync-worker writes them when it starts, because only
-- it reads the destinations file.
create table destinations (
  name text primary key,
  mode text not null check (mode in ('every-event', 'latest-state')),
  on_dead_head text not null check (on_dead_head in ('block', 'supersede', 'skip')),
  -- False after the destination was removed from the file. Its dead letters cannot be sent again.
  declared boolean not null default true,
  updated_at timestamptz not null default now()
);

-- Work that was requested over HTTP and that workers carry out step by step.
create table operations (
  id uuid primary key,
  kind text not null check (kind in ('redrive')),
  state text not null check (state in ('running', 'done', 'cancelled')),
  -- Canaries are sent first, then their ends are awaited (`waiting`), then the rest follows.
  phase text not null check (phase in ('canaries', 'waiting', 'rest')),
  filter jsonb not null,
  per_second integer not null,
  -- Canaries per fingerprint; null without canaries.
  first integer,
  -- [{id, fingerprint}], in the order in which they are sent; null until they are chosen.
  canaries jsonb,
  -- Fingerprints whose canaries failed. The rest of their letters is not sent.
  held_back text[] not null default '{}',
  -- The last letter that the walk has passed; null before the first.
  position uuid,
  matched integer not null,
  sent integer not null default 0,
  superseded integer not null default 0,
  skipped integer not null default 0,
  reason text,
  actor text not null,
  api_key_id uuid,
  on_behalf_of text,
  trace_id text,
  created_at timestamptz not null default now(),
  -- The earliest time of the next step: paces the operation.
  next_at timestamptz not null default now(),
  ended_at timestamptz
);
create index operations_running on operations (next_at) where state = 'running';

-- The operation that last sent the job again, and when. A job's age counts from then.
alter table jobs add column operation_id uuid, add column redriven_at timestamptz;
create index jobs_by_operation on jobs (operation_id, outcome) where operation_id is not null;
