import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Thrown at synthesis when a construct was given values that it refuses.
 * The message names the construct's path and every bad value at once.
 */
export class ConstructConfigError extends Error {
  public override readonly name = 'ConstructConfigError';

  constructor(
    /** Path of the construct in the tree, such as `bulwark-prod-data/WorkQueue`. */
    public readonly constructPath: string,
    /** One sentence a bad value: the prop in backticks, the rule, what was given. */
    public readonly problems: readonly string[],
  ) {
    super(`${constructPath}: ${problems.join('; ')}`);
  }
}

/** Collects what is wrong with a construct's props, so that one run shows all of it. */
export class ConfigCheck {
  private readonly problems: string[] = [];

  /** The id is given apart from its scope: a subclass checks its props before the construct itself exists. */
  constructor(
    private readonly scope: IConstruct,
    private readonly id: string,
  ) {}

  /** Notes a problem unless the rule holds. An unresolved token cannot be judged at synthesis and passes. */
  public require(holds: boolean, prop: string, rule: string, got: unknown): this {
    if (!holds && !Token.isUnresolved(got)) {
      this.problems.push(`\`${prop}\` ${rule}, got: ${got}`);
    }
    return this;
  }

  /** Notes a problem unless the value, where given, is a whole number within both bounds. */
  public integer(prop: string, value: number | undefined, min: number, max: number): this {
    return this.require(
      value === undefined || (Number.isInteger(value) && value >= min && value <= max),
      prop,
      `must be an integer between ${min} and ${max}`,
      value,
    );
  }

  /** Throws what was noted. @throws ConstructConfigError */
  public throwProblems(): void {
    if (this.problems.length > 0) {
      const parent = this.scope.node.path;
      throw new ConstructConfigError(parent ? `${parent}/${this.id}` : this.id, this.problems);
    }
  }
}
