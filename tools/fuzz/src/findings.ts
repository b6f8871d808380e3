/** The bound of a run: a time, or a number of requests to each call. The latter does not depend on the speed of the machine. */
export type Bound = { readonly seconds: number } | { readonly perCall: number };

/** The result of sending requests. */
export type Findings = {
  /** The number of calls of the API that were tried. */
  operations: number;
  requests: number;
  /** The number of calls that were not tried before the time was over. */
  untried?: number;
  found: Finding[];
};

export type Finding = {
  /** A short description of the fault. */
  what: string;
  count: number;
  /** Method and path. */
  operations: string[];
  /** A request that caused the fault. */
  example?: string;
};
