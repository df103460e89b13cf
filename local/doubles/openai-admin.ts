import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminFaults } from './admin-faults';
import { type HttpDouble, isRecord, parseJson, type Route, sendJson, startHttpDouble } from './http-double';

export interface OpenAiAdminDoubleOptions {
  /** Bearer token of the Admin API. */
  readonly adminKey: string;
  readonly projectId: string;
  readonly serviceAccountId: string;
  /** @default a free one */
  readonly port?: number;
}

interface MintedKey {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly serviceAccountId: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Longest life of a key, in seconds. */
const MAX_LIFE_SECONDS = 31_536_000;

const refuse = (response: ServerResponse, status: number, message: string) =>
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code: null } });

const bearerOf = ({ headers }: IncomingMessage): string | undefined =>
  /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];

/**
 * Starts a double of OpenAI's Admin API for the keys of a project, and of `GET /v1/models`, which accepts a key as long as
 * it is neither deleted nor over. See `AdminFaults` for how it is told to fail.
 */
export function startOpenAiAdminDouble(options: OpenAiAdminDoubleOptions): Promise<HttpDouble> {
  const { adminKey, projectId, serviceAccountId, port } = options;
  const double = new OpenAiAdminDouble(serviceAccountId);
  const project = `/v1/organization/projects/${projectId}`;
  const admin =
    (route: Route): Route =>
    (request, response, body) => {
      if (bearerOf(request) !== adminKey) return refuse(response, 401, 'Incorrect API key provided.');
      return route(request, response, body);
    };
  const routes = {
    [`GET ${project}/api_keys`]: admin((request, response) => double.list(request, response)),
    [`DELETE ${project}/api_keys/*`]: admin((request, response) => double.remove(request, response)),
    [`POST ${project}/service_accounts/*`]: admin((request, response, body) =>
      double.mint(request, response, parseJson(body)),
    ),
    'GET /v1/models': (request: IncomingMessage, response: ServerResponse) => double.models(request, response),
  };
  return startHttpDouble(new AdminFaults().around(routes), port);
}

class OpenAiAdminDouble {
  readonly #keys: MintedKey[] = [];

  constructor(readonly serviceAccountId: string) {}

  mint(request: IncomingMessage, response: ServerResponse, body: unknown) {
    const [, account] = /\/service_accounts\/([^/]+)\/api_keys$/.exec(request.url ?? '') ?? [];
    if (account !== this.serviceAccountId) return refuse(response, 404, 'No such service account.');
    const { name, expires_in_seconds: life = MAX_LIFE_SECONDS } = isRecord(body) ? body : {};
    if (typeof name !== 'string' || name === '') return refuse(response, 400, "Missing required parameter: 'name'.");
    if (!Number.isInteger(life) || Number(life) < 1 || Number(life) > MAX_LIFE_SECONDS) {
      return refuse(response, 400, "Invalid value: 'expires_in_seconds'.");
    }
    const createdAt = Math.floor(Date.now() / 1_000);
    const key = {
      id: `key_${randomBytes(9).toString('hex')}`,
      name,
      value: mintedValue(),
      serviceAccountId: account,
      expiresAt: createdAt + Number(life),
    };
    this.#keys.push(key);
    sendJson(response, 200, {
      object: 'organization.project.service_account.api_key',
      id: key.id,
      name,
      value: key.value,
      created_at: createdAt,
      expires_at: key.expiresAt,
    });
  }

  list(request: IncomingMessage, response: ServerResponse) {
    const query = new URL(request.url ?? '/', 'http://double').searchParams;
    const limit = Number(query.get('limit') ?? 20);
    const after = this.#keys.findIndex(({ id }) => id === query.get('after'));
    const page = this.#keys.slice(after + 1, after + 1 + limit);
    sendJson(response, 200, {
      object: 'list',
      data: page.map(({ id, name, value, serviceAccountId, expiresAt }) => ({
        object: 'organization.project.api_key',
        id,
        name,
        redacted_value: `${value.slice(0, 3)}...${value.slice(-2)}`,
        expires_at: expiresAt,
        owner: { type: 'service_account', service_account: { id: serviceAccountId, name: 'bulwark' } },
      })),
      has_more: after + 1 + limit < this.#keys.length,
      first_id: page[0]?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
    });
  }

  remove(request: IncomingMessage, response: ServerResponse) {
    const id = decodeURIComponent((request.url ?? '').split('/').at(-1) ?? '');
    const at = this.#keys.findIndex((key) => key.id === id);
    if (at < 0) return refuse(response, 404, 'No such key.');
    this.#keys.splice(at, 1);
    sendJson(response, 200, { object: 'organization.project.api_key.deleted', id, deleted: true });
  }

  models(request: IncomingMessage, response: ServerResponse) {
    const key = bearerOf(request);
    const isGood = ({ value, expiresAt }: MintedKey) => value === key && expiresAt * 1_000 > Date.now();
    if (!this.#keys.some(isGood)) return refuse(response, 401, 'Incorrect API key provided.');
    sendJson(response, 200, { object: 'list', data: [{ id: 'gpt-5', object: 'model' }] });
  }
}

const mintedValue = (): string => `sk-svcacct-${randomBytes(24).toString('base64url')}`;
