-- Remembers whether an earlier try may have taken effect: its request was not answered, or its process died. If the job then
-- fails for good, it ends unknown and not dead.
alter table jobs add column in_doubt boolean not null default false;
