import type { Usage } from '../runtime/jobs/job';
import type { Completion } from './upstream';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
};

/** A count of tokens; absent or null counts as `absent`, anything but a whole number as wrong. */
const tokens = (value: unknown, absent: number): number => {
  if (value === undefined || value === null) return absent;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : Number.NaN;
};

const parseUsage = (usage: unknown): Usage | undefined => {
  if (!isObject(usage)) return undefined;
  const counts = {
    inputTokens: tokens(usage.input_tokens, Number.NaN),
    outputTokens: tokens(usage.output_tokens, Number.NaN),
    cacheWriteTokens: tokens(usage.cache_creation_input_tokens, 0),
    cacheReadTokens: tokens(usage.cache_read_input_tokens, 0),
  };
  return Object.values(counts).some(Number.isNaN) ? undefined : counts;
};

const textOf = (block: unknown): string =>
  isObject(block) && block.type === 'text' && typeof block.text === 'string' ? block.text : '';

/** The completion in a message of the Messages API, or undefined where the body is not one. */
export const parseCompletion = (body: Buffer): Completion | undefined => {
  const message = parseJson(body);
  if (!isObject(message) || !Array.isArray(message.content)) return undefined;
  const usage = parseUsage(message.usage);
  const { stop_reason: stopReason, model } = message;
  if (!usage || typeof stopReason !== 'string' || typeof model !== 'string') return undefined;
  return { text: message.content.map(textOf).join(''), stopReason, model, usage };
};

/** How Anthropic begins to say, under the type of a bad request, that the account has no credit. */
const NO_CREDIT = 'Your credit balance is too low';

/** The type that other providers, and Anthropic itself elsewhere, have for it. */
const BILLING_ERROR = 'billing_error';

/**
 * The `type` of an error document; its message is left behind, as it may quote the request. Of the message only its
 * beginning is looked at, which is the provider's own wherever it quotes.
 */
export const parseErrorType = (body: Buffer): string | undefined => {
  const document = parseJson(body);
  if (!isObject(document) || !isObject(document.error)) return undefined;
  const { type, message } = document.error;
  if (typeof message === 'string' && message.startsWith(NO_CREDIT)) return BILLING_ERROR;
  return typeof type === 'string' && /^[a-z_]{1,64}$/.test(type) ? type : undefined;
};
