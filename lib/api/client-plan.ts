import { ConstructConfigError } from '../config-error';
import { DEFAULT_PLAN, PlanLimit, type PlanTerms, planFaults } from '../contract/client-plan';
import { DEFAULT_CLIENT_THROTTLE } from './throttle';

/**
 * Settings of a `ClientPlan`. Money is US dollars as a decimal number in a string, such as `'2.50'`, up to six decimals and
 * a billion: a binary fraction does not hold a cent.
 */
export interface ClientPlanProps {
  /** Name of the plan: a lower-case letter, then up to 23 lower-case letters, digits and hyphens. */
  readonly name: string;

  /** Requests a second that are let through in the long run, between 1 and 10 000. */
  readonly requestsPerSecond: number;

  /** Requests that are let through at once after a pause, between 1 and 5 000. */
  readonly burst: number;

  /**
   * Requests in one UTC day, between 1 and 2 147 483 647.
   *
   * @default - as many as come
   */
  readonly requestsPerDay?: number;

  /**
   * Requests in one UTC month, between 1 and 2 147 483 647, and no fewer than `requestsPerDay`.
   *
   * @default - as many as come
   */
  readonly requestsPerMonth?: number;

  /**
   * Dollars that may be committed in one UTC day, no less than `spendPerJob`.
   *
   * @default - no cap of its own
   */
  readonly spendPerDay?: string;

  /**
   * Dollars that may be committed in one UTC month, no less than `spendPerDay` and `spendPerJob`.
   *
   * @default - no cap of its own
   */
  readonly spendPerMonth?: string;

  /**
   * Dollars that the worst case of one job may cost.
   *
   * @default - no cap of its own
   */
  readonly spendPerJob?: string;

  /**
   * Models that may be asked for, 1 to 50.
   *
   * @default - every model that has a price
   */
  readonly models?: string[];
}

const SPEND = ['spendPerDay', 'spendPerMonth', 'spendPerJob'] as const;

const DOLLARS = /^(\d{1,10})(?:\.(\d{1,6}))?$/;

/** What one client may do: rate, burst, quota, spending caps and models. */
export class ClientPlan {
  /** The plan of clients for whom no other was named: 10 requests a second, 20 at once, and nothing else bounded. */
  public static standard(): ClientPlan {
    const { rateLimit, burstLimit } = DEFAULT_CLIENT_THROTTLE;
    return new ClientPlan({ name: DEFAULT_PLAN, requestsPerSecond: rateLimit, burst: burstLimit });
  }

  /** Plans by their names as JSON, for the authorizer that hands its client's to the handlers; money is micro-USD. */
  public static toJson(plans: ClientPlan[]): string {
    return JSON.stringify(Object.fromEntries(plans.map(({ name, _terms }) => [name, _terms])));
  }

  /** Name of the plan. */
  public readonly name: string;

  /** @internal */
  public readonly _terms: PlanTerms;

  /** @throws ConstructConfigError naming every prop that is not allowed. */
  constructor(props: ClientPlanProps) {
    const problems = planProblems(props);
    if (problems.length > 0) throw new ConstructConfigError(`ClientPlan ${props.name}`, problems);
    this.name = props.name;
    this._terms = termsOf(props);
  }
}

/** What is wrong with the props of a plan: each in backticks, its rule, what was given. */
export function planProblems(props: ClientPlanProps): string[] {
  const unreadable = SPEND.filter((prop) => props[prop] !== undefined && microUsdOf(props[prop]) === undefined);
  return [
    ...unreadable.map((prop) => `\`${prop}\` must be dollars in a string, such as '2.50', got: ${props[prop]}`),
    ...planFaults(termsOf(props)).map(({ term, rule }) => `\`${term}\` ${rule}, got: ${props[term]}`),
  ];
}

/** Rules that the plans of one API must meet together, by their names and their length as JSON. */
export function planSetRules(names: readonly string[], bytes: number) {
  const { MAX_PLANS, MAX_BYTES } = PlanLimit;
  const named = names.join(', ');
  return [
    { rule: `must be at most ${MAX_PLANS}`, got: names.length, holds: names.length <= MAX_PLANS },
    { rule: `must have one that is named ${DEFAULT_PLAN}`, got: named || 'none', holds: names.includes(DEFAULT_PLAN) },
    { rule: 'must have different names', got: named, holds: new Set(names).size === names.length },
    { rule: `must be at most ${MAX_BYTES} bytes as JSON`, got: bytes, holds: bytes <= MAX_BYTES },
  ];
}

/** The terms that handlers get; what cannot be read is left out. */
function termsOf({
  name,
  requestsPerSecond,
  burst,
  requestsPerDay,
  requestsPerMonth,
  models,
  ...money
}: ClientPlanProps) {
  const spend = SPEND.map((prop) => [prop, microUsdOf(money[prop])]);
  const terms = {
    name,
    requestsPerSecond,
    burst,
    requestsPerDay,
    requestsPerMonth,
    ...Object.fromEntries(spend),
    models,
  };
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined)) as unknown as PlanTerms;
}

/** Micro-USD of dollars, exactly; undefined where they are none, nothing or more than a billion. */
function microUsdOf(dollars: string | undefined): number | undefined {
  const [, whole, fraction = ''] = DOLLARS.exec(dollars ?? '') ?? [];
  const microUsd = whole === undefined ? 0 : Number(whole + fraction.padEnd(6, '0'));
  return microUsd > 0 && microUsd <= PlanLimit.MAX_SPEND ? microUsd : undefined;
}
