/** The handlers that ship as bundles in `dist/lambda/<name>/index.mjs`, exporting `handler`. */
export const HANDLERS = [
  'authorize-client',
  'submit-job',
  'relay-outbox',
  'process-job',
  'read-job',
  'read-usage',
  'check-health',
  'control-breaker',
  'control-spend',
  'sweep-leases',
  'check-readiness',
  'rotate-secret',
  'sweep-keys',
  'create-upload',
  'read-upload',
  'inspect-upload',
] as const;

export type HandlerName = (typeof HANDLERS)[number];
