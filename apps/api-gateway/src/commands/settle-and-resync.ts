import type { ApiClient } from './api-client';
import { print, printJson, type OutputOptions } from './dead-letters';

export interface SettleOptions extends OutputOptions {
  readonly outcome: string;
  readonly reason: string;
}

export interface ResyncOptions extends OutputOptions {
  readonly destination: string;
  readonly reason?: string;
}

export async function settle(api: ApiClient, job: string, { outcome, reason, json }: SettleOptions): Promise<void> {
  const path = `/v1/jobs/${encodeURIComponent(job)}/settle`;
  const answer = await api.post<{ state: string; outcome: string | null }>(path, { outcome, reason });
  if (json) return printJson(answer);
  print(answer.outcome === null ? `Job ${job} is sent again.\n` : `Job ${job} has ended as ${answer.outcome}.\n`);
}

export async function resync(api: ApiClient, order: string, { destination, reason, json }: ResyncOptions): Promise<void> {
  const path = `/v1/orders/${encodeURIComponent(order)}/resync`;
  const answer = await api.post<{ version: number; jobId: string }>(path, { destination, reason });
  if (json) return printJson(answer);
  print(`Job ${answer.jobId} sends version ${answer.version} of ${order} to ${destination}.\n`);
}
