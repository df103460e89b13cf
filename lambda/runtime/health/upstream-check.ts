import net from 'node:net';
import tls from 'node:tls';
import { HealthStatus } from '../../../lib/contract/health';
import type { IHealthCheck } from './health-check';

/** Resolves once a connection stands, and closes it; rejects when there is none, or the signal is aborted. */
export type Connect = (url: URL, signal: AbortSignal) => Promise<void>;

/** TCP, and for `https:` the TLS handshake with its certificate. Not one byte of a request is sent. */
export const connectTo: Connect = (url, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const isTls = url.protocol === 'https:';
  // An IPv6 address stands in brackets in a URL, and an address is no server name.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: Number(url.port || (isTls ? 443 : 80)) };
  const socket = isTls
    ? tls.connect({ ...address, ...(net.isIP(host) === 0 && { servername: host }) })
    : net.connect(address);
  const abandon = () => socket.destroy(new Error('Aborted'));
  signal.addEventListener('abort', abandon, { once: true });
  socket.once('error', reject);
  socket.once(isTls ? 'secureConnect' : 'connect', () => resolve());
  return promise.finally(() => {
    signal.removeEventListener('abort', abandon);
    socket.destroy();
  });
};

/** Whether the upstream can be reached, without a call that it could charge for. */
export const upstreamCheck = (baseUrl: string, connect: Connect = connectTo): IHealthCheck => ({
  name: 'upstream',
  isCritical: false,
  run: async (signal) => {
    await connect(new URL(baseUrl), signal);
    return { status: HealthStatus.OK };
  },
});
