import { CLIENTS, type ClientSettings, clientProblems, LOCAL_CLIENTS } from './client-plans';
import { CREDENTIAL, LOCAL_CREDENTIAL } from './credential-lifetimes';
import { LOCAL_OUTAGE, OUTAGE } from './outage-windows';
import { DEV_CAPS, LOCAL_CAPS, PROD_CAPS, type SpendCaps, STAGING_CAPS, spendCapProblems } from './spend-caps';

/** One environment of the service: where it is, and what differs there. */
export interface Environment extends ClientSettings, SpendCaps {
  readonly name: EnvironmentName;
  readonly account: string;
  readonly region: string;
  /** Base URL of the paid upstream, without a trailing slash. */
  readonly upstreamUrl: string;
  /** Where the upstream credential comes from: see `UpstreamCredential`. */
  readonly upstreamCredential: UpstreamCredentialName;
  /** What the upstream's Admin API is reached under, where the keys of a pool take turns. @default `upstreamUrl` */
  readonly upstreamAdminUrl?: string;
  /** The names of a federation in the organization at Anthropic, where the credential is federated. */
  readonly federation?: FederationNames;
  /**
   * The names of a federation for people, such as for `bulwark secrets exec`, whatever the credential of the service is.
   *
   * @default `federation`, where the credential is federated; otherwise people get no tokens
   */
  readonly developerFederation?: FederationNames;
  /** Seconds for which a process uses a key that it has read: 1 to 3600. */
  readonly secretCacheSeconds: number;
  /** Seconds for which a replaced key works on: at least `secretCacheSeconds` and `processTimeoutSeconds` together. */
  readonly keyGraceSeconds: number;
  /** ARNs of the roles that may write the credential's secrets; none for whoever may by their own policies. */
  readonly secretAdministrators: readonly string[];
  /** ARNs of the roles of people who may read the credential, such as for `bulwark secrets exec`. */
  readonly secretReaders: readonly string[];
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
  /** Whether a web ACL stands before the API; local and dev may do without. */
  readonly webAcl: boolean;
  /**
   * ARN of the topic that is told of alarms and failed rotations, in the account and Region of the environment.
   *
   * @default - nobody is told
   */
  readonly alarmTopicArn?: string;
  /** Whether GuardDuty scans what clients upload, and nothing is readable that it has not; it is paid by the gigabyte. */
  readonly scanUploads: boolean;
  /** Days that logs are kept. */
  readonly logRetentionDays: number;
  /** Whether data and logs must outlive mistakes. */
  readonly protectData: boolean;
}

/** What Anthropic calls the parts of a federation. */
export interface FederationNames {
  readonly federationRuleId: string;
  readonly organizationId: string;
  readonly serviceAccountId: string;
  readonly workspaceId?: string;
}

export const UPSTREAM_CREDENTIAL_NAMES = ['keyPool', 'static', 'federated'] as const;

export type UpstreamCredentialName = (typeof UPSTREAM_CREDENTIAL_NAMES)[number];

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

/** The account ids are those of the AWS documentation: give yours with `-c account=`, or write it here. */
export const ENVIRONMENTS: Readonly<Record<EnvironmentName, Omit<Environment, 'name'>>> = {
  local: {
    account: '000000000000',
    region: 'us-east-1',
    upstreamUrl: UPSTREAM_URL,
    processTimeoutSeconds: 20,
    processConcurrency: 10,
    ...LOCAL_OUTAGE,
    ...LOCAL_CREDENTIAL,
    ...LOCAL_CLIENTS,
    ...LOCAL_CAPS,
    webAcl: true,
    scanUploads: false,
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
    ...CREDENTIAL,
    ...CLIENTS,
    ...DEV_CAPS,
    webAcl: true,
    scanUploads: false,
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
    ...CREDENTIAL,
    ...CLIENTS,
    ...STAGING_CAPS,
    webAcl: true,
    scanUploads: true,
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
    ...CREDENTIAL,
    ...CLIENTS,
    ...PROD_CAPS,
    webAcl: true,
    scanUploads: true,
    logRetentionDays: 90,
    protectData: true,
  },
};

/**
 * The environment that `-c env=` names, with what `-c account=`, `-c region=`, `-c upstreamUrl=`,
 * `-c upstreamAdminUrl=`, `-c upstreamCredential=` and `-c alarmTopicArn=` change in it.
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
    upstreamCredential: (context('upstreamCredential') ?? defaults.upstreamCredential) as UpstreamCredentialName,
    ...given('upstreamAdminUrl', context('upstreamAdminUrl') ?? defaults.upstreamAdminUrl),
    ...given('alarmTopicArn', context('alarmTopicArn') ?? defaults.alarmTopicArn),
  };
  const problems = problemsOf(environment);
  if (problems.length > 0) {
    throw new EnvironmentError(`environment ${name}: ${problems.join('; ')}`);
  }
  return environment;
}

function given<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: String(value) }) as { [P in K]?: string };
}

function isEnvironmentName(name: unknown): name is EnvironmentName {
  return ENVIRONMENT_NAMES.some((known) => known === name);
}

function problemsOf(environment: Environment): string[] {
  const { name, account, region, upstreamUrl, upstreamAdminUrl, alarmTopicArn } = environment;
  // The doubles of the local environment speak plain HTTP; a credential must never travel so elsewhere.
  const schemes = name === 'local' ? 'http|https' : 'https';
  const baseUrl = {
    pattern: new RegExp(`^(${schemes})://[^/\\s?#]+(/[^\\s?#]*[^\\s?#/])?$`),
    rule: `must be an absolute ${schemes.replace('|', ' or ')} URL without a trailing slash`,
  };
  const rules = [
    { key: 'account', value: account, pattern: /^\d{12}$/, rule: 'must be 12 digits' },
    { key: 'region', value: region, pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, rule: 'must be like `eu-west-1`' },
    { key: 'upstreamUrl', value: upstreamUrl, ...baseUrl },
    ...(upstreamAdminUrl === undefined ? [] : [{ key: 'upstreamAdminUrl', value: upstreamAdminUrl, ...baseUrl }]),
    ...(alarmTopicArn === undefined ? [] : [{ key: 'alarmTopicArn', value: alarmTopicArn, ...topicRule(environment) }]),
  ];
  return [
    ...credentialProblems(environment),
    ...webAclProblems(environment),
    ...rules
      .filter(({ value, pattern }) => !pattern.test(value))
      .map(({ key, value, rule }) => `\`${key}\` ${rule}, got: ${value}`),
    ...numberProblems(environment),
    ...clientProblems(environment),
    ...spendCapProblems(environment),
  ];
}

/** A topic elsewhere is none that an alarm can tell; a FIFO topic, none that an event rule can. */
function topicRule({ account, region }: Environment): { pattern: RegExp; rule: string } {
  return {
    pattern: new RegExp(`^arn:aws[a-z-]*:sns:${region}:${account}:[A-Za-z0-9_-]{1,256}$`),
    rule: `must be the ARN of a standard topic in ${region} of account ${account}`,
  };
}

function credentialProblems({ upstreamCredential, federation }: Environment): string[] {
  if (!UPSTREAM_CREDENTIAL_NAMES.includes(upstreamCredential)) {
    return [
      `\`upstreamCredential\` must be one of ${UPSTREAM_CREDENTIAL_NAMES.join(', ')}, got: ${upstreamCredential}`,
    ];
  }
  const isComplete = upstreamCredential !== 'federated' || federation !== undefined;
  return isComplete ? [] : ['`federation` must be given where `upstreamCredential` is federated, got: none'];
}

/** What is missing before the API is found in staging, and not in prod. */
function webAclProblems({ name, webAcl }: Environment): string[] {
  const isNeeded = name === 'staging' || name === 'prod';
  return webAcl || !isNeeded ? [] : ['`webAcl` must be true in staging and prod, got: false'];
}

function numberProblems(environment: Environment): string[] {
  const { processTimeoutSeconds, processConcurrency, logRetentionDays, secretCacheSeconds, keyGraceSeconds } =
    environment;
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
      key: 'secretCacheSeconds',
      value: secretCacheSeconds,
      holds: isWithin(secretCacheSeconds, 1, 3_600),
      rule: 'must be an integer between 1 and 3600',
    },
    {
      key: 'keyGraceSeconds',
      value: keyGraceSeconds,
      holds: isWithin(keyGraceSeconds, secretCacheSeconds + processTimeoutSeconds, 31_536_000),
      rule: `must be an integer between \`secretCacheSeconds\` and \`processTimeoutSeconds\` together, ${secretCacheSeconds + processTimeoutSeconds}, and 31536000`,
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
