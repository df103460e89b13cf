import { priceLines } from '../../../cli/spend/price-lines';
import { CloudDouble } from '../doubles/cloud';

const prices = { input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' };
const AT = '2026-11-22T12:00:00.000Z';

test('tells what applies now and what comes next, by model, and where no price is in force', () => {
  const longContext = { aboveInputTokens: 200_000, ...prices, input: '6' };
  expect(
    priceLines(AT, [
      { model: 'claude-sonnet', now: { validFrom: '2026-01-01T00:00:00.000Z', ...prices, longContext } },
      {
        model: 'new',
        next: { validFrom: '2027-01-01T00:00:00.000Z', ...prices },
      },
    ]),
  ).toEqual([
    'US dollars for a million tokens, at 2026-11-22T12:00:00.000Z:',
    'claude-sonnet  input 3, output 15, cache read 0.3, cache write 3.75, since 2026-01-01T00:00:00.000Z',
    '               above 200000 input tokens: input 6, output 15, cache read 0.3, cache write 3.75',
    'new            no price is in force: refused',
    '               input 3, output 15, cache read 0.3, cache write 3.75, from 2027-01-01T00:00:00.000Z',
  ]);
});

describe('spend prices', () => {
  const now = { validFrom: '1970-01-01T00:00:00.000Z', input: '1', output: '1', cacheRead: '1', cacheWrite: '1' };

  test('asks the deployed function', async () => {
    const cloud = new CloudDouble();
    expect(await cloud.bulwark('spend', 'prices')).toEqual({
      code: 0,
      errors: [],
      printed: [
        `US dollars for a million tokens, at ${AT}:`,
        'm  input 1, output 1, cache read 1, cache write 1, since 1970-01-01T00:00:00.000Z',
      ],
    });
    expect(JSON.parse((await cloud.bulwark('spend', 'prices', '--json')).printed[0] ?? '')).toEqual({
      at: AT,
      models: [{ model: 'm', now }],
    });
  });

  test('of one model, and of one that has none', async () => {
    const cloud = new CloudDouble();
    expect((await cloud.bulwark('spend', 'prices', '--model', 'm')).printed).toHaveLength(2);
    expect(await cloud.bulwark('spend', 'prices', '--model', 'n')).toEqual({
      code: 1,
      printed: [],
      errors: ['bulwark: the price book does not know the model n'],
    });
    expect((await cloud.bulwark('spend', 'prices', '--model', ' ')).code).toBe(2);
  });

  test('audits nothing, as it changes nothing', async () => {
    const cloud = new CloudDouble();
    await cloud.bulwark('spend', 'prices');
    await cloud.bulwark('spend', 'status');
    expect(cloud.audit).toEqual([]);
  });
});
