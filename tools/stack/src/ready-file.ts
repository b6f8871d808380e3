import { rmSync } from 'node:fs';
import { writePrivateFile } from './private-file';
import type { WebhookSecrets } from './webhook-secrets';

/** What others need to work with a running stack. */
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
};

/** The file that appears when everything is ready, stays true while it runs, and goes when it stops. */
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

  /** A service runs under another pid from now on. Does nothing before the file is published. */
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
