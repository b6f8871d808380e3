import { applyOrderEvent } from './apply-order-event';
import { cleanupTasks } from './cleanup-tasks';
import { sendAlert } from './send-alert';
import { sendNotification } from './send-notification';
import { syncOrder } from './sync-order';

/** All jobs of Orderly, by name. */
export const jobDefinitions = {
  'apply-order-event': applyOrderEvent,
  'sync-order': syncOrder,
  'send-notification': sendNotification,
  'send-alert': sendAlert,
  ...cleanupTasks,
} as const;

export type AnyJobDefinition = (typeof jobDefinitions)[keyof typeof jobDefinitions];

export const findJobDefinition = (name: string): AnyJobDefinition | undefined =>
  Object.hasOwn(jobDefinitions, name) ? jobDefinitions[name as keyof typeof jobDefinitions] : undefined;
