import { ConfigurationError } from '@orderly/errors';
import { readFile } from 'node:fs/promises';
import { expandEnvironment, type Environment } from '../expand-environment';
import { deepFreeze, describeIssue, settingsError } from '../settings-faults';
import { readYaml } from '../yaml-source';
import { AlertsFile, type AlertSettings } from './alert-settings';

/**
 * Reads and checks an alerts file.
 *
 * @returns the settings, frozen, defaults filled in
 * @throws ConfigurationError `configuration-invalid`: its message has every mistake at once, with line, column, path and fault,
 * and no value of the environment
 */
export async function loadAlerts(file: string, env: Environment): Promise<AlertSettings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown fault';
    throw new ConfigurationError('configuration-invalid', `${file} cannot be read (${reason})`, { cause });
  });
  return parseAlerts(text, env, file);
}

/** As {@link loadAlerts}, for the text of a file. */
export function parseAlerts(text: string, env: Environment, file = 'alerts'): AlertSettings {
  const source = readYaml(text);
  if (source.syntaxFaults.length > 0) throw settingsError(file, source.syntaxFaults);
  const expansion = expandEnvironment(source.value, env);
  const parsed = AlertsFile.safeParse(expansion.value);
  const faults = [...expansion.faults, ...(parsed.success ? [] : parsed.error.issues.flatMap(describeIssue))].map(source.locate);
  if (!parsed.success || faults.length > 0) throw settingsError(file, faults);
  return deepFreeze(parsed.data);
}

/** The settings that need no file: the channels, and the defaults of everything else. */
export function alertsTo({ webhookUrl, mailTo }: { webhookUrl?: string; mailTo?: readonly string[] }): AlertSettings {
  const webhook = webhookUrl === undefined ? undefined : { url: webhookUrl, timeoutMs: 10_000, allowPrivateNetwork: false };
  const mail = mailTo && { to: mailTo };
  return deepFreeze({ webhook, mail, windowSeconds: 900, redisMemoryPercent: 85 });
}
