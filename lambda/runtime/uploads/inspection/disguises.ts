import type { UploadContentType } from '../../../../lib/contract/uploads';
import { endsLikeZip } from './archives/end-record';

/** How far into a file readers look for what it begins with. */
const SNIFFED_BYTES = 1_024;

const PDF = /%PDF-/;

/** What makes a browser that guesses take a file for a page. */
const PAGE = /<(!doctype\s+html|html|head|body|script|iframe|svg|\?php)/i;
const BEGINS_AS_PAGE = new RegExp(`^[\\ufeff\\s]*${PAGE.source}`, 'i');

const PLAIN_TEXTS: readonly UploadContentType[] = ['text/plain', 'text/csv', 'application/json'];
const IMAGES: readonly UploadContentType[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

export interface Ends {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly size: number;
}

/** Whether a file is something else as well as what it is declared as. */
export const isPolyglot = (contentType: UploadContentType, { head, tail, size }: Ends): boolean => {
  const sniffed = head.subarray(0, SNIFFED_BYTES).toString('latin1');
  const isOtherPdf = contentType !== 'application/pdf' && PDF.test(sniffed);
  const isOtherZip = contentType !== 'application/zip' && endsLikeZip(tail, size);
  // A PDF or an archive may well hold a page; an image holds none.
  const isOtherPage = IMAGES.includes(contentType) && PAGE.test(sniffed);
  return isOtherPdf || isOtherZip || isOtherPage;
};

/** Whether a file that is declared as mere text begins as a page does. */
export const isPageInDisguise = (contentType: UploadContentType, head: Buffer): boolean =>
  PLAIN_TEXTS.includes(contentType) && BEGINS_AS_PAGE.test(head.subarray(0, SNIFFED_BYTES).toString('utf8'));
