import { createHash } from 'node:crypto';
import type { PromptLabelValue } from '../../../lib/contract/prompt-labels';
import { canonicalJson } from '../idempotency/canonical-json';
import { labelPrompts } from '../input/label-prompt';
import type { Reservation } from './job';

/** A request for a completion, as the submission schema allows it. */
export interface Submission {
  readonly model: string;
  readonly max_tokens: number;
  readonly system?: string;
  readonly temperature?: number;
  readonly stop_sequences?: readonly string[];
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
}

/** Tokens that a provider may add for the frame around one message; the real ones add fewer than ten. */
const TOKENS_PER_MESSAGE = 16;

/** Tokens that a provider may add once a request, for its own preamble. */
const TOKENS_PER_REQUEST = 64;

/** Hex SHA-256 that is equal for two equal requests, whatever the order of their keys. */
export const hashSubmission = (submission: Submission): string =>
  createHash('sha256').update(canonicalJson(submission)).digest('hex');

/** Every text that the model is to read. */
const textsOf = ({ system = '', messages, stop_sequences = [] }: Submission): string[] => [
  system,
  ...messages.map(({ content }) => content),
  ...stop_sequences,
];

/** The labels of a submission's texts. */
export const labelsOf = (submission: Submission): PromptLabelValue[] => labelPrompts(textsOf(submission));

/**
 * The most that a submission can use. Input is counted in UTF-8 bytes: a token of a byte-pair encoding stands for
 * at least one byte, so the count can only be too high.
 */
export const worstCaseOf = ({ max_tokens, system, messages }: Submission): Reservation => {
  const texts = [system ?? '', ...messages.map(({ content }) => content)];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return {
    inputTokens: bytes + TOKENS_PER_MESSAGE * messages.length + TOKENS_PER_REQUEST,
    outputTokens: max_tokens,
  };
};
