/** Where a server came from. */
export type ServerSource = 'environment' | 'path' | 'embedded' | 'containers';

/** A server that answers. */
export type Server = {
  /** With the credentials in it. */
  url: string;
  source: ServerSource;
  /** For people, such as `PostgreSQL 15.13 from /usr/lib/postgresql/15/bin`. */
  description: string;
  /** Ends it within seconds and removes what it left; safe to call again. Does nothing to a server from the environment. */
  stop: () => Promise<void>;
};

export type RedisKind = 'standalone' | 'cluster' | 'sentinel';

export type ServerOptions = {
  /** The process's environment: `PATH`, `HOME`, `DATABASE_URL`, `REDIS_URL` are read from it. */
  environment: NodeJS.ProcessEnv;
  /**
   * Whether containers come right after the environment (tests), or last (the local stack).
   * @defaultValue `last`
   */
  containers?: 'first' | 'last';
  /** Where a private server keeps its data, so that it survives a restart. Without it the data goes when the server stops. */
  dataFolder?: string;
  /**
   * Whether a commit that was answered survives a crash of the machine.
   * @defaultValue true. False is only for tests: it is about four times as fast and may lose everything.
   */
  isDurable?: boolean;
  /** What kind of Redis it is to be; the other kinds are for tests of what must be refused. @defaultValue `standalone` */
  redisKind?: RedisKind;
  /** Gets one line each time a way fails, and before anything slow such as a download. */
  report?: (line: string) => void;
  /** Gets what a private server prints, line by line. */
  onOutput?: (line: string) => void;
};

/** One way to get a server. */
export type Way = {
  source: ServerSource;
  /**
   * Gives a server that answers; or the reason, as an error with one line, why this way does not work here.
   * `undefined`: this way is not asked for, and its absence is nothing worth a line.
   */
  start: () => Promise<Server | undefined>;
};
