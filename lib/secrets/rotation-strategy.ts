import type { Duration } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { CLIENT_ID_PATTERN } from '../contract/client-keys';
import {
  OpenAiKeyLifetime,
  RandomLength,
  type RotationSettings,
  RotationStrategyName,
  type RotationStrategyValue,
} from '../contract/rotation';
import type { GuardedSecret } from './guarded-secret';
import type { PropRule } from './prop-rule';

/** Base URL of OpenAI's API. */
const OPEN_AI_URL = 'https://api.openai.com';

/** Base URL of Anthropic's API, which its Admin API shares. */
const ANTHROPIC_URL = 'https://api.anthropic.com';

/** Characters of a random value unless told otherwise: 285 bits. */
const DEFAULT_LENGTH = 48;

/** Settings of `RotationStrategy.random`. */
export interface RandomRotationOptions {
  /**
   * Characters of the value, letters and digits: 16 to 4096.
   *
   * @default 48
   */
  readonly length?: number;
}

/** Settings of `RotationStrategy.openAiAdmin`. */
export interface OpenAiAdminRotationOptions {
  /** Holds the key of the Admin API, as `{"apiKey": "…"}`; rotator and sweeper are let in, and nobody else needs to be. */
  readonly adminSecret: GuardedSecret;

  /** Id of the project, such as `proj_abc`. */
  readonly projectId: string;

  /** Id of the service account whose keys are made and ended. */
  readonly serviceAccountId: string;

  /**
   * Base URL of the API, without a trailing slash.
   *
   * @default 'https://api.openai.com'
   */
  readonly baseUrl?: string;

  /**
   * Time after which OpenAI itself ends a key, whatever becomes of this stack: longer than `maxAge` and at most a year.
   *
   * @default - never
   */
  readonly keyLifetime?: Duration;
}

/** Settings of `RotationStrategy.keyPool`. */
export interface KeyPoolRotationOptions {
  /** Holds the key of the Admin API, as `{"apiKey": "…"}`; rotator and sweeper are let in, and nobody else needs to be. */
  readonly adminSecret: GuardedSecret;

  /** Holds the keys, as `{"keys": [{"id": "…", "apiKey": "…"}]}`; rotator and sweeper are let in. */
  readonly poolSecret: GuardedSecret;

  /**
   * Base URL of the Admin API, without a trailing slash.
   *
   * @default 'https://api.anthropic.com'
   */
  readonly adminUrl?: string;

  /**
   * Base URL of the API that the keys are for, without a trailing slash.
   *
   * @default 'https://api.anthropic.com'
   */
  readonly upstreamUrl?: string;
}

/** Settings of `RotationStrategy.clientKey`. */
export interface ClientKeyRotationOptions {
  /** The table of Bulwark's clients. */
  readonly clientsTable: dynamodb.ITable;

  /** Id of the client whose key it is. */
  readonly clientId: string;

  /** Name of the environment that the key is for, in lower-case letters. */
  readonly environmentName: string;
}

/** Settings of `RotationStrategy.hosted`. */
export interface HostedRotationOptions {
  /** What is rotated, such as `HostedRotation.mysqlSingleUser({ functionName })`. */
  readonly rotation: secretsmanager.HostedRotation;

  /** The `functionName` that was given to `rotation`: the secret's policy lets that function in, whose role AWS names. */
  readonly functionName: string;
}

/** What a strategy means for the construct that rotates. */
export interface RotationSpec {
  readonly name: RotationStrategyValue;
  readonly settings: RotationSettings[RotationStrategyValue];
  /** Secrets that rotator and sweeper read. */
  readonly reads: readonly GuardedSecret[];
  /** Table whose rows rotator and sweeper read and change. */
  readonly table?: dynamodb.ITable;
  /** What AWS rotates with a function of its own. */
  readonly hosted?: HostedRotationOptions;
  /** Rules that the options must meet; `maxAge` is the age that a value may reach. */
  readonly rules: (maxAge: Duration) => PropRule[];
}

/** How a secret gets its next value, and what becomes of the one before. */
export class RotationStrategy {
  /** Letters and digits drawn at random, for signing keys and peppers: consumers accept current and previous value. */
  public static random(options: RandomRotationOptions = {}): RotationStrategy {
    const length = options.length ?? DEFAULT_LENGTH;
    const { MIN, MAX } = RandomLength;
    return new RotationStrategy({
      name: RotationStrategyName.RANDOM,
      settings: { length },
      reads: [],
      rules: () => [
        {
          prop: 'length',
          rule: `must be an integer between ${MIN} and ${MAX}`,
          got: length,
          holds: Number.isInteger(length) && length >= MIN && length <= MAX,
        },
      ],
    });
  }

  /** A new key of an OpenAI service account, made by the Admin API; the one before is deleted after its grace. */
  public static openAiAdmin(options: OpenAiAdminRotationOptions): RotationStrategy {
    const { adminSecret, projectId, serviceAccountId, baseUrl = OPEN_AI_URL, keyLifetime } = options;
    return new RotationStrategy({
      name: RotationStrategyName.OPEN_AI_ADMIN,
      settings: {
        adminSecret: adminSecret.secret.secretArn,
        projectId,
        serviceAccountId,
        baseUrl,
        ...(keyLifetime && { expiresInSeconds: keyLifetime.toSeconds() }),
      },
      reads: [adminSecret],
      rules: (maxAge) => [
        id('projectId', projectId),
        id('serviceAccountId', serviceAccountId),
        baseUrlRule('baseUrl', baseUrl),
        ...(keyLifetime ? [lifetime(keyLifetime, maxAge)] : []),
      ],
    });
  }

  /**
   * The next of a pool of keys that people made beforehand, for a provider that makes none by API, as Anthropic. The one
   * before is made inactive after its grace and comes round again.
   */
  public static keyPool(options: KeyPoolRotationOptions): RotationStrategy {
    const { adminSecret, poolSecret, adminUrl = ANTHROPIC_URL, upstreamUrl = ANTHROPIC_URL } = options;
    return new RotationStrategy({
      name: RotationStrategyName.KEY_POOL,
      settings: {
        adminSecret: adminSecret.secret.secretArn,
        poolSecret: poolSecret.secret.secretArn,
        adminUrl,
        upstreamUrl,
      },
      reads: [adminSecret, poolSecret],
      rules: () => [baseUrlRule('adminUrl', adminUrl), baseUrlRule('upstreamUrl', upstreamUrl)],
    });
  }

  /** A new key of one of Bulwark's own clients; the one before works on until its grace is over. */
  public static clientKey(options: ClientKeyRotationOptions): RotationStrategy {
    const { clientsTable, clientId, environmentName } = options;
    return new RotationStrategy({
      name: RotationStrategyName.CLIENT_KEY,
      settings: { clientsTable: clientsTable.tableName, clientId, environment: environmentName },
      reads: [],
      table: clientsTable,
      rules: () => [
        {
          prop: 'clientId',
          rule: `must match ${CLIENT_ID_PATTERN}`,
          got: clientId,
          holds: CLIENT_ID_PATTERN.test(clientId),
        },
        {
          prop: 'environmentName',
          rule: 'must be lower-case letters',
          got: environmentName,
          holds: /^[a-z]+$/.test(environmentName),
        },
      ],
    });
  }

  /** A database's password, by the function that AWS itself provides. There is no key to end, and so no grace. */
  public static hosted(options: HostedRotationOptions): RotationStrategy {
    const { functionName } = options;
    return new RotationStrategy({
      // The sweeper of such a secret only tells its age.
      name: RotationStrategyName.HOSTED,
      settings: {},
      reads: [],
      hosted: options,
      rules: () => [
        {
          prop: 'functionName',
          rule: 'must be 1 to 64 letters, digits, `-` or `_`',
          got: functionName,
          holds: /^[\w-]{1,64}$/.test(functionName),
        },
      ],
    });
  }

  private constructor(
    /** @internal */
    public readonly _spec: RotationSpec,
  ) {}
}

const id = (prop: string, value: string): PropRule => ({
  prop,
  rule: 'must be an id of letters, digits, `-` and `_`',
  got: value,
  holds: /^[\w-]+$/.test(value),
});

const baseUrlRule = (prop: string, url: string): PropRule => ({
  prop,
  rule: 'must be an absolute URL without a trailing slash',
  got: url,
  holds: /^https?:\/\/[^/\s?#]+(\/[^\s?#]*[^\s?#/])?$/.test(url),
});

const lifetime = (keyLifetime: Duration, maxAge: Duration): PropRule => ({
  prop: 'keyLifetime',
  rule: `must be longer than \`maxAge\`, ${maxAge.toHumanString()}, and at most 365 days`,
  got: keyLifetime.toHumanString(),
  holds: keyLifetime.toSeconds() > maxAge.toSeconds() && keyLifetime.toSeconds() <= OpenAiKeyLifetime.MAX_SECONDS,
});
