import fc from 'fast-check';
import { PriceBookError, readPriceBook } from '../../../../lib/contract/price-book-reading';
import { at, bookOf, documents, LONG, price, START } from './books';

/** Everything that is wrong with a document. */
const faultsOf = (document: unknown): readonly string[] => {
  try {
    readPriceBook(document);
    return [];
  } catch (error) {
    if (error instanceof PriceBookError) return error.faults;
    throw error;
  }
};

const EUR = [{ validFrom: at(-60), usd: '1.08' }];

test('reads prices as exact costs', () => {
  const book = readPriceBook(bookOf(price({ cacheRead: '0.000001', longContext: LONG })));
  expect([...book.models]).toEqual([
    [
      'm',
      [
        {
          fromMs: START,
          costs: {
            input: 3n * 10n ** 15n,
            output: 15n * 10n ** 15n,
            cacheRead: 10n ** 9n,
            cacheWrite: 375n * 10n ** 13n,
          },
          longContext: {
            aboveInputTokens: 1_000,
            costs: {
              input: 6n * 10n ** 15n,
              output: 225n * 10n ** 14n,
              cacheRead: 6n * 10n ** 14n,
              cacheWrite: 75n * 10n ** 14n,
            },
          },
        },
      ],
    ],
  ]);
});

test('begins a step with each price and with each rate of its currency, and with no rate of another', () => {
  const prices = [
    price({ currency: 'EUR', input: '1' }),
    price({ validFrom: at(10), input: '2' }),
    price({ validFrom: at(20), currency: 'EUR', input: '3' }),
  ];
  const exchangeRates = {
    EUR: [
      { validFrom: at(-60), usd: '1' },
      { validFrom: at(5), usd: '2' },
      { validFrom: at(10), usd: '3' },
      { validFrom: at(15), usd: '4' },
      { validFrom: at(20), usd: '5' },
      { validFrom: at(30), usd: '0.000000001' },
    ],
    JPY: [{ validFrom: at(7), usd: '0.0065' }],
  };
  const steps = readPriceBook({ models: { m: prices }, exchangeRates }).models.get('m') ?? [];
  expect(steps.map(({ fromMs, costs }) => [(fromMs - START) / 60_000, costs.input])).toEqual([
    [0, 10n ** 15n],
    [5, 2n * 10n ** 15n],
    [10, 2n * 10n ** 15n],
    [20, 15n * 10n ** 15n],
    [30, 3n * 10n ** 6n],
  ]);
});

test('gives an alias the prices of its model', () => {
  const { models } = readPriceBook({ ...bookOf(price()), aliases: { alias: 'm' } });
  expect(models.get('alias')).toBe(models.get('m'));
});

test.each([
  ['2026-06-01T00:00:00Z', START],
  ['2026-06-01T00:00Z', START],
  ['2026-06-01T00:00:00.000Z', START],
  ['2026-06-01T00:00:01.5Z', START + 1_500],
  ['2024-02-29T00:00:00Z', Date.parse('2024-02-29')],
])('takes the date-time %s', (validFrom, fromMs) => {
  expect(readPriceBook(bookOf(price({ validFrom }))).models.get('m')?.[0]?.fromMs).toBe(fromMs);
});

test('takes notes, names of all kinds and prices of 0 for one kind of token', () => {
  const document = {
    note: 'taken from the price list',
    models: {
      'anthropic.claude-v2:1@x/y_z': [price({ note: 'of June', cacheRead: '0', cacheWrite: '0' })],
      ['a'.repeat(128)]: [price({ output: '0' })],
      e: [price({ input: '0' })],
    },
  };
  expect(faultsOf(document)).toEqual([]);
});

describe('refuses', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['`document` must be an object, got: none']],
    ['null', null, ['`document` must be an object, got: null']],
    ['a list', [], ['`document` must be an object, got: []']],
    ['a text', 'book', ['`document` must be an object, got: book']],
    ['no models', {}, ['`models` must be an object, got: none']],
    ['an empty book', { models: {} }, ['`models` must have at least one model, got: {}']],
    [
      'models in a list',
      { models: [price()] },
      ['`models` must be an object, got: [{"validFrom":"2026-06-01T00:00:00.000Z","input":"3","output…'],
    ],
    [
      'a model without a price',
      { models: { m: [] } },
      ['`models.m` must be a list that is not empty, got: an empty one'],
    ],
    ['a price that is none', { models: { m: 3 } }, ['`models.m` must be a list that is not empty, got: 3']],
    [
      'a price without anything',
      { models: { m: [{}] } },
      [
        '`models.m[0].validFrom` must be a date-time in UTC such as 2026-06-01T00:00:00Z, got: none',
        '`models.m[0].input` must be a decimal string such as "3.75", got: none',
        '`models.m[0].output` must be a decimal string such as "3.75", got: none',
        '`models.m[0].cacheRead` must be a decimal string such as "3.75", got: none',
        '`models.m[0].cacheWrite` must be a decimal string such as "3.75", got: none',
      ],
    ],
    ['a price that is no object', { models: { m: [null] } }, ['`models.m[0]` must be an object, got: null']],
    [
      'an unknown field',
      { ...bookOf(price()), prices: 1 },
      ['`prices` is no field here; there are models, aliases, exchangeRates, note, got: prices'],
    ],
    [
      'a misspelt price',
      bookOf({ ...price(), cache_read: '1' } as never),
      [
        '`models.m[0].cache_read` is no field here; there are validFrom, input, output, cacheRead, cacheWrite, longContext, currency, note, got: cache_read',
      ],
    ],
    [
      'notes that are no texts',
      { ...bookOf(price({ note: 2 as never })), note: 1 },
      ['`note` must be a text, got: 1', '`models.m[0].note` must be a text, got: 2'],
    ],
  ])('%s', (_name, document, faults) => {
    expect(faultsOf(document)).toEqual(faults);
  });

  test.each([
    [3, 'must be a decimal string such as "3.75"'],
    ['', 'must be a decimal string such as "3.75"'],
    ['3,75', 'must be a decimal string such as "3.75"'],
    ['3.', 'must be a decimal string such as "3.75"'],
    ['.5', 'must be a decimal string such as "3.75"'],
    ['03', 'must be a decimal string such as "3.75"'],
    ['1e3', 'must be a decimal string such as "3.75"'],
    [' 3', 'must be a decimal string such as "3.75"'],
    ['3 ', 'must be a decimal string such as "3.75"'],
    ['-3', 'must not be negative'],
    ['-0', 'must not be negative'],
    ['0.0000001', 'must have at most 6 decimals'],
    ['3.7500000', 'must have at most 6 decimals'],
    ['1000000000', 'must have at most 9 digits before the point'],
  ])('the price %p', (input, rule) => {
    expect(faultsOf(bookOf(price({ input: input as string })))).toEqual([
      `\`models.m[0].input\` ${rule}, got: ${input}`,
    ]);
  });

  test.each(['0', '0.000001', '999999999.999999'])('and takes the price %s', (input) => {
    expect(faultsOf(bookOf(price({ input })))).toEqual([]);
  });

  test.each([
    '2026-06-01',
    '2026-06-01T00:00:00',
    '2026-06-01T00:00:00+02:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-06-01T24:00:00Z',
    '2026-06-01T00:60:00Z',
    '2026-06-01T00:00:00.0001Z',
    '2026-06-01T00:00:00Z ',
    ' 2026-06-01T00:00:00Z',
    '1 June 2026',
    1780272000000,
  ])('the date %p', (validFrom) => {
    expect(faultsOf(bookOf(price({ validFrom: validFrom as string })))).toEqual([
      `\`models.m[0].validFrom\` must be a date-time in UTC such as 2026-06-01T00:00:00Z, got: ${validFrom}`,
    ]);
  });

  test.each([
    ['the same date', at(0)],
    ['the same date in other words', '2026-06-01T00:00Z'],
    ['an earlier date', at(-1)],
  ])('%s in a second price', (_name, validFrom) => {
    expect(faultsOf(bookOf(price(), price({ validFrom })))).toEqual([
      `\`models.m[1].validFrom\` must be later than that before it, got: ${validFrom}`,
    ]);
  });

  test('prices of which input and output are 0', () => {
    const rule = 'must not have both `input` and `output` 0: no cap would ever be reached, got: 0 and 0';
    expect(faultsOf(bookOf(price({ input: '0', output: '0.0' })))).toEqual([`\`models.m[0]\` ${rule}`]);
    expect(faultsOf(bookOf(price({ longContext: { ...LONG, input: '0', output: '0' } })))).toEqual([
      `\`models.m[0].longContext\` ${rule}`,
    ]);
  });

  test.each([0, -1, 1.5, '1000', undefined, 2 ** 53])('a long context above %p tokens', (aboveInputTokens) => {
    const longContext = { ...LONG, aboveInputTokens: aboveInputTokens as number };
    expect(faultsOf(bookOf(price({ longContext })))).toEqual([
      `\`models.m[0].longContext.aboveInputTokens\` must be an integer of at least 1, got: ${aboveInputTokens ?? 'none'}`,
    ]);
  });

  test('a long context without all of its prices, or with more than those', () => {
    const { cacheWrite, ...rest } = LONG;
    const longContext = { ...rest, output: '-1', validFrom: cacheWrite } as never;
    expect(faultsOf(bookOf(price({ longContext })))).toEqual([
      '`models.m[0].longContext.validFrom` is no field here; there are aboveInputTokens, input, output, cacheRead, cacheWrite, got: validFrom',
      '`models.m[0].longContext.output` must not be negative, got: -1',
      '`models.m[0].longContext.cacheWrite` must be a decimal string such as "3.75", got: none',
    ]);
  });

  test.each(['EUR', 'euro', 3])('the currency %p, of which there is no rate', (currency) => {
    expect(faultsOf(bookOf(price({ currency: currency as string })))).toEqual([
      `\`models.m[0].currency\` must be USD or have \`exchangeRates\`, got: ${currency}`,
    ]);
  });

  test('a price that is older than the first rate of its currency, and takes one as old', () => {
    const book = (validFrom: string) => ({ ...bookOf(price({ validFrom, currency: 'EUR' })), exchangeRates: { EUR } });
    expect(faultsOf(book(at(-61)))).toEqual([
      `\`models.m[0].validFrom\` must not be before the first rate of EUR, got: ${at(-61)}`,
    ]);
    expect(faultsOf(book(at(-60)))).toEqual([]);
  });

  test.each<[string, unknown, string[]]>([
    ['that are no object', [], ['`exchangeRates` must be an object, got: []']],
    ['of none', { EUR: [] }, ['`exchangeRates.EUR` must be a list that is not empty, got: an empty one']],
    ['of no currency', { eur: EUR }, ['`exchangeRates.eur` must be three capital letters, and not USD, got: eur']],
    [
      'of too long a currency',
      { EURO: EUR },
      ['`exchangeRates.EURO` must be three capital letters, and not USD, got: EURO'],
    ],
    ['of the dollar', { USD: EUR }, ['`exchangeRates.USD` must be three capital letters, and not USD, got: USD']],
    ['of 0', { EUR: [{ validFrom: at(-60), usd: '0' }] }, ['`exchangeRates.EUR[0].usd` must be more than 0, got: 0']],
    [
      'with 10 decimals',
      { EUR: [{ validFrom: at(-60), usd: '0.0000000001' }] },
      ['`exchangeRates.EUR[0].usd` must have at most 9 decimals, got: 0.0000000001'],
    ],
    [
      'without a date',
      { EUR: [{ usd: '1' }] },
      ['`exchangeRates.EUR[0].validFrom` must be a date-time in UTC such as 2026-06-01T00:00:00Z, got: none'],
    ],
    [
      'with a note',
      { EUR: [{ ...EUR[0], note: '' }] },
      ['`exchangeRates.EUR[0].note` is no field here; there are validFrom, usd, got: note'],
    ],
    [
      'out of order',
      { EUR: [...EUR, ...EUR] },
      [`\`exchangeRates.EUR[1].validFrom\` must be later than that before it, got: ${at(-60)}`],
    ],
  ])('rates %s', (_name, exchangeRates, faults) => {
    expect(faultsOf({ ...bookOf(price()), exchangeRates })).toEqual(faults);
  });

  test.each([' m', '-m', '', 'm n', 'm\nn', 'a'.repeat(129)])('the name %p, of a model and of an alias', (name) => {
    const rule = 'must be a model name of 1 to 128 letters, digits and `._:@/-`';
    const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
    expect(faultsOf({ models: { [name]: [price()] } })).toEqual([`\`models.${name}\` ${rule}, got: ${shown}`]);
    expect(faultsOf({ ...bookOf(price()), aliases: { [name]: 'm' } })).toEqual([
      `\`aliases.${name}\` ${rule}, got: ${shown}`,
    ]);
  });

  test.each<[string, unknown, string[]]>([
    ['that are no object', 'm', ['`aliases` must be an object, got: m']],
    ['of no model', { a: 'n' }, ['`aliases.a` must be the name of a model, got: n']],
    ['of another alias', { a: 'm', b: 'a' }, ['`aliases.b` must be the name of a model, got: a']],
    ['of a model of its own', { m: 'm' }, ['`aliases.m` must not be a model of its own, got: m']],
  ])('aliases %s', (_name, aliases, faults) => {
    expect(faultsOf({ ...bookOf(price()), aliases })).toEqual(faults);
  });
});

test('names everything that is wrong at once', () => {
  const document = {
    models: { a: [price({ input: '-1', validFrom: 'today' })], b: [price(), price({ output: '1.2345678' })] },
    exchangeRates: { eur: EUR },
  };
  expect(() => readPriceBook(document)).toThrow(
    new PriceBookError([
      '`exchangeRates.eur` must be three capital letters, and not USD, got: eur',
      '`models.a[0].validFrom` must be a date-time in UTC such as 2026-06-01T00:00:00Z, got: today',
      '`models.a[0].input` must not be negative, got: -1',
      '`models.b[1].output` must have at most 6 decimals, got: 1.2345678',
      `\`models.b[1].validFrom\` must be later than that before it, got: ${at(0)}`,
    ]),
  );
  expect(() => readPriceBook(document)).toThrow(/^the price book has 5 faults: `exchangeRates\.eur` .*; `models\.a/);
  expect(() => readPriceBook(bookOf(price({ input: '-1' })))).toThrow(
    'the price book has a fault: `models.m[0].input` must not be negative, got: -1',
  );
  expect(new PriceBookError([])).toMatchObject({ name: 'PriceBookError' });
});

test('says of what is no object only that, and of everything beside it all', () => {
  const document = { models: { a: [null, price({ input: '-1' })], 'a.b': [price({ output: '-2' })] }, aliases: [] };
  expect(faultsOf(document)).toEqual([
    '`models.a[0]` must be an object, got: null',
    '`models.a[1].input` must not be negative, got: -1',
    '`models.a.b[0].output` must not be negative, got: -2',
    '`aliases` must be an object, got: []',
  ]);
});

test.each([
  [60, 'x'.repeat(60)],
  [61, `${'x'.repeat(60)}…`],
])('shows %i characters of what is wrong as %s', (length, shown) => {
  expect(faultsOf(bookOf(price({ input: 'x'.repeat(length) })))).toEqual([
    `\`models.m[0].input\` must be a decimal string such as "3.75", got: ${shown}`,
  ]);
});

test('takes every book that is one', () => {
  fc.assert(fc.property(documents, (document) => expect(faultsOf(document)).toEqual([])));
});

test('answers garbage with faults and nothing else', () => {
  const garbage = fc.oneof(
    fc.jsonValue(),
    fc.record({ models: fc.jsonValue(), aliases: fc.jsonValue(), exchangeRates: fc.jsonValue() }),
    fc.record({ models: fc.dictionary(fc.string(), fc.array(fc.jsonValue())) }),
  );
  fc.assert(
    fc.property(garbage, (document) => {
      expect(faultsOf(document).length).toBeGreaterThan(0);
    }),
  );
});
