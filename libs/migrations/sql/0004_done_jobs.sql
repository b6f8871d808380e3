-- Nearly all jobs end `done`. They are found by queue and state, so an entry under their outcome only costs a write per job.
drop index jobs_by_outcome;
create index jobs_by_outcome on jobs (outcome, id) where outcome <> 'done';
