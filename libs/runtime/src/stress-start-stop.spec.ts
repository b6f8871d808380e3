import { createServer, type Server } from 'node:net';
import type { Service } from './service';
import { stressStartStop } from './testing';

describe('stressStartStop', () => {
  it('rejects a service that leaves a handle open', async () => {
    const servers: Server[] = [];
    const leaking = (): Service => ({
      name: 'leaking',
      start: () =>
        new Promise((resolve) => {
          servers.push(createServer().listen(0, '127.0.0.1', resolve));
        }),
      stop: async () => undefined,
    });
    await expect(stressStartStop(leaking, { rounds: 1 })).rejects.toThrow();
    for (const server of servers) server.close();
  });
});
