/** Thrown when an Admin API, or the free call that tries a key, gave no usable answer. Its message holds codes only. */
export class AdminApiError extends Error {
  override readonly name = 'AdminApiError';

  /**
   * @param call what was asked, such as `list keys`
   * @param fault what came of it, such as `HTTP 500`
   */
  constructor(
    readonly call: string,
    readonly fault: string,
    /** HTTP status; undefined where there was no answer. */
    readonly status?: number,
    cause?: unknown,
  ) {
    super(`${call}: ${fault}`, { cause });
  }
}
