import { TransportError } from '../errors';
import type { HttpAnswer, HttpRequest, PooledHttp } from '../pooled-http';
import { AdminApiError } from './errors';

export type Json = Readonly<Record<string, unknown>>;

/** Answers the headers that carry a credential, read anew for each call. */
export type Authenticate = () => Promise<Readonly<Record<string, string>>>;

export interface JsonApiOptions {
  readonly http: Pick<PooledHttp, 'send'>;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly authenticate: Authenticate;
  /** Milliseconds that one call may take. @default 5000 */
  readonly timeoutMs?: number;
}

export interface JsonCall {
  /** What is asked, for errors. */
  readonly name: string;
  readonly method: HttpRequest['method'];
  /** Path and query. */
  readonly path: string;
  /** Content to send as JSON. @default - none */
  readonly content?: Json;
  /** Statuses of an error that are an answer all the same. @default - none */
  readonly alsoFine?: readonly number[];
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseObject = (body: Buffer): Json | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    // The parser's message would quote the body, which may hold a key.
    return undefined;
  }
};

/** A JSON API of an administrator: makes each call once, and says of a failure no more than its codes. */
export class JsonApi {
  readonly #options: JsonApiOptions;

  constructor(options: JsonApiOptions) {
    this.#options = options;
  }

  /**
   * The object that is answered; undefined for one of `alsoFine`.
   * @throws AdminApiError where there is none.
   */
  async call(call: JsonCall): Promise<Json | undefined> {
    const { status, body } = await this.#send(call);
    if (call.alsoFine?.includes(status)) return undefined;
    if (status < 200 || status >= 300) throw new AdminApiError(call.name, `HTTP ${status}`, status);
    const content = parseObject(body);
    if (!content) throw new AdminApiError(call.name, 'the answer is not a JSON object', status);
    return content;
  }

  async #send({ name, method, path, content }: JsonCall): Promise<HttpAnswer> {
    const { http, baseUrl, authenticate, timeoutMs = 5_000 } = this.#options;
    const headers = { accept: 'application/json', ...(await authenticate()) };
    try {
      return await http.send({
        method,
        url: `${baseUrl}${path}`,
        headers: content ? { ...headers, 'content-type': 'application/json' } : headers,
        ...(content && { body: JSON.stringify(content) }),
        timeoutMs,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      throw new AdminApiError(name, error.message, undefined, error);
    }
  }
}

/** A list's entries that are objects. @throws AdminApiError where the answer has no list. */
export const entriesOf = (name: string, answer: Json | undefined): readonly Json[] => {
  if (!Array.isArray(answer?.data)) throw new AdminApiError(name, 'the answer has no list `data`');
  return answer.data.filter(isObject);
};

/** A text of an answer. @throws AdminApiError where there is none. */
export const textOf = (name: string, answer: Json | undefined, field: string): string => {
  const value = answer?.[field];
  if (typeof value !== 'string' || value === '') throw new AdminApiError(name, `the answer has no \`${field}\``);
  return value;
};

/** Pages that a list may have: one that has more goes round in circles. */
const MAX_PAGES = 100;

/**
 * All entries of a list that comes in pages.
 * @param pathOf answers the path of the page after an id, or of the first
 * @throws AdminApiError where a page is not one: half a list would pass for the whole.
 */
export const readPages = async (
  api: JsonApi,
  name: string,
  pathOf: (after: string | undefined) => string,
): Promise<readonly Json[]> => {
  const entries: Json[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await api.call({ name, method: 'GET', path: pathOf(after) });
    entries.push(...entriesOf(name, answer));
    if (answer?.has_more !== true) return entries;
    after = textOf(name, answer, 'last_id');
  }
  throw new AdminApiError(name, `the list has more than ${MAX_PAGES} pages`);
};
