import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminFaults } from './admin-faults';
import type { AnthropicKey, AnthropicKeys } from './anthropic-keys';
import { errorDocument } from './anthropic-messages';
import { type HttpDouble, isRecord, parseJson, type Route, sendJson, startHttpDouble } from './http-double';

const KEYS = '/v1/organizations/api_keys';
const STATUSES: readonly unknown[] = ['active', 'inactive', 'archived'];

export interface AnthropicAdminDoubleOptions {
  /** Value that the `x-api-key` header must have. */
  readonly adminKey: string;
  /** Shared with the upstream's double. */
  readonly keys: AnthropicKeys;
  /** @default a free one */
  readonly port?: number;
}

/** Starts a double of Anthropic's Admin API for keys; see `AdminFaults` for how it is told to fail. */
export function startAnthropicAdminDouble(options: AnthropicAdminDoubleOptions): Promise<HttpDouble> {
  const { adminKey, keys, port } = options;
  const known =
    (route: Route): Route =>
    (request, response, body) => {
      if (request.headers['x-api-key'] !== adminKey) return sendJson(response, 401, errorDocument(401));
      if (!request.headers['anthropic-version']) return sendJson(response, 400, errorDocument(400));
      return route(request, response, body);
    };
  const routes = {
    [`GET ${KEYS}`]: known((request, response) => list(keys, request, response)),
    [`GET ${KEYS}/*`]: known((request, response) => show(keys.find(idOf(request)), response)),
    [`POST ${KEYS}/*`]: known((request, response, body) => update(keys, idOf(request), parseJson(body), response)),
  };
  return startHttpDouble(new AdminFaults().around(routes), port);
}

const urlOf = (request: IncomingMessage): URL => new URL(request.url ?? '/', 'http://double');
const idOf = (request: IncomingMessage): string => decodeURIComponent(urlOf(request).pathname.slice(`${KEYS}/`.length));
const documentOf = (key: AnthropicKey) => ({ type: 'api_key', workspace_id: null, partial_key_hint: '...', ...key });

function show(key: AnthropicKey | undefined, response: ServerResponse) {
  if (key) return sendJson(response, 200, documentOf(key));
  sendJson(response, 404, errorDocument(404));
}

function list(keys: AnthropicKeys, request: IncomingMessage, response: ServerResponse) {
  const query = urlOf(request).searchParams;
  const limit = Number(query.get('limit') ?? 20);
  const status = query.get('status');
  const matching = keys.all().filter((key) => status === null || key.status === status);
  const after = matching.findIndex(({ id }) => id === query.get('after_id'));
  const page = matching.slice(after + 1, after + 1 + limit);
  sendJson(response, 200, {
    data: page.map(documentOf),
    has_more: after + 1 + limit < matching.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  });
}

function update(keys: AnthropicKeys, id: string, body: unknown, response: ServerResponse) {
  const status = isRecord(body) ? body.status : undefined;
  const key = keys.find(id);
  if (!key) return sendJson(response, 404, errorDocument(404));
  if (!STATUSES.includes(status)) return sendJson(response, 400, errorDocument(400, 'status: unexpected value'));
  if (key.status === 'archived' && status !== 'archived') {
    return sendJson(response, 400, errorDocument(400, 'An archived key stays archived.'));
  }
  keys.setStatus(id, String(status));
  show(keys.find(id), response);
}
