-- What operators are to be told. An occurrence is counted in the transaction that causes it, under its fingerprint: cause and
-- subject. notification-worker turns the counts into jobs, at most once per fingerprint and window.
create table alert_windows (
  fingerprint text primary key,
  cause text not null,
  subject text not null,
  -- Occurrences that no alert has told yet, the times of the first and the last, and facts about the first.
  pending integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  code text,
  example_id uuid,
  detail text,
  -- When the last alert was raised; null before the first.
  told_at timestamptz
);
