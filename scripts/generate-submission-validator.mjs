// Compiles the submission schema of the contract into lambda/generated/validate-submission.mjs: code that needs
// no compiler at run time, so that a cold start pays for neither Ajv nor the schema.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv } from 'ajv';
import standaloneModule from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { importTypeScript } from './import-typescript.mjs';

const standaloneCode = standaloneModule.default ?? standaloneModule;

/** Most errors that one answer lists; bounds the work that a hostile body can cause. */
const MAX_ERRORS = 20;

const declaration = `export interface ValidationError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly message?: string;
}

/** Checks a body against the submission schema; \`errors\` holds at most ${MAX_ERRORS} findings of the last call. */
export declare const validateSubmission: {
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

/** Writes the validator and its types below `root`; throws where the schema does not compile. */
export async function generateSubmissionValidator(root) {
  const { submissionSchema } = await importTypeScript(path.join(root, 'lib/contract/submission-schema.ts'));
  const ajv = new Ajv({ allErrors: true, strict: true, code: { source: true, esm: true, lines: true } });
  ajv.addSchema(submissionSchema, 'submission');
  const code = standaloneCode(ajv, { validateSubmission: 'submission' });
  const { outputFiles } = await build({
    stdin: { contents: boundErrors(code), resolveDir: root, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    write: false,
  });
  const folder = path.join(root, 'lambda', 'generated');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'validate-submission.mjs'), outputFiles[0].contents);
  await writeFile(path.join(folder, 'validate-submission.d.mts'), declaration);
}
