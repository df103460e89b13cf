import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { Problem } from '../../lib/contract/problems';
import { ProblemError } from '../runtime/problems/errors';
import { readHeader } from '../runtime/request-headers/read-header';

export interface JsonBodyOptions {
  /** Largest body, in bytes after decoding. */
  readonly maxBytes: number;
}

/** An event whose body was parsed. */
export interface WithJsonBody extends APIGatewayProxyEvent {
  jsonBody: unknown;
}

const JSON_MEDIA_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Parses the body to `jsonBody`; refuses another content type, a body that is too large, not UTF-8 or not JSON. */
export const jsonBody = ({ maxBytes }: JsonBodyOptions): MiddlewareObj<WithJsonBody, APIGatewayProxyResult> => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

  const bytesOf = ({ body, isBase64Encoded }: APIGatewayProxyEvent): Buffer => {
    const text = body ?? '';
    // Before decoding: what is too long as text or base64 is not worth the memory.
    const leastBytes = isBase64Encoded ? Math.floor(text.length / 4) * 3 - 2 : text.length;
    if (leastBytes > maxBytes) throw new ProblemError(Problem.PAYLOAD_TOO_LARGE);
    const bytes = Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
    if (bytes.length > maxBytes) throw new ProblemError(Problem.PAYLOAD_TOO_LARGE);
    return bytes;
  };

  const parse = (bytes: Buffer): unknown => {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch {
      // Without the cause: the parser's message quotes the body.
      throw new ProblemError(Problem.MALFORMED_JSON);
    }
  };

  return {
    before: function jsonBodyBefore({ event }) {
      if (!JSON_MEDIA_TYPE.test(readHeader(event, 'content-type') ?? '')) {
        throw new ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE);
      }
      event.jsonBody = parse(bytesOf(event));
    },
  };
};
