/** Prices of a million tokens of each kind, as decimal strings such as `"3.75"` with at most 6 decimals. */
export interface TokenPrices {
  /** Input that is neither read from the provider's cache nor written into it. */
  readonly input: string;
  /** Output. */
  readonly output: string;
  /** Input that the provider reads from its cache; where it gives no discount, the price of `input`. */
  readonly cacheRead: string;
  /** Input that the provider writes into its cache; where it asks no surcharge, the price of `input`. */
  readonly cacheWrite: string;
}

/** Prices of a request with a long input: they hold for all of its tokens, not only for those above the bound. */
export interface LongContextPrices extends TokenPrices {
  /** Input tokens of all three kinds together above which these prices hold. */
  readonly aboveInputTokens: number;
}

/** What a model costs from a moment on, until the next price of the same model begins. */
export interface ModelPrice extends TokenPrices {
  /** Moment in UTC, such as `2026-06-01T00:00:00Z`; later than that of the price before. */
  readonly validFrom: string;

  /**
   * Prices of a request with a long input.
   *
   * @default - the same whatever the length
   */
  readonly longContext?: LongContextPrices;

  /**
   * Currency of the prices, as its three letters of ISO 4217. Any other than US dollars needs `exchangeRates`.
   *
   * @default 'USD'
   */
  readonly currency?: string;

  /**
   * For the reader: where the price was found, and when.
   *
   * @default - none
   */
  readonly note?: string;
}

/** What one unit of a currency is worth from a moment on, until the next rate begins. */
export interface ExchangeRate {
  /** Moment in UTC, such as `2026-06-01T00:00:00Z`; later than that of the rate before. */
  readonly validFrom: string;
  /** US dollars for one unit, as a decimal string with at most 9 decimals, such as `"1.08"`. */
  readonly usd: string;
}

/** Every price that is known, as a file holds it. */
export interface PriceBookDocument {
  /** Prices by model, each list in the order of its dates. A model that is not here is refused before any call. */
  readonly models: { [model: string]: ModelPrice[] };

  /**
   * Other names of the models, such as dated versions.
   *
   * @default - none
   */
  readonly aliases?: { [alias: string]: string };

  /**
   * Rates by currency, each list in the order of its dates.
   *
   * @default - every price is in US dollars
   */
  readonly exchangeRates?: { [currency: string]: ExchangeRate[] };

  /**
   * For the reader.
   *
   * @default - none
   */
  readonly note?: string;
}
