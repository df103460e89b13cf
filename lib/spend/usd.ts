import { Token } from 'aws-cdk-lib';
import { ConstructConfigError } from '../config-error';

const MICRO_USD_IN_DOLLAR = 1_000_000;

/** Most dollars that an amount may have: a cap above it caps nothing that one service spends. */
const MOST_DOLLARS = 10_000_000;

/** An amount of money in US dollars, exact to a millionth of one. */
export class Usd {
  /**
   * An amount in dollars, such as 50 or 0.25: 0 to 10 000 000, with at most 6 decimals.
   *
   * @throws ConstructConfigError when it is not
   */
  public static dollars(amount: number): Usd {
    const micro = Math.round(amount * MICRO_USD_IN_DOLLAR);
    if (!isWithin(micro) || micro / MICRO_USD_IN_DOLLAR !== amount) {
      refuse('Usd.dollars', `must be between 0 and ${MOST_DOLLARS} with at most 6 decimals`, amount);
    }
    return new Usd(micro);
  }

  /**
   * An amount in micro-USD, which are millionths of a dollar: an integer between 0 and 10 000 000 000 000.
   *
   * @throws ConstructConfigError when it is not
   */
  public static microUsd(amount: number): Usd {
    if (!isWithin(amount)) {
      refuse('Usd.microUsd', `must be an integer between 0 and ${MOST_DOLLARS * MICRO_USD_IN_DOLLAR}`, amount);
    }
    return new Usd(amount);
  }

  private constructor(private readonly amount: number) {}

  /** The amount in micro-USD, an integer. */
  public toMicroUsd(): number {
    return this.amount;
  }

  /** The amount in dollars. */
  public toDollars(): number {
    return this.amount / MICRO_USD_IN_DOLLAR;
  }

  /** The amount as people write it, such as `50 USD`. */
  public toString(): string {
    return `${this.toDollars()} USD`;
  }
}

const isWithin = (micro: number): boolean =>
  Number.isInteger(micro) && micro >= 0 && micro <= MOST_DOLLARS * MICRO_USD_IN_DOLLAR;

function refuse(path: string, rule: string, got: number): never {
  throw new ConstructConfigError(path, [`\`amount\` ${rule}, got: ${Token.isUnresolved(got) ? 'a token' : got}`]);
}
