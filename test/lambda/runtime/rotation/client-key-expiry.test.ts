import { randomBytes } from 'node:crypto';
import { clientKey } from '../../../../lambda/runtime/rotation/strategies/client-key';
import { hashClientKey, makeClientKey } from '../../../../lib/contract/client-keys';
import type { ClientKeyRow } from '../../../../lib/contract/client-rows';

const CLIENT = 'abcdefgh12345678';
const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const [EXPIRED, LATER] = [NOW - 1, NOW + 60_000].map((ms) => new Date(ms).toISOString());

const newValue = () => ({ apiKey: makeClientKey('dev', CLIENT, randomBytes(32)) });
const stored = ({ apiKey }: { apiKey: string }, expiresAt?: string): ClientKeyRow => ({
  hash: hashClientKey(apiKey),
  createdAt: '2026-11-01T00:00:00.000Z',
  ...(expiresAt !== undefined && { expiresAt }),
});

/** The strategy over one client's row; `row.keys` is what it holds. */
function strategyOver(...keys: ClientKeyRow[]) {
  const row = { keys: keys as readonly ClientKeyRow[] };
  const strategy = clientKey(
    { clientId: CLIENT, environment: 'dev' },
    {
      randomBytes,
      now: () => NOW,
      keys: {
        read: async () => row.keys,
        exchange: async (_id, seen, next) => {
          if (seen !== row.keys) return false;
          row.keys = next;
          return true;
        },
      },
    },
  );
  return { row, strategy };
}
const hashes = (keys: readonly ClientKeyRow[]) => keys.map(({ hash }) => hash);
const none = { keep: [], retirable: [], leaked: [] };

test('a key that an operator let expire holds no place of the two, and goes with the next write', async () => {
  const [old, current, next] = [newValue(), newValue(), newValue()];
  const { row, strategy } = strategyOver(stored(old, EXPIRED), stored(current));
  await strategy.apply(next, none);
  expect(hashes(row.keys)).toEqual(hashes([stored(current), stored(next)]));
});

test('one that is to expire holds its place until it does', async () => {
  const { strategy } = strategyOver(stored(newValue(), LATER), stored(newValue()));
  await expect(strategy.apply(newValue(), none)).rejects.toThrow('two live keys');
});

test('an expired key is not one that the service accepts', async () => {
  const value = newValue();
  await expect(strategyOver(stored(value, EXPIRED)).strategy.verify(value)).rejects.toThrow(CLIENT);
  await expect(strategyOver(stored(value, LATER)).strategy.verify(value)).resolves.toBeUndefined();
});

test('an expired key beside it is no reason to end the last one that is live', async () => {
  const [old, last] = [newValue(), newValue()];
  const { row, strategy } = strategyOver(stored(old, EXPIRED), stored(last));
  const known = async () => ({ ...none, retirable: [last] });
  expect(await strategy.retire(known)).toEqual({ retired: 0 });
  expect(hashes(row.keys)).toContain(stored(last).hash);
});

test('a leaked key that has expired is ended', async () => {
  const [leaked, current] = [newValue(), newValue()];
  const { strategy } = strategyOver(stored(leaked, EXPIRED), stored(current));
  const known = async () => ({ ...none, leaked: [leaked] });
  expect(await strategy.retire(known)).toEqual({ retired: 0 });
});
