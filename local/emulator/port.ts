import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { LocalFailure } from '../failure';

/**
 * A port of 127.0.0.1 on which something can listen: the wanted one, or any free one.
 * @throws LocalFailure when the wanted port is taken or not allowed.
 */
export function choosePort(option: string, wanted?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`;
      reject(new LocalFailure(`local: port ${wanted} ${why}: choose another with ${option}, or leave it out`));
    });
    probe.listen({ host: '127.0.0.1', port: wanted ?? 0, exclusive: true }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
