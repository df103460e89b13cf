// Compiles the schemas of the contract into lambda/generated/validate-<what>.mjs: code that needs no compiler at run
// time, so that a cold start pays for neither Ajv nor the schema.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv } from 'ajv';
import standaloneModule from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { importTypeScript } from './import-typescript.mjs';

const standaloneCode = standaloneModule.default ?? standaloneModule;

/** Most errors that one answer lists; bounds the work that a hostile body can cause. */
const MAX_ERRORS = 20;

/** What is validated; the contract has the schema of each in `<what>-schema.ts`, as `<what>Schema`. */
const VALIDATED = ['submission', 'upload'];

const declarationOf = (what, name) => `export interface ValidationError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly message?: string;
}

/** Checks a body against the ${what} schema; \`errors\` holds at most ${MAX_ERRORS} findings of the last call. */
export declare const ${name}: {
  (body: unknown): boolean;
  errors?: readonly ValidationError[] | null;
};
`;

/** Ajv knows "the first error" and "all of them" only; this ends its code after \`MAX_ERRORS\`. */
function boundErrors(code) {
  const [, name] = /function (validate\d+)\(/.exec(code) ?? [];
  const functions = code.match(/function validate\d+\(/g) ?? [];
  if (functions.length !== 1) throw new Error(`the validator must be one function, got: ${functions.length}`);
  const bounded = code.replaceAll('errors++;', `if(++errors >= ${MAX_ERRORS}){${name}.errors = vErrors;return false;}`);
  if (bounded === code) throw new Error('the validator counts its errors in a form that is not known here');
  return bounded;
}

/** Writes each validator and its types below `root`; throws where a schema does not compile. */
export async function generateValidators(root) {
  const folder = path.join(root, 'lambda', 'generated');
  await mkdir(folder, { recursive: true });
  for (const what of VALIDATED) {
    const name = `validate${what[0].toUpperCase()}${what.slice(1)}`;
    const contract = await importTypeScript(path.join(root, `lib/contract/${what}-schema.ts`));
    await writeFile(path.join(folder, `validate-${what}.mjs`), await compile(root, name, contract[`${what}Schema`]));
    await writeFile(path.join(folder, `validate-${what}.d.mts`), declarationOf(what, name));
  }
}

async function compile(root, name, schema) {
  const ajv = new Ajv({ allErrors: true, strict: true, code: { source: true, esm: true, lines: true } });
  ajv.addSchema(schema, name);
  const code = standaloneCode(ajv, { [name]: name });
  const { outputFiles } = await build({
    stdin: { contents: boundErrors(code), resolveDir: root, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    write: false,
  });
  return outputFiles[0].contents;
}
