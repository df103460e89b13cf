import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { UploadRefusal, type UploadRefusalValue } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';
import { judgeRawMarkup } from './raw-markup';

const SVG = 'http://www.w3.org/2000/svg';

/** Namespaces of which browsers run what is in them, whatever the document is called. */
const RUN_BY_BROWSERS = /^http:\/\/www\.w3\.org\/(1999\/xhtml|2000\/svg|1998\/math\/mathml|1999\/xsl\/transform)$/i;

/** Elements of an SVG that run something, or hold what is no SVG. */
const ACTIVE_ELEMENTS = [
  'script',
  'foreignobject',
  'handler',
  'listener',
  'iframe',
  'object',
  'embed',
  'audio',
  'video',
];

/** Elements that give an attribute another value later on. */
const ANIMATIONS = ['set', 'animate', 'animatetransform', 'animatemotion', 'animatecolor'];

/** The document types that drawing programs write; whoever reads one has it built in, and loads nothing. */
const KNOWN_DOCTYPE =
  /^\s*svg\s+PUBLIC\s+"-\/\/W3C\/\/DTD SVG [^"[\]<>]{1,40}"\s+"https?:\/\/www\.w3\.org\/[^"[\]<>]{1,100}"\s*$/;

/** An address within the document, or an image that is in it. */
const INTERNAL_ADDRESS = /^\s*(#|data:image\/(png|jpeg|gif|webp)[;,]|$)/i;
const EXTERNAL_STYLE = /url\((?!\s*(?:["']\s*)?(#|data:image\/(png|jpeg|gif|webp)[;,]))/i;

const UTF8 = /^(utf-8|us-ascii)$/i;

/** Levels of elements; a parser keeps all that are open. */
const MAX_DEPTH = 256;

const refuse = (refusal: UploadRefusalValue): never => {
  throw new RefusedError(refusal);
};

/**
 * That a text is one well-formed XML document without entities, instructions or anything that a browser would run.
 * @throws RefusedError with the first thing that is wrong
 */
export const checkXml = (text: string): void => {
  parse(text, {
    onDoctype: () => refuse(UploadRefusal.ENTITIES),
    onElement: ({ uri, attributes }) => {
      const namespaces = [uri, ...Object.values(attributes).map((attribute) => attribute.uri)];
      if (namespaces.some((namespace) => RUN_BY_BROWSERS.test(namespace))) refuse(UploadRefusal.ACTIVE_CONTENT);
    },
  });
};

/**
 * That a text is an SVG that neither runs nor loads anything.
 * @throws RefusedError with the first thing that is wrong
 */
export const checkSvg = (text: string): void => {
  for (const refusal of judgeRawMarkup(text)) refuse(refusal);
  if (EXTERNAL_STYLE.test(text)) refuse(UploadRefusal.EXTERNAL_REFERENCE);
  let isRoot = true;
  parse(text, {
    onDoctype: (doctype) => {
      if (!KNOWN_DOCTYPE.test(doctype)) refuse(UploadRefusal.ENTITIES);
    },
    onElement: (element) => {
      if (isRoot && (element.uri !== SVG || element.local !== 'svg')) refuse(UploadRefusal.TYPE_MISMATCH);
      isRoot = false;
      checkElement(element);
    },
  });
};

const checkElement = ({ local, uri, attributes }: SaxesTagNS): void => {
  const name = local.toLowerCase();
  if (ACTIVE_ELEMENTS.includes(name) || (uri !== SVG && RUN_BY_BROWSERS.test(uri)))
    refuse(UploadRefusal.ACTIVE_CONTENT);
  for (const attribute of Object.values(attributes)) checkAttribute(name, attribute);
};

const localNameOf = (name: string): string => name.trim().toLowerCase().split(':').at(-1) ?? '';

const checkAttribute = (element: string, { name: fullName, local, value }: SaxesAttributeNS): void => {
  const name = local.toLowerCase();
  // It says what all other addresses are relative to.
  if (fullName === 'xml:base') refuse(UploadRefusal.EXTERNAL_REFERENCE);
  if (name.startsWith('on')) refuse(UploadRefusal.ACTIVE_CONTENT);
  const isAnimated = name === 'attributename' && ANIMATIONS.includes(element);
  if (isAnimated && /^(href$|on)/.test(localNameOf(value))) refuse(UploadRefusal.ACTIVE_CONTENT);
  const isExternal = (name === 'href' || name === 'src') && !INTERNAL_ADDRESS.test(value);
  if (isExternal || EXTERNAL_STYLE.test(value)) refuse(UploadRefusal.EXTERNAL_REFERENCE);
};

interface Rules {
  readonly onDoctype: (doctype: string) => void;
  readonly onElement: (element: SaxesTagNS) => void;
}

const parse = (text: string, { onDoctype, onElement }: Rules): void => {
  const parser = new SaxesParser({ xmlns: true });
  let depth = 0;
  parser.on('error', (error) => {
    throw new RefusedError(UploadRefusal.MALFORMED, error);
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !UTF8.test(encoding)) refuse(UploadRefusal.NOT_TEXT);
  });
  parser.on('doctype', onDoctype);
  // An instruction may name a stylesheet, and that one a script.
  parser.on('processinginstruction', () => refuse(UploadRefusal.ACTIVE_CONTENT));
  parser.on('opentag', (element) => {
    depth += 1;
    if (depth > MAX_DEPTH) refuse(UploadRefusal.TOO_COMPLEX);
    onElement(element);
  });
  parser.on('closetag', () => {
    depth -= 1;
  });
  parser.write(text).close();
};
