import { rmSync } from 'node:fs';
import { writePrivateFile } from './private-file';
import type { WebhookSecrets } from './webhook-secrets';

/** The facts that tools need to use a running stack. */
export type ReadyContent = {
  gateway: string;
  apiKey: string;
  webhookSecrets: WebhookSecrets;
  admin: Record<string, string>;
  pids: Record<string, number>;
  databaseUrl: string;
  redisUrl: string;
  partners: { erp: string; wms: string };
  mailbox: string;
  /** The sink of alerts. It gets none if the caller's settings send them elsewhere. */
  alerts: string;
};

/** A file that exists while the stack is ready. It is updated while the stack runs and deleted when the stack stops. */
export class ReadyFile {
  readonly #file: string | undefined;
  #content: ReadyContent | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  publish(content: ReadyContent): void {
    this.#content = content;
    this.#write();
  }

  /** Updates the pid of a restarted service. Does nothing before the file is published. */
  replacePid(service: string, pid: number): void {
    if (!this.#content) return;
    this.#content.pids[service] = pid;
    this.#write();
  }

  withdraw(): void {
    this.#content = undefined;
    if (this.#file) rmSync(this.#file, { force: true });
  }

  #write(): void {
    if (this.#file) writePrivateFile(this.#file, this.#content);
  }
}
