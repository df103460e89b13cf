import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importTypeScript } from '../import-typescript.mjs';

const contract = fileURLToPath(new URL('../../lib/contract/client-keys.ts', import.meta.url));
const { parseClientKey } = await importTypeScript(contract);

/** `.env`, `.env.local`, `.envrc`, `prod.env`, `prod.env.local`. */
const isEnvironmentFile = (path) => /(^|\.)env(rc)?(\.|$)/i.test(basename(path));

/** Kinds of secrets that secretlint does not know: where they may be, their shape, and whether a match is one. */
const KINDS = [
  {
    kind: 'bulwark-client-key',
    pattern: /\bbwk_[a-z]+_[a-z0-9]{16}_[0-9A-Za-z]{49}(?![0-9A-Za-z])/g,
    // The checksum tells a key from a look-alike, as in an example.
    isReal: (value) => parseClientKey(value) !== undefined,
  },
  {
    kind: 'aws-access-key-id',
    pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
    // So the AWS documentation ends its own.
    isReal: (value) => !value.endsWith('EXAMPLE'),
  },
  { kind: 'openai-key', pattern: /\bsk-(?:svcacct|admin)-[\w-]{20,}/g },
  { kind: 'anthropic-admin-key', pattern: /\bsk-ant-admin\d\d-[\w-]{20,}/g },
  { kind: 'anthropic-access-token', pattern: /\bsk-ant-(?:oat|ort)\d\d-[\w-]{20,}/g },
  {
    kind: 'environment-file-value',
    appliesTo: isEnvironmentFile,
    pattern:
      /(?<=^[ \t]*(?:export[ \t]+)?\w*(?:KEY|SECRET|TOKEN|PASS(?:WORD|WD|PHRASE)?|PWD|CREDENTIALS?)\w*[ \t]*=[ \t]*)[^\s#][^\r\n]*/gim,
  },
];

/** Secrets of Bulwark's own kinds in a text: the kind and where it is. */
export function findOwnKinds(path, text) {
  const applicable = KINDS.filter(({ appliesTo = () => true }) => appliesTo(path));
  return applicable.flatMap(({ kind, pattern, isReal = () => true }) =>
    [...text.matchAll(pattern)]
      .filter(([value]) => isReal(value))
      .map(({ 0: value, index }) => ({ kind, value, index })),
  );
}
