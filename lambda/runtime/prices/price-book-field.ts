import type { PriceBook } from '../../../lib/contract/price-book';
import { unpackPriceBook } from '../../../lib/contract/price-book-packing';
import { PriceBookError } from '../../../lib/contract/price-book-reading';
import type { Field } from '../environment/read-environment';

/** The price book that a `SpendCap` writes: a process that cannot read it does not start, and so spends nothing. */
export const priceBook = (key: string): Field<PriceBook> => ({
  key,
  parse: (text) => {
    if (!text) throw new RangeError('must be set');
    try {
      return unpackPriceBook(text);
    } catch (error) {
      if (!(error instanceof PriceBookError)) throw error;
      throw new RangeError(`must be a price book as a \`SpendCap\` writes it: ${error.faults.join(', ')}`);
    }
  },
});
