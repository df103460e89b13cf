/** How a rotated secret gets its next value; see the settings of each in `RotationSettings`. */
export const RotationStrategyName = {
  /** Letters and digits drawn at random. */
  RANDOM: 'random',
  /** A key of an OpenAI service account, minted by the Admin API. */
  OPEN_AI_ADMIN: 'openai-admin',
  /** The next of a pool of keys that were made beforehand, for Anthropic. */
  KEY_POOL: 'key-pool',
  /** A key of one of Bulwark's own clients. */
  CLIENT_KEY: 'client-key',
  /** By a function of AWS's own; only the age of the value is told. */
  HOSTED: 'hosted',
} as const;

export type RotationStrategyValue = (typeof RotationStrategyName)[keyof typeof RotationStrategyName];

/** Steps of a rotation, in the order in which Secrets Manager asks for them. */
export const RotationStep = {
  CREATE: 'createSecret',
  SET: 'setSecret',
  TEST: 'testSecret',
  FINISH: 'finishSecret',
} as const;

export type RotationStepValue = (typeof RotationStep)[keyof typeof RotationStep];

/** Staging labels of a secret's versions. */
export const SecretStage = { CURRENT: 'AWSCURRENT', PENDING: 'AWSPENDING', PREVIOUS: 'AWSPREVIOUS' } as const;

/** Fields of a rotated secret's JSON value. */
export const RotatedSecretField = {
  /** The value itself. */
  API_KEY: 'apiKey',
  /** The provider's id of the key; absent where there is none. */
  KEY_ID: 'keyId',
  /** Id of the version that was current when this one was made; absent where nobody noted it. */
  REPLACES: 'replaces',
  /** Which keys of the pool were refused at their turn, `{"pool": "…", "keyIds": ["…"]}`; absent where none was. */
  REFUSED: 'refused',
} as const;

/** Fields of the JSON value of a pool's secret: `{"keys": [{"id": "...", "apiKey": "..."}]}`. */
export const PoolSecretField = { KEYS: 'keys', ID: 'id', API_KEY: 'apiKey' } as const;

/** Field of the JSON value of the secret that holds the key of a provider's Admin API. */
export const ADMIN_SECRET_FIELD = 'apiKey';

/** Milliseconds that a process uses a secret that it has read, unless told otherwise. */
export const DEFAULT_SECRET_CACHE_MS = 300_000;

/** Lengths, in characters, that a random value may have. */
export const RandomLength = { MIN: 16, MAX: 4_096 } as const;

/** Lifetimes, in seconds, that OpenAI gives a key. */
export const OpenAiKeyLifetime = { MIN_SECONDS: 1, MAX_SECONDS: 31_536_000 } as const;

export interface RandomSettings {
  /** Characters of the value. */
  readonly length: number;
}

export interface OpenAiAdminSettings {
  /** ARN of the secret that holds the Admin API's key. */
  readonly adminSecret: string;
  readonly projectId: string;
  readonly serviceAccountId: string;
  /** Base URL of the API, without a trailing slash. */
  readonly baseUrl: string;
  /** Seconds after which the provider itself ends a key. @default - never */
  readonly expiresInSeconds?: number;
}

export interface KeyPoolSettings {
  /** ARN of the secret that holds the Admin API's key. */
  readonly adminSecret: string;
  /** ARN of the secret that holds the keys of the pool. */
  readonly poolSecret: string;
  /** Base URL of the Admin API, without a trailing slash. */
  readonly adminUrl: string;
  /** Base URL of the API that the keys are for, without a trailing slash. */
  readonly upstreamUrl: string;
}

export interface ClientKeySettings {
  /** Name of the clients table. */
  readonly clientsTable: string;
  readonly clientId: string;
  /** Name of the environment that the key is for. */
  readonly environment: string;
}

/** What the rotator and the sweeper are told of a strategy, as JSON in their environment; holds no secret. */
export interface RotationSettings {
  readonly [RotationStrategyName.RANDOM]: RandomSettings;
  readonly [RotationStrategyName.OPEN_AI_ADMIN]: OpenAiAdminSettings;
  readonly [RotationStrategyName.KEY_POOL]: KeyPoolSettings;
  readonly [RotationStrategyName.CLIENT_KEY]: ClientKeySettings;
  readonly [RotationStrategyName.HOSTED]: Readonly<Record<string, never>>;
}
