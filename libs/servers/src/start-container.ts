export type ContainerRequest = { image: string; port: number; environment?: Record<string, string>; command: string[] };
export type RunningContainer = { address: string; stop: () => Promise<void> };

/**
 * Runs a container through Testcontainers.
 *
 * @throws NoEngineError if no container engine answers; Error if the image cannot be pulled or started
 */
export async function startContainer({ image, port, environment = {}, command }: ContainerRequest): Promise<RunningContainer> {
  // Loaded here, because loading takes half a second and most machines do not need it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  await getContainerRuntimeClient().catch(() => {
    throw new NoEngineError('no engine answers');
  });
  const container = await new GenericContainer(image)
    .withExposedPorts(port)
    .withEnvironment(environment)
    .withCommand(command)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  let stopping: Promise<unknown> | undefined;
  return {
    address: `${container.getHost()}:${container.getMappedPort(port)}`,
    stop: async () => {
      stopping ??= container.stop({ timeout: 5_000 });
      await stopping;
    },
  };
}

/** The machine runs no container engine, or this user may not use it. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
}
