import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Express, Request } from 'express';
import { rateLimit } from '../../../../lambda/runtime/express';
import { MemoryRateLimitStore } from '../../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import { RateLimiter } from '../../../../lambda/runtime/rate-limit/rate-limiter';
import { PROBLEM_CONTENT_TYPE } from '../../../../lib/contract/problems';
import { NOON, WatchedStore } from './limiter-world';

const require = createRequire(import.meta.url);
const TERMS = { requestsPerSecond: 10, burst: 20 };

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

describe.each([
  ['Express 5', 'express'],
  ['Express 4', 'express4'],
])('%s', (_, name) => {
  let express: () => Express;
  let nowMs: number;
  let store: WatchedStore;
  let limiter: RateLimiter;

  beforeAll(() => {
    express = require(name);
    expect(require(`${name}/package.json`).version).toMatch(name === 'express' ? /^5/ : /^4/);
  });

  beforeEach(() => {
    nowMs = NOON;
    store = new WatchedStore();
    limiter = new RateLimiter({ store, now: () => nowMs });
  });

  const start = async (configure: (app: Express) => void): Promise<string> => {
    const app = express();
    configure(app);
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  const clientOf = (request: Request) => ({ clientId: request.get('x-client') ?? 'nobody', terms: TERMS });
  let served: number;
  const startLimited = (options: Partial<Parameters<typeof rateLimit<Request>>[0]> = {}): Promise<string> => {
    served = 0;
    return start((app) => {
      app.use('/limited', rateLimit({ limiter, clientOf, ...options }));
      app.all('/limited', (_request, response) => {
        served += 1;
        response.send('served');
      });
      app.use(
        (
          error: Error,
          _request: unknown,
          response: { status(code: number): { send(text: string): void } },
          next: unknown,
        ) => {
          expect(next).toEqual(expect.any(Function));
          response.status(500).send(`${error.name}: ${error.message}`);
        },
      );
    });
  };
  const ask = (base: string, client = 'a', init: RequestInit = {}) =>
    fetch(`${base}/limited`, { ...init, headers: { 'x-client': client } });

  test('lets a request through, and tells of the limits', async () => {
    const answer = await ask(await startLimited());
    expect(answer.status).toBe(200);
    await expect(answer.text()).resolves.toBe('served');
    expect(answer.headers.get('ratelimit-policy')).toBe('"rate";q=20;w=2');
    expect(answer.headers.get('ratelimit')).toBe('"rate";r=19;t=1');
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  test('200 at once over loopback: exactly the burst is served, and each other one is told when to come again', async () => {
    const base = await startLimited();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(base)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(refused).toHaveLength(180);
    expect(served).toBe(20);
    for (const { headers } of refused) {
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.get('ratelimit')).toBe('"rate";r=0;t=1');
    }
    nowMs += 1_000;
    const later = await Promise.all(Array.from({ length: 200 }, () => ask(base)));
    expect(later.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(store.row).toMatchObject({ dayCount: 30 });
  }, 60_000);

  test('answers a refusal with a problem document that names the limits and the request', async () => {
    const base = await startLimited({
      clientOf: () => ({ clientId: 'a', terms: { ...TERMS, requestsPerDay: 1 }, cost: 1 }),
      requestIdOf: () => 'request-1',
    });
    await ask(base);
    const answer = await ask(base);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('content-type')).toBe(PROBLEM_CONTENT_TYPE);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('retry-after')).toBe('43200');
    await expect(answer.json()).resolves.toEqual({
      type: 'urn:bulwark:problem:quota-exceeded',
      status: 429,
      title: 'The quota of this client is used up.',
      instance: 'urn:bulwark:request:request-1',
      'violated-policies': ['day'],
    });
  });

  test('names each refused request anew where nobody else does', async () => {
    const base = await startLimited({ clientOf: () => ({ clientId: 'a', terms: { ...TERMS, requestsPerDay: 0 } }) });
    const instanceOf = async (answer: Response) => ((await answer.json()) as { instance: string }).instance;
    const instances = await Promise.all([ask(base).then(instanceOf), ask(base).then(instanceOf)]);
    expect(new Set(instances).size).toBe(2);
    for (const instance of instances) expect(instance).toMatch(/^urn:bulwark:request:[0-9a-f-]{36}$/);
  });

  test('takes what a request costs', async () => {
    const base = await startLimited({ clientOf: async () => ({ clientId: 'a', terms: TERMS, cost: 15 }) });
    const answers = [await ask(base), await ask(base)];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(answers[1]?.headers.get('ratelimit')).toBe('"rate";r=5;t=1');
  });

  test('keeps clients apart', async () => {
    const base = await startLimited();
    await Promise.all(Array.from({ length: 25 }, () => ask(base, 'a')));
    expect((await ask(base, 'b')).status).toBe(200);
    expect((await ask(base, 'a')).status).toBe(429);
  });

  test('answers without a body where there is to be none', async () => {
    const base = await startLimited({ clientOf: () => ({ clientId: 'a', terms: { ...TERMS, requestsPerDay: 0 } }) });
    const answer = await ask(base, 'a', { method: 'HEAD' });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('43200');
  });

  test('a store that is away lets nobody through: 503, and who watches is told', async () => {
    const told: string[] = [];
    const base = await startLimited({
      onUnavailable: (error, request) => void told.push(`${error.name} ${request.method}`),
    });
    store.before = () => Promise.reject(new Error('the table in the secret account is away'));
    const answer = await ask(base);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('ratelimit')).toBeNull();
    const document = await answer.text();
    expect(JSON.parse(document)).toMatchObject({ type: 'urn:bulwark:problem:unavailable', status: 503 });
    expect(document).not.toContain('secret');
    expect(told).toEqual(['RateLimitStoreError GET']);
    expect(served).toBe(0);
    store.before = () => undefined;
    expect((await ask(base)).status).toBe(200);
  });

  test('who does not watch is not told, and the answer is the same', async () => {
    const base = await startLimited();
    store.before = () => Promise.reject(new Error('away'));
    expect((await ask(base)).status).toBe(503);
  });

  test.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no key');
      },
      'Error: no key',
    ],
    ['rejects', () => Promise.reject(new Error('no key')), 'Error: no key'],
    ['rejects with nothing', () => Promise.reject(undefined), 'Error: The client of the request is not known.'],
    ['rejects with a word of Express', () => Promise.reject('route'), 'Error: The client of the request is not known.'],
    ['gives no client', () => undefined, 'TypeError: '],
    [
      'gives terms that are none',
      () => ({ clientId: 'a', terms: { ...TERMS, burst: 0 } }),
      'RangeError: `burst` must be',
    ],
    ['gives a cost that is none', () => ({ clientId: 'a', terms: TERMS, cost: 0 }), 'RangeError: `cost` must be'],
  ])(
    'where the app %s, its own error handler answers, and nobody is served',
    async (_name, clientOfRequest, message) => {
      const base = await startLimited({ clientOf: clientOfRequest as never });
      const answer = await ask(base);
      expect(answer.status).toBe(500);
      await expect(answer.text()).resolves.toContain(message);
      expect(served).toBe(0);
      expect(store.calls).toBe(0);
    },
  );

  test('what is thrown while the answer is written goes to the error handler', async () => {
    const base = await startLimited({
      clientOf: () => ({ clientId: 'a', terms: { ...TERMS, requestsPerDay: 0 } }),
      requestIdOf: () => {
        throw new Error('no id');
      },
    });
    const answer = await ask(base);
    expect(answer.status).toBe(500);
    await expect(answer.text()).resolves.toBe('Error: no id');
  });

  test('a request that another has answered meanwhile is left alone', async () => {
    let nexts = 0;
    const base = await start((app) => {
      app.use((_request, response, next) => {
        store.before = () => {
          response.status(504).send('too late');
        };
        next();
      });
      app.use(rateLimit({ limiter, clientOf }));
      app.use((_request, _response, next) => {
        nexts += 1;
        next();
      });
    });
    const answer = await ask(base);
    expect(answer.status).toBe(504);
    await expect(answer.text()).resolves.toBe('too late');
    expect(answer.headers.get('ratelimit')).toBeNull();
    expect(nexts).toBe(0);
  });
});

test('a middleware needs no Express: it speaks to Node’s own request and response', async () => {
  const { createServer } = await import('node:http');
  const limiter = new RateLimiter({ store: new MemoryRateLimitStore() });
  const middleware = rateLimit({
    limiter,
    clientOf: ({ url }) => ({ clientId: url ?? '', terms: { requestsPerSecond: 1, burst: 1 } }),
  });
  const server = createServer((request, response) => middleware(request, response, () => response.end('served')));
  servers.push(server.listen(0, '127.0.0.1'));
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const statuses = [];
  for (const path of ['/a', '/a', '/b']) statuses.push((await fetch(base + path)).status);
  expect(statuses).toEqual([200, 429, 200]);
});
