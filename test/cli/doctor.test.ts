import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { HealthReport } from '../../lib/contract/health';
import { CloudDouble, jobId, NOW } from './doubles/cloud';
import { deployment } from './doubles/deployment';

const DAY = 86_400_000;
let cloud: CloudDouble;
let server: Server;
let apiUrl: string;
let answer: { status: number; body: string };
const paths: (string | undefined)[] = [];
const describeTables = mockClient(DynamoDBClient);
const secrets = mockClient(SecretsManagerClient);

beforeAll(async () => {
  server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const report: HealthReport = {
  status: 'ok',
  checkedAt: '2026-11-22T12:00:00.000Z',
  checks: [{ name: 'queue', status: 'ok', critical: true, durationMs: 1 }],
};
const OPEN = {
  name: 'breaker#upstream',
  status: 'open' as const,
  epoch: 2,
  changedAt: NOW - 90_000,
  reason: 'failure-rate',
  openings: 1,
  successes: 0,
};

beforeEach(() => {
  cloud = new CloudDouble();
  describeTables.reset();
  secrets.reset();
  describeTables.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'ACTIVE' } as never });
  secrets
    .on(DescribeSecretCommand, { SecretId: deployment.upstreamSecret })
    .resolves({ CreatedDate: new Date(NOW - 30 * DAY), LastChangedDate: new Date(NOW - 2 * DAY) });
  answer = { status: 200, body: JSON.stringify(report) };
  paths.length = 0;
});

const doctor = (...more: string[]) => cloud.bulwark('doctor', '--api-url', apiUrl, ...more);

test('when all is well, a line each and exit code 0', async () => {
  cloud.tables
    .on(QueryCommand, { ExpressionAttributeValues: { ':bucket': 'queued#4' } })
    .resolves({ Items: [{ jobId: jobId(4), dueAt: NOW - 60_000 }] });
  cloud.sqs.put(deployment.queueUrl, 'x');
  expect(await doctor()).toEqual({
    code: 0,
    errors: [],
    printed: [
      'ok        jobs table     jobs is ACTIVE',
      'ok        clients table  clients is ACTIVE',
      'ok        limits table   limits is ACTIVE',
      'ok        control table  control is ACTIVE',
      'ok        audit table    audit is ACTIVE',
      'ok        upstream key   changed 2d 0h ago',
      'ok        breaker        closed',
      'ok        consumer       Enabled, at most 10 at once',
      'ok        spending       2026-11-22 $0.00, $50.00 left; 2026-11 $0.00, $1000.00 left',
      'ok        work queue     1 waiting, 0 in flight, 0 delayed',
      'ok        oldest job     waits for 1m 0s',
      'ok        dead letters   none',
      'ok        service        all 1 checks',
    ],
  });
  expect(paths).toEqual(['/api/ready']);
});

/** Puts one thing out of order; the lines that tell of it; the status of the whole. */
const FAULTS: readonly [string, () => void, readonly string[], 'degraded' | 'down'][] = [
  [
    'a table that is not there yet',
    () =>
      describeTables
        .on(DescribeTableCommand, { TableName: 'audit' })
        .resolves({ Table: { TableStatus: 'CREATING' } as never }),
    [
      'down      audit table    audit is CREATING',
      '                         -> aws dynamodb describe-table --table-name audit',
    ],
    'down',
  ],
  [
    'a table that may not be looked at',
    () =>
      describeTables
        .on(DescribeTableCommand, { TableName: 'jobs' })
        .rejects(Object.assign(new Error('not\n authorized'), { name: 'AccessDenied' })),
    [
      'down      jobs table     AccessDenied: not authorized',
      '                         -> aws sts get-caller-identity  # the right account, Region and role?',
    ],
    'down',
  ],
  [
    'a key that nobody has put in',
    () =>
      secrets
        .on(DescribeSecretCommand)
        .resolves({ CreatedDate: new Date(NOW), LastChangedDate: new Date(NOW + 59_000) }),
    [
      'degraded  upstream key   unchanged since the stack drew it at random: the provider does not know it',
      '                         -> bulwark secrets put upstream --reason "…" --env dev  # docs/deploy.md, step 4',
    ],
    'degraded',
  ],
  [
    'dead letters',
    () => cloud.sqs.put(deployment.deadLetterQueueUrl, 'x'),
    ['degraded  dead letters   about 1', '                         -> bulwark dlq list --env dev'],
    'degraded',
  ],
  [
    'a job that waits for 15 minutes',
    () =>
      cloud.tables
        .on(QueryCommand, { ExpressionAttributeValues: { ':bucket': 'queued#1' } })
        .resolves({ Items: [{ jobId: jobId(1), dueAt: NOW - 60_000 }] })
        .on(QueryCommand, { ExpressionAttributeValues: { ':bucket': 'queued#5' } })
        .resolves({ Items: [{ jobId: jobId(5), dueAt: NOW - 900_000 }] }),
    [
      'degraded  oldest job     waits for 15m 0s',
      `                         -> bulwark jobs show --job ${jobId(5)} --env dev`,
    ],
    'degraded',
  ],
  [
    'a consumer that is off while the breaker is closed',
    () => cloud.lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Disabled' }),
    [
      'down      consumer       Disabled, although the breaker is closed: nothing is processed',
      '                         -> aws lambda update-event-source-mapping --uuid mapping-1 --enabled  # docs/runbooks/consumer-paused.md',
    ],
    'down',
  ],
  [
    'an open breaker, with the consumer paused by it',
    () => {
      cloud.breaker = OPEN;
      cloud.lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Disabling' });
    },
    [
      'degraded  breaker        open for 1m 30s (failure-rate)',
      '                         -> bulwark breaker status --env dev',
      'degraded  consumer       Disabling, as the breaker is not closed',
    ],
    'degraded',
  ],
  [
    'a breaker that somebody holds open',
    () => {
      cloud.breaker = { ...OPEN, held: true };
    },
    [
      'degraded  breaker        open, held for 1m 30s (failure-rate)',
      '                         -> bulwark breaker close --reason "…" --env dev',
    ],
    'degraded',
  ],
];

test.each(FAULTS)('%s: what it is, and what to type next', async (_, breakIt, lines, status) => {
  breakIt();
  const { code, printed, errors } = await doctor();
  expect(code).toBe(1);
  expect(printed.filter((line) => !line.startsWith('ok'))).toEqual(lines);
  const names = lines.flatMap((line) => (/^\S/.test(line) ? [line.slice(10, 24).trim()] : []));
  expect(errors).toEqual([`bulwark: dev is ${status}: ${names.join(', ')}`]);
});

test.each<[string, number, string, string, string]>([
  [
    'names its bad checks',
    200,
    JSON.stringify({
      ...report,
      status: 'degraded',
      checks: [
        ...report.checks,
        { name: 'memory', status: 'degraded', critical: false, durationMs: 1, detail: { usedMiB: 470 } },
        { name: 'upstream', status: 'down', critical: false, durationMs: 1 },
      ],
    }),
    'degraded',
    'memory degraded {"usedMiB":470}, upstream down',
  ],
  [
    'is down',
    503,
    JSON.stringify({ ...report, status: 'down', checks: [{ name: 'queue', status: 'down' }] }),
    'down',
    'queue down',
  ],
  ['answers something else', 403, '{"message":"Missing Authentication Token"}', 'down', '/ready answered 403'],
  ['answers no JSON', 502, '<html>', 'down', '/ready answered 502'],
])('a service that %s', async (_, status, body, expected, says) => {
  answer = { status, body };
  const { code, printed } = await doctor('--json');
  expect(code).toBe(1);
  const { findings, status: whole } = JSON.parse(printed[0] ?? '');
  expect(whole).toBe(expected);
  expect(findings.at(-1)).toEqual({ name: 'service', status: expected, says, next: `curl -i ${apiUrl}/ready` });
});

test('a key that is not stored is no fault', async () => {
  cloud.hasSecret = false;
  expect((await doctor()).printed).toContainEqual(
    expect.stringMatching(/^ok +upstream key +none is stored: the service shows who it is$/),
  );
});

test('a service that cannot be reached is down', async () => {
  const { code, printed } = await cloud.bulwark('doctor', '--api-url', 'http://127.0.0.1:9');
  expect(code).toBe(1);
  expect(printed.find((line) => line.includes('service'))).toBe('down      service        TypeError: fetch failed');
});

test('with an emulator’s endpoint and no --api-url the service is not asked, and that is no fault', async () => {
  const { code, printed } = await cloud.bulwark('doctor', '--endpoint', 'http://127.0.0.1:4566');
  expect(code).toBe(0);
  expect(printed.at(-1)).toBe(
    'skipped   service        not asked: an emulator serves the API elsewhere, say --api-url',
  );
});

test('one look that fails does not hide the others', async () => {
  cloud.sqs.mock.on(GetQueueAttributesCommand).rejects(new Error('no queue'));
  const { printed } = await doctor();
  expect(printed.filter((line) => line.startsWith('down')).map((line) => line.slice(10))).toEqual([
    'work queue     Error: no queue',
    'dead letters   Error: no queue',
  ]);
  expect(printed.filter((line) => line.startsWith('ok'))).toHaveLength(11);
});

test('--api-url must be an address', async () => {
  expect(await cloud.bulwark('doctor', '--api-url', 'ftp://x')).toMatchObject({
    code: 2,
    errors: ['bulwark: `--api-url` must be an address, got: ftp://x (--help lists the commands)'],
  });
});
