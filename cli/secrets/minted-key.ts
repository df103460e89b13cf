import { randomUUID } from 'node:crypto';
import { CredentialRejectedError } from '../../lambda/runtime/rotation/errors';
import { verifyPatiently } from '../../lambda/runtime/rotation/patience';
import { parseSecret } from '../../lambda/runtime/rotation/secret-value';
import { AdminApiError } from '../../lambda/upstream/admin/errors';
import { OpenAiServiceAccountKeys, verifyOpenAiKey } from '../../lambda/upstream/admin/openai-admin';
import { PooledHttp } from '../../lambda/upstream/pooled-http';
import { FederationProviderName } from '../../lib/contract/federation';
import type { OpenAiAdminSettings } from '../../lib/contract/rotation';
import { age } from '../age';
import { audited } from '../audit';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { UseCredential } from './program-credential';
import { secretText } from './secret-text';

/** A key for one program. */
export interface KeyLoan {
  readonly settings: OpenAiAdminSettings;
  /** Milliseconds after which the provider itself ends the key. */
  readonly lifetimeMs: number;
  /** What the key is for: it is kept in the audit. */
  readonly purpose: string;
  /** Tells the person of a key that could not be ended. */
  readonly warn: (line: string) => void;
}

/** What the names of such keys begin with; no rotation and no sweep takes one for its own. */
const NAME_PREFIX = 'bulwark-exec-';

/**
 * Makes a key of the service account that the provider itself ends after its lifetime, and ends it when `use` is over.
 * The Admin key is read for that, and is in no environment.
 *
 * @throws CommandRefusal where whoever asks may not read the Admin key
 * @throws CommandFailure where the provider makes no key that works
 */
export async function withMintedKey(operator: Operator, loan: KeyLoan, use: UseCredential): Promise<number> {
  const http = new PooledHttp();
  try {
    const adminKey = await readAdminKey(operator, loan.settings.adminSecret);
    const minted = new MintedKey(operator, loan, http, adminKey);
    const act = { what: 'secrets.exec', on: minted.name, reason: loan.purpose };
    return await audited(operator, act, () => minted.lend(use));
  } finally {
    http.destroy();
  }
}

async function readAdminKey({ access, deployment }: Operator, secretId: string): Promise<string> {
  const refusal = `you may not read the Admin key of ${deployment.environment}, by which a key would be made for the program: its secret must grant your role to read it (\`grantRead\`); see docs/development.md`;
  const text = await secretText(access, secretId, refusal);
  try {
    return parseSecret(text).apiKey;
  } catch {
    throw new CommandFailure('the secret of the Admin key holds no key: `bulwark secrets put admin`');
  }
}

const isProviders = (error: unknown): error is AdminApiError | CredentialRejectedError =>
  error instanceof AdminApiError || error instanceof CredentialRejectedError;

function describeFailure(error: AdminApiError | CredentialRejectedError): string {
  if (error instanceof CredentialRejectedError) return 'the provider refuses the key that it has just made: try again';
  const isAdminRefused = error.status === 401 || error.status === 403;
  const next = isAdminRefused ? 'its Admin key is refused: `bulwark secrets put admin`' : 'try again in a moment';
  return `the provider made no key (${error.message}); ${next}`;
}

class MintedKey {
  readonly name = NAME_PREFIX + randomUUID();
  readonly #keys: OpenAiServiceAccountKeys;
  readonly #verify: (apiKey: string) => Promise<void>;

  constructor(
    readonly operator: Operator,
    readonly loan: KeyLoan,
    http: PooledHttp,
    adminKey: string,
  ) {
    const { settings, lifetimeMs } = loan;
    const options = { http, baseUrl: settings.baseUrl };
    this.#keys = new OpenAiServiceAccountKeys({
      ...options,
      readAdminKey: async () => adminKey,
      settings: { ...settings, expiresInSeconds: Math.round(lifetimeMs / 1_000) },
    });
    this.#verify = verifyOpenAiKey(options);
  }

  async lend(use: UseCredential) {
    const { lifetimeMs } = this.loan;
    const until = new Date(this.operator.now() + lifetimeMs).toISOString();
    try {
      const value = await this.#mint();
      const description = `a key of your own, good until the program ends, or for ${age(lifetimeMs)}, until ${until}`;
      const provider = FederationProviderName.OPEN_AI;
      const code = await use({ value, provider, kind: 'key', isShortLived: true, description });
      return { value: code, result: `the program ended with ${code}, and ${await this.#end(until)}` };
    } catch (error) {
      await this.#end(until);
      throw error;
    }
  }

  /** A key may not be known everywhere at once. */
  async #mint(): Promise<string> {
    const { sleep, signal } = this.operator;
    try {
      const { value } = await this.#keys.create(this.name);
      await verifyPatiently(
        () => this.#verify(value),
        (ms) => sleep(ms, signal),
      );
      return value;
    } catch (error) {
      throw isProviders(error) ? new CommandFailure(describeFailure(error)) : error;
    }
  }

  /** Ends it by its name, as the answer that had its id may have been lost; says what became of it. */
  async #end(until: string): Promise<string> {
    try {
      for (const { id, name } of await this.#keys.list()) if (name === this.name) await this.#keys.remove(id);
      return 'the key was ended';
    } catch (error) {
      const line = `the key ${this.name} could not be ended (${(error as Error).message}): it ends by itself, at ${until}`;
      this.loan.warn(line);
      return line;
    }
  }
}
