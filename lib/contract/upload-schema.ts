/** Largest object that one presigned form can bring into S3, in bytes. */
export const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;

/**
 * JSON schema (draft 4) of `POST /v1/uploads`: the API Gateway model and the validator
 * compiled into `create-upload` are both made from it. Which types and sizes a deployment takes is checked after it.
 */
export const uploadSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['contentType', 'sizeBytes'],
  properties: {
    contentType: { type: 'string', maxLength: 127, pattern: '^[a-z]+/[a-z0-9.+-]+$' },
    sizeBytes: { type: 'integer', minimum: 1, maximum: MAX_UPLOAD_BYTES },
    name: { type: 'string', maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f/\\\\]+$' },
  },
} as const;
