import { UploadRefusal, type UploadRefusalValue } from '../../../../lib/contract/uploads';
import { RefusedError } from './errors';
import { judgeRawMarkup } from './markup/raw-markup';
import { checkSvg, checkXml } from './markup/xml';
import type { IObjectSource } from './object-source';

/** Largest text that is parsed as a whole. */
export const MAX_PARSED_BYTES = 16 * 1024 ** 2;

/** A text that is held in memory to be parsed. @throws RefusedError where it is too large for that */
const textOf = async (source: IObjectSource): Promise<string> => {
  if (source.size > MAX_PARSED_BYTES) throw new RefusedError(UploadRefusal.TOO_COMPLEX);
  return new TextDecoder('utf-8', { fatal: true }).decode(await source.read(0, source.size));
};

/** @throws RefusedError */
export const checkJson = async (source: IObjectSource): Promise<void> => {
  const text = await textOf(source);
  try {
    JSON.parse(text);
  } catch {
    // Without the cause: the parser's message quotes the text.
    throw new RefusedError(UploadRefusal.MALFORMED);
  }
};

/** @throws RefusedError */
export const checkXmlDocument = async (source: IObjectSource): Promise<void> => checkXml(await textOf(source));

/** @throws RefusedError */
export const checkSvgImage = async (source: IObjectSource): Promise<void> => checkSvg(await textOf(source));

/** @throws RefusedError */
export const checkHtml = async (source: IObjectSource): Promise<void> => {
  const refusals: readonly UploadRefusalValue[] = judgeRawMarkup(await textOf(source));
  for (const refusal of refusals) throw new RefusedError(refusal);
};
