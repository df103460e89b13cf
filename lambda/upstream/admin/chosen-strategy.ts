import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { MetricName } from '../../../lib/contract/metrics';
import { type KeyPoolSettings, type OpenAiAdminSettings, RotationStrategyName } from '../../../lib/contract/rotation';
import type { Clock, Sleep } from '../../runtime/clock/clock';
import type { Count } from '../../runtime/observability/observability';
import { DynamoDbClientKeys } from '../../runtime/rotation/dynamodb-client-keys';
import { parsePool } from '../../runtime/rotation/pool-secret';
import type { RotationEnvironment } from '../../runtime/rotation/rotation-environment';
import type { IRotationStrategy } from '../../runtime/rotation/rotation-strategy';
import { parseSecret } from '../../runtime/rotation/secret-value';
import { clientKey } from '../../runtime/rotation/strategies/client-key';
import { hosted } from '../../runtime/rotation/strategies/hosted';
import { keyPool } from '../../runtime/rotation/strategies/key-pool';
import { openAiAdmin } from '../../runtime/rotation/strategies/open-ai-admin';
import { randomValue } from '../../runtime/rotation/strategies/random-value';
import type { PooledHttp } from '../pooled-http';
import { AnthropicAdmin, verifyAnthropicKey } from './anthropic-admin';
import { OpenAiServiceAccountKeys, verifyOpenAiKey } from './openai-admin';

/** What the strategies need of the world. */
export interface StrategyTools {
  readonly secrets: SecretsManagerClient;
  readonly dynamodb: () => DynamoDBClient;
  readonly http: PooledHttp;
  readonly now: Clock;
  readonly sleep: Sleep;
  readonly count: Count;
}

const readSecret = async (secrets: SecretsManagerClient, SecretId: string) => {
  const { SecretString: text = '', VersionId: version } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  return { text, version };
};

/** The key of an Admin API, read for each call: it is used a few times a day, and its own rotation counts at once. */
const adminKeyReader =
  ({ secrets }: StrategyTools, adminSecret: string) =>
  async (): Promise<string> =>
    parseSecret((await readSecret(secrets, adminSecret)).text).apiKey;

const openAi = (settings: OpenAiAdminSettings, secretId: string, tools: StrategyTools): IRotationStrategy => {
  const options = { http: tools.http, baseUrl: settings.baseUrl };
  const readAdminKey = adminKeyReader(tools, settings.adminSecret);
  const keys = new OpenAiServiceAccountKeys({ ...options, readAdminKey, settings });
  return openAiAdmin({ keys, verifyKey: verifyOpenAiKey(options), secretId });
};

const anthropic = (settings: KeyPoolSettings, tools: StrategyTools): IRotationStrategy => {
  const { http, secrets, sleep, count } = tools;
  const readAdminKey = adminKeyReader(tools, settings.adminSecret);
  return keyPool({
    readPool: async () => {
      const { text, version } = await readSecret(secrets, settings.poolSecret);
      return { keys: parsePool(text), ...(version && { version }) };
    },
    admin: new AnthropicAdmin({ http, baseUrl: settings.adminUrl, readAdminKey }),
    verifyKey: verifyAnthropicKey({ http, baseUrl: settings.upstreamUrl }),
    sleep,
    // Only the current one is left; the sweeper, which tries none, would not know.
    onExhausted: () => count(MetricName.HEALTHY_POOL_KEYS),
  });
};

/** The strategy that the environment names, with its provider. */
export const chosenStrategy = (
  { strategy, secretId }: Pick<RotationEnvironment, 'strategy' | 'secretId'>,
  tools: StrategyTools,
): IRotationStrategy => {
  switch (strategy.name) {
    case RotationStrategyName.RANDOM:
      return randomValue(strategy.settings, { randomBytes });
    case RotationStrategyName.OPEN_AI_ADMIN:
      return openAi(strategy.settings, secretId, tools);
    case RotationStrategyName.KEY_POOL:
      return anthropic(strategy.settings, tools);
    case RotationStrategyName.HOSTED:
      return hosted();
    case RotationStrategyName.CLIENT_KEY: {
      const keys = new DynamoDbClientKeys(tools.dynamodb(), strategy.settings.clientsTable);
      return clientKey(strategy.settings, { keys, randomBytes, now: tools.now });
    }
  }
};
