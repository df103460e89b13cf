import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { Problem } from '../../lib/contract/problems';
import { type JsonFault, JsonMalformedError, JsonRefusedError } from '../runtime/input/errors';
import type { JsonBounds } from '../runtime/input/json-structure';
import { parseJsonText } from '../runtime/input/json-text';
import { distinctFaults } from '../runtime/problems/distinct-faults';
import { ProblemError, type RequestFault } from '../runtime/problems/errors';
import { readHeader, readHeaderValues } from '../runtime/request-headers/read-header';

export interface JsonBodyOptions extends JsonBounds {
  /** Largest body, in bytes after decoding. */
  readonly maxBytes: number;
  /** The names that a body may use: a pointer to a fault ends before the first other one, which is the client's text. */
  readonly propertyNames: ReadonlySet<string>;
}

/** An event whose body was parsed. */
export interface WithJsonBody extends APIGatewayProxyEvent {
  jsonBody: unknown;
}

const JSON_MEDIA_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const NOT_UTF8 = 'It must be UTF-8.';

/** Keeps a byte order mark, which is refused rather than dropped. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decode = (bytes: Buffer): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ProblemError(Problem.MALFORMED_JSON, NOT_UTF8);
  }
};

/**
 * Whether a gateway has put U+FFFD in place of bytes that were no UTF-8, as it does where it hands a body over as text:
 * the text then has another length than what was sent. Where the length is not told, it cannot be known.
 */
const isMended = (event: APIGatewayProxyEvent, text: string): boolean => {
  const sent = readHeader(event, 'content-length');
  return sent !== undefined && text.includes('\ufffd') && Number(sent) !== Buffer.byteLength(text);
};

/** The body as text; before decoding, what is too long as base64 is not worth the memory. */
const readText = (event: APIGatewayProxyEvent, maxBytes: number): string => {
  const { body, isBase64Encoded } = event;
  const text = body ?? '';
  const leastBytes = isBase64Encoded ? Math.floor(text.length / 4) * 3 - 2 : text.length;
  if (leastBytes > maxBytes) throw new ProblemError(Problem.PAYLOAD_TOO_LARGE);
  const bytes = isBase64Encoded ? Buffer.from(text, 'base64') : undefined;
  if ((bytes?.length ?? Buffer.byteLength(text)) > maxBytes) throw new ProblemError(Problem.PAYLOAD_TOO_LARGE);
  if (!bytes && isMended(event, text)) throw new ProblemError(Problem.MALFORMED_JSON, NOT_UTF8);
  return bytes ? decode(bytes) : text;
};

/** A client's own name in a pointer would be an echo of its text. */
const pointerTo = ({ path }: JsonFault, names: ReadonlySet<string>): string => {
  const unknown = path.findIndex((step) => typeof step === 'string' && !names.has(step));
  const known = unknown === -1 ? path : path.slice(0, unknown);
  return ['#', ...known].join('/');
};

const toProblem = (error: unknown, names: ReadonlySet<string>): unknown => {
  if (error instanceof JsonMalformedError) return new ProblemError(Problem.MALFORMED_JSON, error.detail);
  if (!(error instanceof JsonRefusedError)) return error;
  const faults = error.faults.map(
    (fault): RequestFault => ({ pointer: pointerTo(fault, names), detail: fault.detail }),
  );
  return new ProblemError(Problem.INVALID_REQUEST, undefined, { errors: distinctFaults(faults) });
};

/**
 * Parses the body to `jsonBody`; refuses another content type or encoding, a body that is too large, not UTF-8, not
 * JSON, or JSON that two readers may take for two things.
 */
export const jsonBody = (options: JsonBodyOptions): MiddlewareObj<WithJsonBody, APIGatewayProxyResult> => {
  const parse = (text: string): unknown => {
    try {
      return parseJsonText(text, options);
    } catch (error) {
      throw toProblem(error, options.propertyNames);
    }
  };

  return {
    before: function jsonBodyBefore({ event }) {
      if (!JSON_MEDIA_TYPE.test(readHeader(event, 'content-type') ?? '')) {
        throw new ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE);
      }
      if (readHeaderValues(event, 'content-encoding').some((coding) => coding.trim().toLowerCase() !== 'identity')) {
        throw new ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE, 'It must have no content encoding.');
      }
      event.jsonBody = parse(readText(event, options.maxBytes));
    },
  };
};
