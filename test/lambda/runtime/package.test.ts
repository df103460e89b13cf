import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = process.cwd();

let folder: string;

/** A project of somebody else's, which has the package as npm would install it. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bulwark-consumer-'));
  await mkdir(path.join(folder, 'node_modules/@types'), { recursive: true });
  await symlink(root, path.join(folder, 'node_modules/cdk-bulwark'));
  await symlink(path.join(root, 'node_modules/@aws-sdk'), path.join(folder, 'node_modules/@aws-sdk'));
  for (const name of ['@types/node', '@types/express', 'express', 'express4']) {
    await symlink(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
  }
  await writeFile(path.join(folder, 'package.json'), '{"private":true}');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const execute = async (name: string, program: string): Promise<string> => {
  await writeFile(path.join(folder, name), program);
  return (await run(process.execPath, [path.join(folder, name)], { cwd: folder })).stdout.trim();
};

/** The compiler's complaints about these files, as strict as it gets. */
const complaintsAbout = async (
  files: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(folder, name), text)));
  const options = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
    ...more,
  };
  const project = { compilerOptions: options, files: Object.keys(files) };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(project));
  const compiler = path.join(root, 'node_modules/typescript7/bin/tsc');
  return run(process.execPath, [compiler, '-p', folder]).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
};

const PROGRAM = `
const breaker = new CircuitBreaker({ failures: 1, store: new MemoryBreakerStore() });
const call = new ResilientCall({ breaker, timeoutMs: 1000, retry: { attempts: 1 } });
const seen = [];
const run = async () => {
  seen.push(await call.execute(async () => 'value'));
  await call.execute(async () => { throw new Error('failure'); }).catch((error) => seen.push(error.message));
  await call.execute(async () => 'value').catch((error) => seen.push(error instanceof BreakerOpenError));
  seen.push(new DynamoDbBreakerStore({}, 'table') instanceof CompareAndSetBreakerStore);
  console.log(JSON.stringify(seen));
};
run();
`;

const NAMES = '{ BreakerOpenError, CircuitBreaker, CompareAndSetBreakerStore, MemoryBreakerStore, ResilientCall }';
const RESULT = '["value","failure",true,true]';

test('works as an ES module', async () => {
  const imports = `import ${NAMES} from 'cdk-bulwark/runtime';\nimport { DynamoDbBreakerStore } from 'cdk-bulwark/runtime/dynamodb';`;
  await expect(execute('module.mjs', imports + PROGRAM)).resolves.toBe(RESULT);
});

test('works as CommonJS', async () => {
  const requires = `const ${NAMES} = require('cdk-bulwark/runtime');\nconst { DynamoDbBreakerStore } = require('cdk-bulwark/runtime/dynamodb');`;
  await expect(execute('common.cjs', requires + PROGRAM)).resolves.toBe(RESULT);
});

test('exports the same names both ways, and loads no AWS SDK', async () => {
  const program = (load: string) =>
    `${load}.then((runtime) => console.log(JSON.stringify(Object.keys(runtime).filter((name) => !/^(default|module.exports)$/.test(name)).sort())));`;
  const asModule = await execute('names.mjs', program(`import('cdk-bulwark/runtime')`));
  const asCommon = await execute('names.cjs', program(`Promise.resolve(require('cdk-bulwark/runtime'))`));
  expect(asModule).toBe(asCommon);
  for (const file of ['index.mjs', 'index.cjs']) {
    await expect(readFile(path.join(root, 'dist/runtime', file), 'utf8')).resolves.not.toContain('@aws-sdk');
  }
});

const LEASES = `
let fence = 0;
let result;
const refused = () =>
  new TransactionCanceledException({ message: 'refused', $metadata: {}, CancellationReasons: [{ Code: 'ConditionalCheckFailed' }] });
/** A table of one job, which looks at nothing but the fence. */
const client = {
  async send({ input }) {
    if (!input.TransactItems) return { Attributes: marshall({ jobId: 'job', fence: ++fence, status: 'running' }) };
    const [{ Update }, { Put }] = input.TransactItems;
    if (!Update.ConditionExpression.includes('fence = :fence')) throw new Error('the write asks for no fence');
    if (unmarshall(Update.ExpressionAttributeValues)[':fence'] !== fence || result) throw refused();
    result = unmarshall(Put.Item);
    return {};
  },
};
const run = async () => {
  const jobs = new DynamoDbJobStore(client, 'jobs');
  const lease = async (owner) =>
    (await jobs.lease({ jobId: jobIdOfKey('a', 'key'), owner, nowMs: 0, leaseMs: 1, redriven: false })).job;
  const sealed = { wrappedKey: Buffer.from('k'), iv: Buffer.from('i'), ciphertext: Buffer.from('c') };
  const succeed = (job) =>
    jobs.succeed(job, { usage: {}, sealedCompletion: sealed, expiresAt: 1, nowMs: 0 })
      .then(() => 'recorded', (error) => error instanceof LeaseLostError);
  const late = await lease('late');
  const newer = await lease('newer');
  const seen = [await succeed(late), await succeed(newer), await succeed(late), result.fence];
  console.log(JSON.stringify([...seen, canonicalJson({ b: 1, a: 2 })]));
};
run();
`;
const LEASE_NAMES = '{ canonicalJson, jobIdOfKey, LeaseLostError }';
const LEASE_MODULES = [
  [LEASE_NAMES, 'cdk-bulwark/runtime'],
  ['{ DynamoDbJobStore }', 'cdk-bulwark/runtime/dynamodb'],
  ['{ TransactionCanceledException }', '@aws-sdk/client-dynamodb'],
  ['{ marshall, unmarshall }', '@aws-sdk/util-dynamodb'],
];

test.each([
  ['leases.mjs', (names: string, from: string) => `import ${names} from '${from}';`],
  ['leases.cjs', (names: string, from: string) => `const ${names} = require('${from}');`],
])('a lost lease overwrites nothing, and says so by the class of the main entry: %s', async (file, load) => {
  const head = LEASE_MODULES.map(([names = '', from = '']) => load(names, from)).join('\n');
  await expect(execute(file, head + LEASES)).resolves.toBe('[true,"recorded",true,2,"{\\"a\\":2,\\"b\\":1}"]');
});

const EXPRESS = `
const base = async (store) => {
  const limiter = new RateLimiter({ store });
  const app = express();
  app.use(rateLimit({ limiter, clientOf: () => ({ clientId: 'a', terms: { requestsPerSecond: 0.01, burst: 20 } }) }));
  app.get('/', (request, response) => response.send('served'));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, url: 'http://127.0.0.1:' + server.address().port };
};
const run = async () => {
  const { server, url } = await base(new MemoryRateLimitStore());
  const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(url)));
  const statuses = answers.map(({ status }) => status);
  const away = await base({ read: () => Promise.reject(new Error('away')), admit: () => Promise.reject(new Error('away')) });
  const refused = await fetch(away.url);
  console.log(JSON.stringify([
    statuses.filter((status) => status === 200).length,
    statuses.filter((status) => status === 429).length,
    answers[0].headers.get('ratelimit-policy'),
    refused.status,
    (await refused.json()).type,
    new DynamoDbRateLimitStore({}, 'limits') instanceof DynamoDbRateLimitStore,
  ]));
  server.close();
  away.server.close();
};
run();
`;
const EXPRESS_MODULES = [
  ['{ MemoryRateLimitStore, RateLimiter }', 'cdk-bulwark/runtime'],
  ['{ DynamoDbRateLimitStore }', 'cdk-bulwark/runtime/dynamodb'],
  ['{ rateLimit }', 'cdk-bulwark/runtime/express'],
];

test.each([
  ['limits-5.mjs', 'express', (names: string, from: string) => `import ${names} from '${from}';`],
  ['limits-5.cjs', 'express', (names: string, from: string) => `const ${names} = require('${from}');`],
  ['limits-4.mjs', 'express4', (names: string, from: string) => `import ${names} from '${from}';`],
  ['limits-4.cjs', 'express4', (names: string, from: string) => `const ${names} = require('${from}');`],
])('limits a real Express server by the packed library: %s', async (file, express, load) => {
  const head = [...EXPRESS_MODULES, ['express', express]]
    .map(([names = '', from = '']) => load(names, from))
    .join('\n');
  await expect(execute(file, head + EXPRESS)).resolves.toBe(
    '[20,80,"\\"rate\\";q=20;w=2000",503,"urn:bulwark:problem:unavailable",true]',
  );
});

test('the middleware for Express loads neither Express nor an AWS SDK', async () => {
  for (const file of ['express.mjs', 'express.cjs']) {
    const code = await readFile(path.join(root, 'dist/runtime', file), 'utf8');
    const loaded = [...code.matchAll(/(?:from |require\()"([^"]+)"/g)].map(([, name]) => name);
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.filter((name) => !name?.startsWith('./index.'))).toEqual([]);
  }
});

test('has types for Express for either kind of importer', async () => {
  const text = `
    import express, { type Request } from 'express';
    import { MemoryRateLimitStore, type PlanTerms, RateLimiter } from 'cdk-bulwark/runtime';
    import { rateLimit } from 'cdk-bulwark/runtime/express';
    const terms: PlanTerms = { name: 'standard', requestsPerSecond: 10, burst: 20 };
    const limiter = new RateLimiter({ store: new MemoryRateLimitStore() });
    const app = express();
    app.use(rateLimit({ limiter, clientOf: (request: Request) => ({ clientId: request.ip ?? '', terms }) }));
    app.get('/orders', rateLimit({ limiter, clientOf: ({ headers }) => ({ clientId: String(headers.host), terms }) }));
    // @ts-expect-error a client needs its terms
    rateLimit({ limiter, clientOf: () => ({ clientId: 'a' }) });
  `;
  const types = { 'express-types.mts': text, 'express-types.cts': text };
  await expect(complaintsAbout(types, { esModuleInterop: true })).resolves.toBe('');
}, 60_000);

test('has types for either kind of importer', async () => {
  const text = `
    import { CircuitBreaker, type BreakerView } from 'cdk-bulwark/runtime';
    import { DynamoDbBreakerStore } from 'cdk-bulwark/runtime/dynamodb';
    const view: BreakerView = new CircuitBreaker().state();
    export const store: typeof DynamoDbBreakerStore = DynamoDbBreakerStore;
    // @ts-expect-error a status is a word
    export const wrong: number = view.status;
    // @ts-expect-error no such option
    new CircuitBreaker({ failuers: 1 });
  `;
  await expect(complaintsAbout({ 'types.mts': text, 'types.cts': text })).resolves.toBe('');
}, 60_000);

test('the examples of the README compile', async () => {
  const readme = await readFile(path.join(root, 'lambda/runtime/README.md'), 'utf8');
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, text], index) => [
    `example-${index}.mts`,
    text as string,
  ]);
  expect(examples).toHaveLength(12);
  await expect(complaintsAbout(Object.fromEntries(examples))).resolves.toBe('');
}, 60_000);

test('the README’s first example does what it says', async () => {
  const readme = await readFile(path.join(root, 'lambda/runtime/README.md'), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const program = `${example}
    const answers = [new Response('', { status: 503, headers: { 'retry-after': '0' } }), new Response('done')];
    globalThis.fetch = async () => answers.shift() as Response;
    console.log(await complete('hello', 'http://127.0.0.1:9'));
    answers.push(new Response('', { status: 402 }), new Response('not asked for'));
    console.log(await complete('hello', 'http://127.0.0.1:9').catch((error) => error.message));
  `;
  const { transform } = await import('esbuild');
  const { code } = await transform(program, { loader: 'ts', target: 'node20', format: 'esm' });
  await expect(execute('first.mjs', code)).resolves.toBe('done\nHTTP 402');
});
