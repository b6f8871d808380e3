/** Who did something, for the audit trail. */
export interface Actor {
  /** The API key's name, `webhook <platform>`, or `orderly` for what the system does by itself. */
  readonly name: string;
  readonly apiKeyId: string | null;
  /** The person or system for whom a request says that it acts: as trustworthy as the key that it came with. */
  readonly onBehalfOf: string | null;
}
