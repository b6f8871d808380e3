/** What was found by sending requests. */
export type Findings = {
  /** Calls of the API that were tried. */
  operations: number;
  requests: number;
  found: Finding[];
};

export type Finding = {
  /** In a few words. */
  what: string;
  count: number;
  /** Method and path. */
  operations: string[];
  /** A request that led to it. */
  example?: string;
};
