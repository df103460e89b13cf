// Builds dist/lambda/<name>/index.mjs for every handler, in one esbuild call. Runs on Node 20 and newer,
// since the CDK's app command may run there.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { builtinsByFunction } from './builtins-by-function.mjs';
import { generateValidators } from './generate-validators.mjs';
import { importTypeScript } from './import-typescript.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bundlesFolder = path.join(root, 'dist', 'lambda');
const mapsFolder = path.join(root, 'dist', 'lambda-maps');

/**
 * Leaves the environment as the only source of credentials: Lambda puts a function's own there. The SDK's default
 * chain would bring the clients of STS and SSO into every bundle, for profiles and devices that Lambda does not have.
 */
const credentialsFromEnvironment = {
  name: 'credentials-from-environment',
  setup(bundler) {
    bundler.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: 'provider',
      namespace: 'credentials',
      pluginData: resolveDir,
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'credentials' }, ({ pluginData: resolveDir }) => ({
      contents: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
      loader: 'js',
      resolveDir,
    }));
  },
};

/** Names of the handlers, where the contract and the folders agree; throws naming the differences. */
async function readHandlerNames() {
  const { HANDLERS: declared } = await importTypeScript(path.join(root, 'lib/contract/handlers.ts'));
  const entries = await readdir(path.join(root, 'lambda'), { recursive: true });
  const found = entries
    .map((entry) => entry.split(path.sep))
    .filter(([, file, ...rest]) => file === 'handler.ts' && rest.length === 0)
    .map(([folder]) => folder);
  const missing = declared.filter((name) => !found.includes(name));
  const undeclared = found.filter((name) => !declared.includes(name));
  const problems = [
    ...missing.map((name) => `lib/contract/handlers.ts lists \`${name}\`, but lambda/${name}/handler.ts is missing`),
    ...undeclared.map((name) => `lambda/${name}/handler.ts exists, but lib/contract/handlers.ts does not list it`),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return [...declared].sort();
}

/** Bundles in memory, so that a failed build leaves the previous output alone. */
async function bundle(names) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: `lambda/${name}/handler.ts`, out: `${name}/index` })),
    outdir: bundlesFolder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    tsconfig: path.join(root, 'lambda/tsconfig.json'),
    plugins: [builtinsByFunction, credentialsFromEnvironment],
    logLevel: 'silent',
    write: false,
  });
  return outputFiles;
}

const isSame = async (file, contents) => {
  try {
    return Buffer.compare(await readFile(file), contents) === 0;
  } catch {
    return false;
  }
};

/** Source maps stay out of the deployed folders: a Lambda asset holds its module and nothing else. */
const targetOf = (file) =>
  file.endsWith('.map')
    ? path.join(mapsFolder, `${path.basename(path.dirname(file))}.mjs.map`)
    : path.join(bundlesFolder, path.relative(bundlesFolder, file));

async function writeOutputs(files, names) {
  for (const { path: file, contents } of files) {
    const target = targetOf(file);
    if (await isSame(target, contents)) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, contents);
  }
  for (const folder of await readdir(bundlesFolder)) {
    if (!names.includes(folder)) await rm(path.join(bundlesFolder, folder), { recursive: true });
  }
}

const describeSizes = (files) =>
  files
    .filter(({ path: file }) => file.endsWith('.mjs'))
    .map(({ path: file, contents }) => `${path.basename(path.dirname(file))} ${Math.ceil(contents.length / 1024)} KB`)
    .join(', ');

try {
  await generateValidators(root);
  const names = await readHandlerNames();
  const files = await bundle(names);
  await writeOutputs(files, names);
  console.log(`bundled ${names.length} handlers: ${describeSizes(files)}`);
} catch (error) {
  console.error(`bundle-lambda: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
