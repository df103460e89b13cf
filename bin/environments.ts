/** One environment of the service: where it is, and what differs there. */
export interface Environment {
  readonly name: EnvironmentName;
  readonly account: string;
  readonly region: string;
  /** Base URL of the paid upstream, without a trailing slash. */
  readonly upstreamUrl: string;
  /** Longest run of the processor, in seconds, 10 to 870: one call to the upstream with its retries must fit. */
  readonly processTimeoutSeconds: number;
  /** Most concurrent processors, 2 to 1000: the share of the upstream's rate limit that this environment has. */
  readonly processConcurrency: number;
  /** Failed calls within 30 seconds, as one process sees them, from which on the breaker may open: 1 to 10000. */
  readonly breakerFailures: number;
  /** Seconds that the breaker stays open before the first probe: 1 to 86400. */
  readonly breakerOpenSeconds: number;
  /** Seconds that it stays open at most after probes that failed: at least `breakerOpenSeconds`. */
  readonly breakerMaxOpenSeconds: number;
  /** Seconds between two steps of resuming the processors, each of which doubles their number: 1 to 900. */
  readonly resumeStepSeconds: number;
  /** Seconds for which a job is sent anew while the upstream fails, from its own first failure: 60 to 1209600. */
  readonly outagePatienceSeconds: number;
  /** Seconds that a job may wait in the queue before it is sent again: 60 to 1209600. */
  readonly stuckAfterSeconds: number;
  /** Days that logs are kept. */
  readonly logRetentionDays: number;
  /** Whether data and logs must outlive mistakes. */
  readonly protectData: boolean;
}

export const ENVIRONMENT_NAMES = ['local', 'dev', 'staging', 'prod'] as const;

export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number];

/** Thrown when the app cannot know what to synthesise; the message is one line and names every bad value. */
export class EnvironmentError extends Error {
  public override readonly name = 'EnvironmentError';
}

/** Source: PutRetentionPolicy, CloudWatch Logs API reference. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const UPSTREAM_URL = 'https://api.anthropic.com';

/** What an outage of the upstream means, unless an environment says otherwise; the defaults of `OutageSettings`. */
const OUTAGE = {
  breakerFailures: 5,
  breakerOpenSeconds: 30,
  breakerMaxOpenSeconds: 60,
  resumeStepSeconds: 30,
  outagePatienceSeconds: 86_400,
  stuckAfterSeconds: 900,
} as const;

/**
 * Short windows, so that a drill of an outage takes seconds; and more failures than the 15 calls that one poisoned job
 * makes, so that it ends in the dead-letter queue alone.
 */
const LOCAL_OUTAGE = {
  ...OUTAGE,
  breakerFailures: 20,
  breakerOpenSeconds: 3,
  breakerMaxOpenSeconds: 6,
  resumeStepSeconds: 2,
  stuckAfterSeconds: 60,
} as const;

/** The account ids are those of the AWS documentation: give yours with `-c account=`, or write it here. */
export const ENVIRONMENTS: Readonly<Record<EnvironmentName, Omit<Environment, 'name'>>> = {
  local: {
    account: '000000000000',
    region: 'us-east-1',
    upstreamUrl: UPSTREAM_URL,
    processTimeoutSeconds: 20,
    processConcurrency: 10,
    ...LOCAL_OUTAGE,
    logRetentionDays: 1,
    protectData: false,
  },
  dev: {
    account: '111122223333',
    region: 'ap-northeast-2',
    upstreamUrl: UPSTREAM_URL,
    processTimeoutSeconds: 300,
    processConcurrency: 5,
    ...OUTAGE,
    logRetentionDays: 14,
    protectData: false,
  },
  staging: {
    account: '444455556666',
    region: 'ap-northeast-2',
    upstreamUrl: UPSTREAM_URL,
    processTimeoutSeconds: 300,
    processConcurrency: 10,
    ...OUTAGE,
    logRetentionDays: 30,
    protectData: false,
  },
  prod: {
    account: '777788889999',
    region: 'ap-northeast-2',
    upstreamUrl: UPSTREAM_URL,
    processTimeoutSeconds: 300,
    processConcurrency: 50,
    ...OUTAGE,
    logRetentionDays: 90,
    protectData: true,
  },
};

/**
 * The environment that `-c env=` names, with what `-c account=`, `-c region=` and `-c upstreamUrl=` change in it.
 *
 * @param context reads one context value of the app
 * @param environments the environments there are; a test may bring its own
 * @throws EnvironmentError naming every bad value
 */
export function readEnvironment(
  context: (key: string) => unknown,
  environments: Readonly<Record<EnvironmentName, Omit<Environment, 'name'>>> = ENVIRONMENTS,
): Environment {
  const name = context('env');
  if (!isEnvironmentName(name)) {
    const given = name === undefined ? 'none' : String(name);
    throw new EnvironmentError(
      `say which environment with \`-c env=\`: ${ENVIRONMENT_NAMES.join(', ')}; got: ${given}`,
    );
  }
  const defaults = environments[name];
  const environment: Environment = {
    ...defaults,
    name,
    account: String(context('account') ?? defaults.account),
    region: String(context('region') ?? defaults.region),
    upstreamUrl: String(context('upstreamUrl') ?? defaults.upstreamUrl),
  };
  const problems = problemsOf(environment);
  if (problems.length > 0) {
    throw new EnvironmentError(`environment ${name}: ${problems.join('; ')}`);
  }
  return environment;
}

function isEnvironmentName(name: unknown): name is EnvironmentName {
  return ENVIRONMENT_NAMES.some((known) => known === name);
}

function problemsOf(environment: Environment): string[] {
  const { name, account, region, upstreamUrl } = environment;
  // The doubles of the local environment speak plain HTTP; a credential must never travel so elsewhere.
  const schemes = name === 'local' ? 'http|https' : 'https';
  const rules = [
    { key: 'account', value: account, pattern: /^\d{12}$/, rule: 'must be 12 digits' },
    { key: 'region', value: region, pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, rule: 'must be like `eu-west-1`' },
    {
      key: 'upstreamUrl',
      value: upstreamUrl,
      pattern: new RegExp(`^(${schemes})://[^/\\s?#]+(/[^\\s?#]*[^\\s?#/])?$`),
      rule: `must be an absolute ${schemes.replace('|', ' or ')} URL without a trailing slash`,
    },
  ];
  return [
    ...rules
      .filter(({ value, pattern }) => !pattern.test(value))
      .map(({ key, value, rule }) => `\`${key}\` ${rule}, got: ${value}`),
    ...numberProblems(environment),
  ];
}

function numberProblems({ processTimeoutSeconds, processConcurrency, logRetentionDays }: Environment): string[] {
  const isWithin = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;
  const rules = [
    {
      key: 'processTimeoutSeconds',
      value: processTimeoutSeconds,
      holds: isWithin(processTimeoutSeconds, 10, 870),
      rule: 'must be an integer between 10 and 870',
    },
    {
      key: 'processConcurrency',
      value: processConcurrency,
      holds: isWithin(processConcurrency, 2, 1000),
      rule: 'must be an integer between 2 and 1000',
    },
    {
      key: 'logRetentionDays',
      value: logRetentionDays,
      holds: LOG_RETENTION_DAYS.includes(logRetentionDays),
      rule: `must be a retention that CloudWatch Logs knows (${LOG_RETENTION_DAYS.join(', ')})`,
    },
  ];
  return rules.filter(({ holds }) => !holds).map(({ key, value, rule }) => `\`${key}\` ${rule}, got: ${value}`);
}
