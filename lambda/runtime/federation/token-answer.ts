import { TokenMalformedError } from './errors';

/** A provider's short-lived token. */
export interface AccessToken {
  readonly value: string;
  /** Milliseconds that it is good for, from when it was asked for. */
  readonly lifetimeMs: number;
}

/** Largest answer of a token endpoint, in bytes. */
const MAX_ANSWER_BYTES = 65_536;

/** Longest lifetime, in seconds, that is believed. */
const MAX_LIFETIME_SECONDS = 7 * 86_400;

/** Visible ASCII: what a header can carry. */
const USABLE_TOKEN = /^[\x21-\x7e]+$/;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The whole body, where it is no larger than a token can make it. @throws TokenMalformedError */
export const readBounded = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new TokenMalformedError(`it has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: a parser's message quotes what it met.
    return undefined;
  }
};

/** The token of a successful answer. @throws TokenMalformedError */
export const parseAccessToken = (text: string): AccessToken => {
  const answer = parseJson(text);
  if (!isObject(answer)) throw new TokenMalformedError('it is no JSON object');
  const { access_token: value, token_type: type, expires_in: seconds } = answer;
  if (typeof value !== 'string' || !USABLE_TOKEN.test(value)) throw new TokenMalformedError('it has no usable token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw new TokenMalformedError('its token is not one of the type `Bearer`');
  }
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= MAX_LIFETIME_SECONDS)) {
    throw new TokenMalformedError(`its lifetime is not above 0 and at most ${MAX_LIFETIME_SECONDS} seconds`);
  }
  return { value, lifetimeMs: seconds * 1_000 };
};

/** The name of the error of a refusal; its description is left behind, as it may quote the identity token. */
export const parseErrorCode = (text: string): string | undefined => {
  const answer = parseJson(text);
  if (!isObject(answer)) return undefined;
  const code = isObject(answer.error) ? answer.error.type : answer.error;
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
};
