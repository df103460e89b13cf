/** Most output tokens that one job may ask for; keeps a completion within one table item. */
export const MAX_OUTPUT_TOKENS = 32_000;

/**
 * JSON schema (draft 4) of `POST /v1/jobs`: the API Gateway model and the validator
 * compiled into `submit-job` are both made from it.
 */
export const submissionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['model', 'max_tokens', 'messages'],
  properties: {
    model: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9][A-Za-z0-9._:@/-]*$' },
    max_tokens: { type: 'integer', minimum: 1, maximum: MAX_OUTPUT_TOKENS },
    system: { type: 'string', maxLength: 100_000 },
    temperature: { type: 'number', minimum: 0, maximum: 1 },
    stop_sequences: { type: 'array', maxItems: 8, items: { type: 'string', minLength: 1, maxLength: 256 } },
    messages: {
      type: 'array',
      minItems: 1,
      maxItems: 200,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['role', 'content'],
        properties: {
          role: { type: 'string', enum: ['user', 'assistant'] },
          content: { type: 'string', minLength: 1, maxLength: 200_000 },
        },
      },
    },
  },
} as const;
