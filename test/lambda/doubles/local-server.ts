import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  readonly request: IncomingMessage;
  readonly body: string;
}

type Behaviour = (response: ServerResponse, received: Received) => void;

/** A real HTTP server on a free port that answers as it is told, and counts its connections. */
export const startLocalServer = async () => {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let behaviour: Behaviour = (response) => response.end('{}');
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const entry = { request, body: Buffer.concat(chunks).toString() };
    received.push(entry);
    behaviour(response, entry);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    sockets,
    connections: () => connections,
    behave: (next: Behaviour) => {
      behaviour = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

export type LocalServer = Awaited<ReturnType<typeof startLocalServer>>;
