import { CLIENT_ID_PATTERN } from '../../../lib/contract/client-keys';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import {
  OpenAiKeyLifetime,
  RandomLength,
  type RotationSettings,
  RotationStrategyName,
  type RotationStrategyValue,
} from '../../../lib/contract/rotation';
import { EnvironmentError } from '../environment/errors';
import { type Field, integer, readEnvironment, text } from '../environment/read-environment';

/** A strategy and its settings. */
export type ChosenStrategy = {
  readonly [N in RotationStrategyValue]: { readonly name: N; readonly settings: RotationSettings[N] };
}[RotationStrategyValue];

export interface RotationEnvironment {
  readonly secretId: string;
  readonly graceMs: number;
  readonly strategy: ChosenStrategy;
}

/** What a setting must be, and whether a value is it. */
interface Rule {
  readonly must: string;
  readonly holds: (value: unknown) => boolean;
}

const YEAR_MS = 366 * 86_400_000;

const aText: Rule = { must: 'must be a text', holds: (value) => typeof value === 'string' && value !== '' };
const aUrl: Rule = {
  must: 'must be an http(s) URL without a trailing slash',
  holds: (value) =>
    typeof value === 'string' && !value.endsWith('/') && /^https?:$/.test(URL.parse(value)?.protocol ?? ''),
};
const aMatchOf = (pattern: RegExp): Rule => ({
  must: `must match ${pattern}`,
  holds: (value) => typeof value === 'string' && pattern.test(value),
});
const anInteger = (min: number, max: number): Rule => ({
  must: `must be an integer from ${min} to ${max}`,
  holds: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
});
const optional = ({ must, holds }: Rule): Rule => ({ must, holds: (value) => value === undefined || holds(value) });

const RULES: { readonly [N in RotationStrategyValue]: Readonly<Record<keyof RotationSettings[N], Rule>> } = {
  [RotationStrategyName.RANDOM]: { length: anInteger(RandomLength.MIN, RandomLength.MAX) },
  [RotationStrategyName.OPEN_AI_ADMIN]: {
    adminSecret: aText,
    projectId: aText,
    serviceAccountId: aText,
    baseUrl: aUrl,
    expiresInSeconds: optional(anInteger(OpenAiKeyLifetime.MIN_SECONDS, OpenAiKeyLifetime.MAX_SECONDS)),
  },
  [RotationStrategyName.KEY_POOL]: { adminSecret: aText, poolSecret: aText, adminUrl: aUrl, upstreamUrl: aUrl },
  [RotationStrategyName.CLIENT_KEY]: {
    clientsTable: aText,
    clientId: aMatchOf(CLIENT_ID_PATTERN),
    environment: aMatchOf(/^[a-z]+$/),
  },
  [RotationStrategyName.HOSTED]: {},
};

const strategyName: Field<RotationStrategyValue> = {
  key: EnvironmentKey.ROTATION_STRATEGY,
  parse: (value) => {
    const names = Object.values(RotationStrategyName);
    const name = names.find((known) => known === value);
    if (!name) throw new RangeError(`must be one of ${names.join(', ')}`);
    return name;
  },
};

const settingsObject: Field<Readonly<Record<string, unknown>>> = {
  key: EnvironmentKey.ROTATION_SETTINGS,
  parse: (value) => {
    const object = parseObject(value ?? '');
    if (!object) throw new RangeError('must be a JSON object');
    return object;
  },
};

const parseObject = (value: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
};

const checkSettings = (name: RotationStrategyValue, settings: Readonly<Record<string, unknown>>): void => {
  const problems = Object.entries<Rule>(RULES[name])
    .filter(([setting, { holds }]) => !holds(settings[setting]))
    .map(([setting, { must }]) => `\`${EnvironmentKey.ROTATION_SETTINGS}\`.\`${setting}\` ${must}`);
  if (problems.length > 0) throw new EnvironmentError(problems);
};

/**
 * What the rotator and the sweeper are told.
 * @throws EnvironmentError naming every variable, or every setting, that is missing or unusable, but no value.
 */
export const readRotationEnvironment = (environment: NodeJS.ProcessEnv = process.env): RotationEnvironment => {
  const { secretId, graceMs, name, settings } = readEnvironment(
    {
      secretId: text(EnvironmentKey.ROTATED_SECRET),
      graceMs: integer(EnvironmentKey.ROTATION_GRACE_MS, { min: 0, max: YEAR_MS }),
      name: strategyName,
      settings: settingsObject,
    },
    environment,
  );
  checkSettings(name, settings);
  return { secretId, graceMs, strategy: { name, settings } as unknown as ChosenStrategy };
};
