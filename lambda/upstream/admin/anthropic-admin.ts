import type { IKeyAdmin, PoolKeyStatusValue } from '../../runtime/rotation/strategies/key-pool';
import { JsonApi, type JsonApiOptions, readPages, textOf } from './json-api';
import { verifyByModels } from './verify-key';

const KEYS = '/v1/organizations/api_keys';
const PAGE_SIZE = 100;
const API_VERSION = '2023-06-01';

/** Headers that name a key of Anthropic. */
export const anthropicHeaders = (apiKey: string): Readonly<Record<string, string>> => ({
  'anthropic-version': API_VERSION,
  'x-api-key': apiKey,
});

const pageAfter = (after: string | undefined): string =>
  `${KEYS}?limit=${PAGE_SIZE}${after ? `&after_id=${encodeURIComponent(after)}` : ''}`;

/** The Admin API of Anthropic, which lists keys and sets their statuses, and makes none. */
export class AnthropicAdmin implements IKeyAdmin {
  readonly #api: JsonApi;

  constructor(options: Omit<JsonApiOptions, 'authenticate'> & { readonly readAdminKey: () => Promise<string> }) {
    const { readAdminKey, ...others } = options;
    this.#api = new JsonApi({ ...others, authenticate: async () => anthropicHeaders(await readAdminKey()) });
  }

  async statuses(): Promise<ReadonlyMap<string, string>> {
    const name = 'list keys of Anthropic';
    const keys = await readPages(this.#api, name, pageAfter);
    return new Map(keys.map((key) => [textOf(name, key, 'id'), textOf(name, key, 'status')]));
  }

  async setStatus(id: string, status: PoolKeyStatusValue): Promise<void> {
    await this.#api.call({
      name: `make a key of Anthropic ${status}`,
      method: 'POST',
      path: `${KEYS}/${encodeURIComponent(id)}`,
      content: { status },
    });
  }
}

/** Tries a key by listing models, which is free. @throws CredentialRejectedError where it is refused. */
export const verifyAnthropicKey =
  (options: Omit<JsonApiOptions, 'authenticate'>) =>
  (apiKey: string): Promise<void> =>
    verifyByModels({ ...options, authenticate: async () => anthropicHeaders(apiKey) }, '/v1/models?limit=1');
