import { randomBytes } from 'node:crypto';
import { isRecord } from './http-double';

/** What the double needs of a request of the Anthropic Messages API. */
export interface MessagesRequest {
  readonly model: string;
  readonly maxTokens: number;
  /** Texts of the system prompt and of every message. */
  readonly texts: readonly string[];
}

/** Error types of the API by status. Source: "Errors", Anthropic API reference. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const ERROR_MESSAGES: Readonly<Record<number, string>> = {
  401: 'invalid x-api-key',
  429: 'This request would exceed the rate limit of your organization.',
  529: 'Overloaded',
};

/** The error document of a status. */
export function errorDocument(status: number, message?: string) {
  return {
    type: 'error',
    error: {
      type: ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'),
      message: message ?? ERROR_MESSAGES[status] ?? 'The double was told to fail.',
    },
    request_id: `req_${randomBytes(12).toString('hex')}`,
  };
}

/** Checks what the real API would check; a string says what is wrong. */
export function readMessagesRequest(body: unknown): MessagesRequest | string {
  if (!isRecord(body)) return 'The request body is not valid JSON';
  const { model, max_tokens: maxTokens, messages, system } = body;
  if (typeof model !== 'string' || model === '') return 'model: Field required';
  if (!Number.isInteger(maxTokens) || Number(maxTokens) < 1)
    return 'max_tokens: Input should be greater than or equal to 1';
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  const texts = system === undefined ? [] : textsOf(system);
  for (const [index, message] of messages.entries()) {
    const isMessage = isRecord(message) && (message.role === 'user' || message.role === 'assistant');
    if (!isMessage) return `messages.${index}.role: Input should be 'user' or 'assistant'`;
    const content = textsOf(message.content);
    if (content.length === 0) return `messages.${index}.content: Field required`;
    texts.push(...content);
  }
  return { model, maxTokens: Number(maxTokens), texts };
}

/** A completion with its usage; a text longer than the request's `max_tokens` is cut. */
export function completion(request: MessagesRequest, text: string) {
  const words = text.split(' ');
  const isCut = words.length > request.maxTokens;
  const served = isCut ? words.slice(0, request.maxTokens).join(' ') : text;
  return {
    id: `msg_${randomBytes(12).toString('hex')}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [{ type: 'text', text: served }],
    stop_reason: isCut ? 'max_tokens' : 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: request.texts.join(' ').split(/\s+/).length,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: Math.min(words.length, request.maxTokens),
    },
  };
}

/** Content is a string or a list of blocks, of which the text blocks count. */
function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block) => (isRecord(block) && typeof block.text === 'string' ? [block.text] : []));
}
