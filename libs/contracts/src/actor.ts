/** The author of an action, for the audit trail. */
export interface Actor {
  /** The API key's name, `webhook <platform>`, or `orderly` for an action of the system itself. */
  readonly name: string;
  readonly apiKeyId: string | null;
  /** The person or system that the request names. Not verified: it is only as trustworthy as the key. */
  readonly onBehalfOf: string | null;
}
