import type { OpenAiAdminSettings } from '../../../lib/contract/rotation';
import type { IServiceAccountKeys, ServiceAccountKey } from '../../runtime/rotation/strategies/open-ai-admin';
import { type Json, JsonApi, type JsonApiOptions, readPages, textOf } from './json-api';
import { verifyByModels } from './verify-key';

const PAGE_SIZE = 100;

/** Headers that name a key of OpenAI. */
export const openAiHeaders = (apiKey: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${apiKey}`,
});

/** Id of the service account that a key belongs to, if it belongs to one. */
const accountOf = ({ owner }: Json): unknown => {
  const { service_account: account } = (owner ?? {}) as { readonly service_account?: Json };
  return account?.id;
};

export interface OpenAiAdminOptions extends Omit<JsonApiOptions, 'authenticate'> {
  readonly readAdminKey: () => Promise<string>;
  readonly settings: Pick<OpenAiAdminSettings, 'projectId' | 'serviceAccountId' | 'expiresInSeconds'>;
}

/** The keys of one service account in one project, by the Admin API of OpenAI. */
export class OpenAiServiceAccountKeys implements IServiceAccountKeys {
  readonly #api: JsonApi;
  readonly #settings: OpenAiAdminOptions['settings'];
  readonly #project: string;

  constructor({ readAdminKey, settings, ...others }: OpenAiAdminOptions) {
    this.#api = new JsonApi({ ...others, authenticate: async () => openAiHeaders(await readAdminKey()) });
    this.#settings = settings;
    this.#project = `/v1/organization/projects/${encodeURIComponent(settings.projectId)}`;
  }

  async list(): Promise<readonly ServiceAccountKey[]> {
    const name = 'list keys of OpenAI';
    const pageAfter = (after: string | undefined) =>
      `${this.#project}/api_keys?limit=${PAGE_SIZE}${after ? `&after=${encodeURIComponent(after)}` : ''}`;
    const keys = await readPages(this.#api, name, pageAfter);
    return keys
      .filter((key) => accountOf(key) === this.#settings.serviceAccountId)
      .map((key) => ({ id: textOf(name, key, 'id'), name: typeof key.name === 'string' ? key.name : '' }));
  }

  async create(keyName: string): Promise<{ readonly id: string; readonly value: string }> {
    const name = 'mint a key of OpenAI';
    const { serviceAccountId, expiresInSeconds } = this.#settings;
    const key = await this.#api.call({
      name,
      method: 'POST',
      path: `${this.#project}/service_accounts/${encodeURIComponent(serviceAccountId)}/api_keys`,
      content: { name: keyName, ...(expiresInSeconds !== undefined && { expires_in_seconds: expiresInSeconds }) },
    });
    return { id: textOf(name, key, 'id'), value: textOf(name, key, 'value') };
  }

  async remove(id: string): Promise<void> {
    await this.#api.call({
      name: 'delete a key of OpenAI',
      method: 'DELETE',
      path: `${this.#project}/api_keys/${encodeURIComponent(id)}`,
      alsoFine: [404],
    });
  }
}

/** Tries a key by listing models, which is free. @throws CredentialRejectedError where it is refused. */
export const verifyOpenAiKey =
  (options: Omit<JsonApiOptions, 'authenticate'>) =>
  (apiKey: string): Promise<void> =>
    verifyByModels({ ...options, authenticate: async () => openAiHeaders(apiKey) }, '/v1/models');
