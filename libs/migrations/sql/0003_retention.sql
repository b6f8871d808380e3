-- Retention that keeps up with 500 events a second.

-- Positions of cleanups that walk a large table over several runs.
create table cleanup_cursors (
  name text primary key,
  -- The first id that the walk has not reached yet.
  position uuid not null,
  updated_at timestamptz not null default now()
);

-- Keys in the order of their age, so that expired keys are found without reading the others. New ids are the highest, so an
-- insert goes to the last page of the index.
create index event_keys_by_age on event_keys (event_id);

-- Finds out whether a week has a job that blocks its lane.
create index lanes_by_blocker on lanes (blocked_by) where blocked_by is not null;
