/** How much is sent: for how long, or how many requests to each call. The second does not depend on the speed of the machine. */
export type Bound = { readonly seconds: number } | { readonly perCall: number };

/** What was found by sending requests. */
export type Findings = {
  /** Calls of the API that were tried. */
  operations: number;
  requests: number;
  /** Calls whose turn had not come when the time was over. */
  untried?: number;
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
