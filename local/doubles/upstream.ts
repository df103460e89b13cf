import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnthropicKeys } from './anthropic-keys';
import { completion, errorDocument, type MessagesRequest, readMessagesRequest } from './anthropic-messages';
import { type HttpDouble, isRecord, parseJson, sendJson, startHttpDouble } from './http-double';
import {
  MARKER_PATTERN,
  problemOfStep,
  type UpstreamCallSeen,
  type UpstreamCalls,
  type UpstreamCount,
  type UpstreamLog,
  type UpstreamScript,
  type UpstreamStep,
} from './upstream-script';

/** Calls that the log remembers. */
const LOGGED_CALLS = 10_000;

const REPLY: UpstreamStep = { kind: 'reply' };

export interface UpstreamDoubleOptions {
  /** Value that the `x-api-key` header must have. */
  readonly apiKey: string;
  /** Keys that are accepted as long as they are active. @default - none */
  readonly keys?: AnthropicKeys;
  /** @default a free one */
  readonly port?: number;
}

/**
 * Starts a double of the Anthropic Messages API, and of `GET /v1/models`, which counts as no call. It is told how to behave over HTTP:
 * `POST /_double/script` takes an `UpstreamScript` or `{ default: UpstreamStep }`, `POST /_double/keys` takes
 * `{ accepted: string[] }`, `GET /_double/calls` answers `UpstreamCalls`, `GET /_double/log` answers `UpstreamLog`,
 * `POST /_double/reset` forgets all of it.
 */
export function startUpstreamDouble(options: UpstreamDoubleOptions): Promise<HttpDouble> {
  const double = new UpstreamDouble(options.apiKey, options.keys);
  return startHttpDouble(
    {
      'POST /v1/messages': (request, response, body) => double.serve(request, response, body),
      'GET /v1/models': (request, response) => double.listModels(request, response),
      'POST /_double/script': (_request, response, body) => double.takeScript(response, parseJson(body)),
      'POST /_double/keys': (_request, response, body) => double.takeKeys(response, parseJson(body)),
      'GET /_double/calls': (_request, response) => sendJson(response, 200, double.calls()),
      'GET /_double/log': (_request, response) => sendJson(response, 200, double.log()),
      'POST /_double/reset': (_request, response) => {
        double.reset();
        sendJson(response, 200, {});
      },
    },
    options.port,
  );
}

class Counter {
  readonly #counts = new Map<string, { calls: number; paid: number }>();

  add(name: string, what: 'calls' | 'paid'): void {
    const count = this.#counts.get(name) ?? { calls: 0, paid: 0 };
    count[what] += 1;
    this.#counts.set(name, count);
  }

  entries(): Record<string, UpstreamCount> {
    return Object.fromEntries(this.#counts);
  }

  sum(): UpstreamCount {
    const counts = [...this.#counts.values()];
    return { calls: counts.reduce((n, c) => n + c.calls, 0), paid: counts.reduce((n, c) => n + c.paid, 0) };
  }
}

class UpstreamDouble {
  readonly #firstKey: string;
  #accepted: ReadonlySet<string>;
  #default = REPLY;
  #scripts = new Map<string, UpstreamScript>();
  #markers = new Counter();
  #keys = new Counter();
  #log: UpstreamCallSeen[] = [];
  #connections = 0;
  readonly #connectionNumbers = new WeakMap<object, number>();

  constructor(
    apiKey: string,
    readonly keys?: AnthropicKeys,
  ) {
    this.#firstKey = apiKey;
    this.#accepted = new Set([apiKey]);
  }

  reset(): void {
    this.#accepted = new Set([this.#firstKey]);
    this.#default = REPLY;
    this.#scripts = new Map();
    this.#markers = new Counter();
    this.#keys = new Counter();
    this.#log = [];
  }

  log(): UpstreamLog {
    return { calls: this.#log.slice(-LOGGED_CALLS) };
  }

  calls(): UpstreamCalls {
    return { total: this.#markers.sum(), markers: this.#markers.entries(), keys: this.#keys.entries() };
  }

  takeScript(response: ServerResponse, body: unknown): void {
    const problem = this.#learn(body);
    sendJson(response, problem ? 400 : 200, problem ? { error: problem } : {});
  }

  takeKeys(response: ServerResponse, body: unknown) {
    const accepted = isRecord(body) ? body.accepted : undefined;
    if (!Array.isArray(accepted)) return sendJson(response, 400, { error: '`accepted` must be a list of keys' });
    this.#accepted = new Set(accepted.map(String));
    sendJson(response, 200, {});
  }

  listModels(request: IncomingMessage, response: ServerResponse) {
    if (!this.#accepts(String(request.headers['x-api-key'] ?? ''))) return sendJson(response, 401, errorDocument(401));
    if (!request.headers['anthropic-version']) return sendJson(response, 400, errorDocument(400));
    const id = 'claude-sonnet-4-5';
    const data = [{ type: 'model', id, display_name: 'Claude Sonnet 4.5' }];
    sendJson(response, 200, { data, has_more: false, first_id: id, last_id: id });
  }

  async serve(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const key = String(request.headers['x-api-key'] ?? '');
    const parsed = readMessagesRequest(parseJson(body));
    const marker = typeof parsed === 'string' ? '' : (MARKER_PATTERN.exec(parsed.texts.join('\n'))?.[1] ?? '');
    this.#count(marker, key, 'calls');
    const accepted = this.#accepts(key);
    const keyId = this.keys?.withValue(key)?.id;
    const connection = this.#connectionOf(request);
    this.#log.push({ atMs: Date.now(), marker, accepted, connection, ...(keyId && { keyId }) });
    if (this.#log.length > 2 * LOGGED_CALLS) this.#log = this.#log.slice(-LOGGED_CALLS);
    if (!accepted) return sendJson(response, 401, errorDocument(401));
    if (!request.headers['anthropic-version']) {
      return sendJson(response, 400, errorDocument(400, 'anthropic-version: header is required'));
    }
    if (typeof parsed === 'string') return sendJson(response, 400, errorDocument(400, parsed));
    const step = this.#nextStep(marker);
    if (step.delayMs) await sleep(step.delayMs);
    if (step.kind === 'reply' || step.kind === 'reset-after' || step.kind === 'garbage')
      this.#count(marker, key, 'paid');
    act(step, parsed, request, response);
  }

  #connectionOf({ socket }: IncomingMessage): number {
    const known = this.#connectionNumbers.get(socket);
    if (known !== undefined) return known;
    this.#connections += 1;
    this.#connectionNumbers.set(socket, this.#connections);
    return this.#connections;
  }

  /** A key of the organisation is judged by its status, any other by the list of those accepted. */
  #accepts(key: string): boolean {
    const known = this.keys?.withValue(key);
    return known ? known.status === 'active' : this.#accepted.has(key);
  }

  #nextStep(marker: string): UpstreamStep {
    const script = this.#scripts.get(marker);
    const callsBefore = (this.#markers.entries()[marker]?.calls ?? 1) - 1;
    return script?.steps[callsBefore] ?? script?.otherwise ?? this.#default;
  }

  #count(marker: string, key: string, what: 'calls' | 'paid'): void {
    this.#markers.add(marker, what);
    this.#keys.add(key, what);
  }

  #learn(body: unknown): string | undefined {
    if (!isRecord(body)) return 'the body must be a JSON object';
    if (body.default !== undefined) {
      const problem = problemOfStep(body.default);
      if (!problem) this.#default = body.default as UpstreamStep;
      return problem;
    }
    const { marker, steps, otherwise } = body;
    if (typeof marker !== 'string' || !MARKER_PATTERN.test(`[[${marker}]]`)) return '`marker` must be a name';
    if (!Array.isArray(steps)) return '`steps` must be a list';
    const problem = [...steps, ...(otherwise === undefined ? [] : [otherwise])].map(problemOfStep).find(Boolean);
    if (!problem) this.#scripts.set(marker, body as unknown as UpstreamScript);
    return problem;
  }
}

function act(step: UpstreamStep, parsed: MessagesRequest, request: IncomingMessage, response: ServerResponse) {
  const text = step.text ?? `Reply to "${(parsed.texts.at(-1) ?? '').slice(0, 40)}"`;
  switch (step.kind) {
    case 'reply':
      return sendJson(response, 200, completion(parsed, text));
    case 'error': {
      const status = step.status ?? 500;
      const headers = step.retryAfter === undefined ? undefined : { 'retry-after': String(step.retryAfter) };
      return sendJson(response, status, errorDocument(status), headers);
    }
    case 'garbage':
      return sendJson(response, 200, { unexpected: true });
    case 'reset-before':
      request.socket.destroy();
      return;
    case 'reset-after': {
      const body = JSON.stringify(completion(parsed, text));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
      return;
    }
    case 'hang':
      return;
  }
}
