import { join } from 'node:path';

/** The five services, in the order of the banner. */
export const serviceNames = ['api-gateway', 'status-worker', 'order-sync-worker', 'notification-worker', 'cleanup-cron'] as const;
export type ServiceName = (typeof serviceNames)[number];

// This file is bundled into dist/tools/stack/main.cjs.
const dist = join(__dirname, '..', '..');

/** The folder of a built service. */
export const serviceFolder = (name: ServiceName): string => join(dist, 'apps', name);
