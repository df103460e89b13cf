import type { UploadContentType } from '../../../lib/contract/uploads';
import { isTextType } from './inspection/detected-type';

/** The content type under which a clean upload is kept: a text says in which alphabet it was found to be written. */
export const servedTypeOf = (contentType: UploadContentType): string =>
  isTextType(contentType) ? `${contentType}; charset=utf-8` : contentType;
