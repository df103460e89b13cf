/**
 * What one client may do, as the authorizer hands it to the handlers: plain numbers, so that it travels as JSON in the
 * authorizer's context. Money is integer micro-USD: a millionth of a US dollar.
 */
export interface PlanTerms {
  /** Name of the plan: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Requests a second that are allowed for long. */
  readonly requestsPerSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests in one UTC day. @default - as many as come */
  readonly requestsPerDay?: number;
  /** Requests in one UTC month. @default - as many as come */
  readonly requestsPerMonth?: number;
  /** Micro-USD that may be committed in one UTC day. @default - no cap of its own */
  readonly spendPerDay?: number;
  /** Micro-USD that may be committed in one UTC month. @default - no cap of its own */
  readonly spendPerMonth?: number;
  /** Micro-USD that the worst case of one job may cost. @default - no cap of its own */
  readonly spendPerJob?: number;
  /** Models that it may ask for. @default - every model that has a price */
  readonly models?: readonly string[];
}

/** Plans by their names, as the authorizer gets them. */
export type PlansByName = Readonly<Record<string, PlanTerms>>;

/** Plan of every client whose row names none. */
export const DEFAULT_PLAN = 'standard';

/** Bounds of plans. */
export const PlanLimit = {
  /** Plans of one API: their ids must fit into one output of a stack. */
  MAX_PLANS: 10,
  /** Characters of a name. */
  MAX_NAME: 24,
  /** The default throttle of an account: a plan above it would never act. */
  MAX_RATE: 10_000,
  MAX_BURST: 5_000,
  /** Largest quota that API Gateway takes, a 32-bit integer. */
  MAX_REQUESTS: 2_147_483_647,
  /** Micro-USD; a billion dollars. */
  MAX_SPEND: 1_000_000_000_000_000,
  MAX_MODELS: 50,
  /** Bytes of all plans as JSON: a function's environment variables have 4096 together. */
  MAX_BYTES: 3_072,
} as const;

export const PLAN_NAME_PATTERN = /^[a-z][a-z0-9-]{0,23}$/;

/** Identifiers of models as providers write them. */
const MODEL_PATTERN = /^[A-Za-z0-9][\w.:/@-]{0,127}$/;

/** Something that is wrong with the terms of a plan. */
export interface PlanFault {
  readonly term: keyof PlanTerms;
  /** What the term must be, beginning with `must`. */
  readonly rule: string;
}

type Terms = Readonly<Partial<Record<keyof PlanTerms, unknown>>>;

const { MAX_RATE, MAX_BURST, MAX_REQUESTS, MAX_SPEND, MAX_MODELS } = PlanLimit;

/** Terms that are whole numbers from 1, their most, and whether each plan must have them. */
const NUMBERS = [
  { term: 'requestsPerSecond', most: MAX_RATE, isNeeded: true },
  { term: 'burst', most: MAX_BURST, isNeeded: true },
  { term: 'requestsPerDay', most: MAX_REQUESTS, isNeeded: false },
  { term: 'requestsPerMonth', most: MAX_REQUESTS, isNeeded: false },
  { term: 'spendPerDay', most: MAX_SPEND, isNeeded: false },
  { term: 'spendPerMonth', most: MAX_SPEND, isNeeded: false },
  { term: 'spendPerJob', most: MAX_SPEND, isNeeded: false },
] as const;

/** The first of each pair covers the second: were it smaller, the second would never act. */
const WIDER = [
  ['requestsPerMonth', 'requestsPerDay'],
  ['spendPerMonth', 'spendPerDay'],
  ['spendPerDay', 'spendPerJob'],
  ['spendPerMonth', 'spendPerJob'],
] as const;

const isWhole = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;

const isModels = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= MAX_MODELS &&
  new Set(value).size === value.length &&
  value.every((model) => typeof model === 'string' && MODEL_PATTERN.test(model));

const numberFaults = (terms: Terms): PlanFault[] =>
  NUMBERS.filter(({ term, most, isNeeded }) =>
    terms[term] === undefined ? isNeeded : !isWhole(terms[term], most),
  ).map(({ term, most }) => ({ term, rule: `must be an integer between 1 and ${most}` }));

const orderFaults = (terms: Terms): PlanFault[] =>
  WIDER.filter(([wide, narrow]) => {
    const [most, least] = [terms[wide], terms[narrow]];
    return typeof most === 'number' && typeof least === 'number' && most < least;
  }).map(([wide, narrow]) => ({ term: wide, rule: `must be at least \`${narrow}\`` }));

/** Everything that is wrong with the terms of a plan, whoever wrote them. */
export const planFaults = (terms: Terms): PlanFault[] => {
  const { name, models } = terms;
  const isNamed = typeof name === 'string' && PLAN_NAME_PATTERN.test(name);
  const areModels = models === undefined || isModels(models);
  return [
    ...(isNamed ? [] : [{ term: 'name', rule: `must match ${PLAN_NAME_PATTERN}` } as const]),
    ...numberFaults(terms),
    ...orderFaults(terms),
    ...(areModels ? [] : [{ term: 'models', rule: `must be 1 to ${MAX_MODELS} different ids of models` } as const]),
  ];
};

const isTerms = (value: unknown): value is PlanTerms =>
  typeof value === 'object' && value !== null && planFaults(value).length === 0;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Terms from their JSON form, or undefined where they are not a plan's. */
export const parsePlanTerms = (text: string): PlanTerms | undefined => {
  const value = parseJson(text);
  return isTerms(value) ? value : undefined;
};

/** Plans from their JSON form, or undefined unless each of them is one, under its own name, the default among them. */
export const parsePlans = (text: string): PlansByName | undefined => {
  const plans = parseJson(text);
  if (typeof plans !== 'object' || plans === null || !Object.hasOwn(plans, DEFAULT_PLAN)) return undefined;
  return Object.entries(plans).every(([name, terms]) => isTerms(terms) && terms.name === name)
    ? (plans as PlansByName)
    : undefined;
};
