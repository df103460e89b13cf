import { PromptLabel, type PromptLabelValue } from '../../../lib/contract/prompt-labels';
import { LABEL_PATTERNS } from './label-patterns';

const LABELS: readonly PromptLabelValue[] = Object.values(PromptLabel);

/**
 * The labels that a prompt gets, in the order of the contract; most get none. It judges and changes nothing: whoever
 * asks a model about an injection writes one down. In time linear in the length of the text.
 */
export const labelPrompt = (text: string): PromptLabelValue[] => labelPrompts([text]);

/** The labels that any of the texts gets. */
export const labelPrompts = (texts: readonly string[]): PromptLabelValue[] =>
  LABELS.filter((label) => texts.some((text) => LABEL_PATTERNS[label].some((pattern) => pattern.test(text))));
