import { readFileSync } from 'node:fs';
import { ConstructConfigError } from '../config-error';
import type { PriceBookDocument } from '../contract/price-book-document';
import { MAX_PACKED_PRICE_BOOK_BYTES, packPriceBook } from '../contract/price-book-packing';
import { PriceBookError, readPriceBook } from '../contract/price-book-reading';
import { duplicateNames } from './duplicate-names';

/** What the models cost, from which moment on. A model that is not in it is refused before any call. */
export class PriceBook {
  /**
   * Reads a price book from a JSON file: see `PriceBookDocument`.
   *
   * @throws ConstructConfigError naming everything that is wrong with the file
   */
  public static fromFile(path: string): PriceBook {
    const text = read(path);
    const twice = duplicateNames(text);
    if (twice.length > 0) {
      throw new ConstructConfigError(
        path,
        twice.map((name) => `\`${name}\` must be there once: JSON keeps only the last, got: several`),
      );
    }
    return new PriceBook(path, JSON.parse(text));
  }

  /**
   * Takes a price book as it is.
   *
   * @throws ConstructConfigError naming everything that is wrong with it
   */
  public static of(document: PriceBookDocument): PriceBook {
    return new PriceBook('PriceBook', document);
  }

  /** Every name under which a model has a price, the other names of models included. */
  public readonly models: string[];

  /** As a function's environment holds it. @internal */
  public readonly _packed: string;

  private constructor(source: string, document: PriceBookDocument) {
    this.models = namesIn(source, document);
    this._packed = packPriceBook(document);
    const bytes = Buffer.byteLength(this._packed);
    if (bytes > MAX_PACKED_PRICE_BOOK_BYTES) {
      throw new ConstructConfigError(source, [
        `\`document\` must be at most ${MAX_PACKED_PRICE_BOOK_BYTES} bytes when packed, as all variables of a function have 4 KB together: take out models that nobody is offered and prices that are long over, got: ${bytes} bytes`,
      ]);
    }
  }
}

function namesIn(source: string, document: PriceBookDocument): string[] {
  try {
    return [...readPriceBook(document).models.keys()];
  } catch (error) {
    if (!(error instanceof PriceBookError)) throw error;
    throw new ConstructConfigError(source, error.faults);
  }
}

function read(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConstructConfigError(path, [`\`path\` must be a file that can be read, got: ${code}`]);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new ConstructConfigError(path, [`\`path\` must be a file with JSON in it, got: ${error}`]);
  }
  return text;
}
