import type { Environment } from '@orderly/config';
import { alertsTo, loadAlerts, type AlertSettings } from '@orderly/destinations';
import type { NotificationWorkerConfig } from './config';

/**
 * The settings of alerts, from the file or from the variables. Undefined if alerts are not set up.
 *
 * @throws ConfigurationError `configuration-invalid` that names every fault of the file
 */
export async function readAlerts(
  { file, webhookUrl, mailTo }: NotificationWorkerConfig['alerts'],
  env: Environment,
): Promise<AlertSettings | undefined> {
  if (file !== undefined) return loadAlerts(file, env);
  return webhookUrl === undefined && mailTo === undefined ? undefined : alertsTo({ webhookUrl, mailTo });
}
