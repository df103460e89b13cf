import type { Random } from '../../lambda/runtime/clock/clock';

/** A request body made to do harm, and how it is sent. */
export interface HostileBody {
  readonly body: string | Uint8Array;
  /** Headers beside the client's key; `content-type` is `application/json` unless it is among them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a service that does its work refuses it; undefined where chance decided what it became. */
  readonly isRefused?: boolean;
}

/** Makes one body of a family. */
export type HostileFamily = (random: Random) => HostileBody;

/** A whole number in [`least`, `most`]. */
export const integer = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

export const oneOf = <T>(random: Random, choices: readonly T[]): T =>
  choices[integer(random, 0, choices.length - 1)] as T;

/** A submission that is accepted, with a few optional fields by chance. */
export const validSubmission = (random: Random): Record<string, unknown> => ({
  model: oneOf(random, ['claude-haiku-4-5', 'claude-sonnet-4-5']),
  max_tokens: integer(random, 1, 64),
  messages: Array.from({ length: integer(random, 1, 3) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: oneOf(random, ['Hello.', 'Summarise: a < b && c > d', '계약서를 요약해 주세요.', 'x'.repeat(200)]),
  })),
  ...(random() < 0.3 && { system: 'You are brief.' }),
  ...(random() < 0.3 && { temperature: oneOf(random, [0, 0.5, 1]) }),
  ...(random() < 0.3 && { stop_sequences: ['END'] }),
});

export const refused = (body: unknown, headers?: HostileBody['headers']): HostileBody => ({
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  headers,
  isRefused: true,
});

export const accepted = (body: unknown): HostileBody => ({ body: JSON.stringify(body), isRefused: false });

/** A valid submission with a string of the client's own in one of its places. */
export function withText(
  random: Random,
  text: string,
  places = ['content', 'system', 'stop'],
): Record<string, unknown> {
  const valid = validSubmission(random);
  const place = oneOf(random, places);
  if (place === 'model') return { ...valid, model: `m${text}` };
  if (place === 'system') return { ...valid, system: text };
  if (place === 'stop') return { ...valid, stop_sequences: [text] };
  return { ...valid, messages: [{ role: 'user', content: text }] };
}
