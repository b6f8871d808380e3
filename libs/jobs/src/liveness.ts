/**
 * The times that separate a dead process from a slow one, in ms. They must keep their order: a process that cannot renew its
 * heartbeat stops sending (`fenceMs`) before any other may take its claims over (`staleMs`).
 */
export const liveness = { beatMs: 1000, fenceMs: 4000, staleMs: 8000 } as const;
