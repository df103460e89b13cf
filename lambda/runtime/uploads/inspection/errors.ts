import type { UploadRefusalValue } from '../../../../lib/contract/uploads';

/** Thrown inside the inspection where content is refused; every other error leaves it undecided. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly refusal: UploadRefusalValue,
    cause?: unknown,
  ) {
    super(`The content is refused: ${refusal}.`, { cause });
  }
}
