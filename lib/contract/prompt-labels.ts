/** What a prompt can be labelled as: a dimension of a metric and a field of a job's row, so that there must be few. */
export const PromptLabel = {
  /** Markup that acts where it is rendered: event handlers, frames, a redirect. */
  MARKUP: 'markup',
  /** A script where it is rendered: an element, or a URL that runs. */
  SCRIPT: 'script',
  /** Text that breaks out of a string of SQL. */
  SQL: 'sql',
  /** An expression that a template engine would evaluate to get at what lies behind it. */
  TEMPLATE_INJECTION: 'template-injection',
  /** Words that tell a model to drop its instructions or to show them, or that forge the frame of a chat. */
  PROMPT_INJECTION: 'prompt-injection',
  /** Embeddings, overrides or isolates, which show a text in another order than it has. */
  BIDI: 'bidi',
  /** Text that nobody sees: tag characters, letters parted by nothing, data in variation selectors. */
  INVISIBLE: 'invisible',
} as const;

export type PromptLabelValue = (typeof PromptLabel)[keyof typeof PromptLabel];
