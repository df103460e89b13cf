import { randomBytes } from 'node:crypto';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import fc from 'fast-check';
import { authorizeClient } from '../../../lambda/authorize-client/authorize-client';
import { hashClientKey, makeClientKey } from '../../../lambda/runtime/client-keys/client-key';
import type { Client } from '../../../lambda/runtime/clients/client';
import type { ClientKeyRow } from '../../../lib/contract/client-rows';

const CLIENT_ID = 'abcdefgh12345678';
const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const createdAt = '2026-11-01T00:00:00.000Z';
const plans = { standard: { name: 'standard', requestsPerSecond: 10, burst: 20 } };

const makeKey = (environment = 'dev') => makeClientKey(environment, CLIENT_ID, randomBytes(32));
const key = makeKey();
const stored = (presented: string, expiresAt?: string): ClientKeyRow => ({
  hash: hashClientKey(presented),
  createdAt,
  ...(expiresAt !== undefined && { expiresAt }),
});

/** How the authorizer answers a header, of a client whose row has these keys; `reads` counts the looks at the table. */
async function judge(authorization: string, keys: readonly ClientKeyRow[], nowMs = NOW) {
  let reads = 0;
  const client: Client = { clientId: CLIENT_ID, status: 'active', usageIdentifierKey: 'usage-1', keys };
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const event = {
    methodArn: 'arn:aws:execute-api:eu-central-1:000000000000:api/live/GET/v1/jobs',
    headers: { authorization },
  } as unknown as APIGatewayRequestAuthorizerEvent;
  const read = async (id: string) => {
    reads += 1;
    return id === CLIENT_ID ? client : undefined;
  };
  const answer = await authorizeClient(event, { clients: { read }, plans, now: () => nowMs, log }).then(
    ({ principalId }) => principalId,
    ({ message }: Error) => message,
  );
  return { answer, reads };
}

const LET_IN = { answer: CLIENT_ID, reads: 1 };
const REFUSED = { answer: 'Unauthorized', reads: 1 };
const REFUSED_UNREAD = { answer: 'Unauthorized', reads: 0 };

test('no text that nobody was given is let in, nor costs it a read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('Bearer ', 'bearer  ', 'Basic ', ''),
      async (text, scheme) => {
        expect(await judge(scheme + text, [stored(key)])).toEqual(REFUSED_UNREAD);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a key of which any one character is another is refused', async () => {
  const others = fc.constantFrom(...'09azAZ_-. \n\u0000é');
  await fc.assert(
    fc.asyncProperty(fc.nat(key.length - 1), others, async (position, character) => {
      const changed = key.slice(0, position) + character + key.slice(position + 1);
      fc.pre(changed !== key);
      expect((await judge(`Bearer ${changed}`, [stored(key)])).answer).toBe('Unauthorized');
    }),
    { numRuns: 1_000 },
  );
});

test('a key that is well made but not stored is refused, whatever is stored', async () => {
  const keys = fc.array(
    fc.record({
      hash: fc.oneof(fc.string(), fc.constant(hashClientKey(makeKey()))),
      createdAt: fc.constant(createdAt),
    }),
    { maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(keys, async (rows) => {
      expect(await judge(`Bearer ${makeKey()}`, rows)).toEqual(REFUSED);
    }),
  );
});

test('which of the live keys is presented, and among how many, makes no difference', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(4), fc.nat(4), async (before, after) => {
      const others = (count: number) => Array.from({ length: count }, () => stored(makeKey()));
      expect(await judge(`Bearer ${key}`, [...others(before), stored(key), ...others(after)])).toEqual(LET_IN);
    }),
  );
});

test("a key is live until its expiry and not from then on, by the authorizer's own clock", async () => {
  const span = 400 * 86_400_000;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -span, max: span }), async (ms) => {
      const keys = [stored(key, new Date(NOW + ms).toISOString())];
      expect(await judge(`Bearer ${key}`, keys)).toEqual(ms > 0 ? LET_IN : REFUSED);
    }),
  );
});

test('two authorizers whose clocks differ disagree for as long as they do, and no longer', async () => {
  const keys = [stored(key, new Date(NOW).toISOString())];
  expect(await judge(`Bearer ${key}`, keys, NOW - 1)).toEqual(LET_IN);
  expect(await judge(`Bearer ${key}`, keys, NOW)).toEqual(REFUSED);
  expect(await judge(`Bearer ${key}`, keys, NOW + 86_400_000)).toEqual(REFUSED);
});

test.each(['', 'never', 'Invalid Date', '∞'])(
  'an expiry that reads %j is none that lets anybody in',
  async (expiresAt) => {
    expect(await judge(`Bearer ${key}`, [stored(key, expiresAt)])).toEqual(REFUSED);
  },
);
