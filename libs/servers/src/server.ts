/** The origin of a server. */
export type ServerSource = 'environment' | 'path' | 'embedded' | 'containers';

/** A server that answers. */
export type Server = {
  /** Contains the credentials, so never log it. */
  url: string;
  source: ServerSource;
  /** A text for people, such as `PostgreSQL 15.13 from /usr/lib/postgresql/15/bin`. */
  description: string;
  /** Stops the server within seconds and removes its temporary files. Leaves a server from the environment alone. Idempotent. */
  stop: () => Promise<void>;
};

/** The modes of a Redis server. */
export type RedisKind = 'standalone' | 'cluster' | 'sentinel';

export type ServerOptions = {
  /** The environment of the process. `PATH`, `HOME`, `DATABASE_URL` and `REDIS_URL` are read from it. */
  environment: NodeJS.ProcessEnv;
  /** Whether containers are tried right after the environment (tests), or last (the local stack). @defaultValue `last` */
  containers?: 'first' | 'last';
  /** The folder for the data of a private server. Without it the data is deleted when the server stops. */
  dataFolder?: string;
  /**
   * Whether a confirmed commit survives a crash of the machine. False is for tests only: it is about four times as fast, and a
   * crash may lose everything. @defaultValue true
   */
  isDurable?: boolean;
  /** The kind of Redis. Tests need the other kinds, which services must refuse. @defaultValue `standalone` */
  redisKind?: RedisKind;
  /** Receives one line each time a way fails, and before slow work such as a download. */
  report?: (line: string) => void;
  /** Receives the output of a private server, line by line. */
  onOutput?: (line: string) => void;
};

/** One way to get a server. */
export type Way = {
  source: ServerSource;
  /**
   * Returns a server that answers, or undefined if nobody asked for this way.
   *
   * @throws Error with one line that says why this way does not work here
   */
  start: () => Promise<Server | undefined>;
};
