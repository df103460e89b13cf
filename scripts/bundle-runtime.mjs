// Builds dist/runtime/: the library `cdk-bulwark/runtime` as ES module and as CommonJS, with declarations for both.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { builtinsByFunction } from './builtins-by-function.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const runtimeFolder = path.join(root, 'dist', 'runtime');
const typesFolder = path.join(runtimeFolder, 'types');
const FORMATS = [
  { format: 'esm', extension: '.mjs' },
  { format: 'cjs', extension: '.cjs' },
];

/** Lets the other entries use the classes of the main one, so that `instanceof` holds over both. */
const sharedWithMain = (extension) => ({
  name: 'shared-with-main',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/(compare-and-set-store|errors)$/ }, ({ importer }) =>
      /^(dynamodb-(breaker|job)-store|express-rate-limit)\.ts$/.test(path.basename(importer))
        ? { path: `./index${extension}`, external: true }
        : undefined,
    );
  },
});

async function bundle({ format, extension }, entry, plugins) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`lambda/runtime/${entry}.ts`],
    outfile: path.join(runtimeFolder, `${entry}${extension}`),
    bundle: true,
    format,
    platform: 'node',
    // The oldest Node of `engines`: unlike the handlers, this runs wherever its user does.
    target: 'node20',
    packages: 'external',
    legalComments: 'none',
    tsconfig: path.join(root, 'lambda/tsconfig.json'),
    plugins,
    logLevel: 'silent',
    write: false,
  });
  return outputFiles;
}

/** Declarations as the compiler writes them, for CommonJS; the package's type makes `.d.ts` mean that. */
async function writeDeclarations() {
  const compiler = path.join(root, 'node_modules/typescript7/bin/tsc');
  const project = path.join(root, 'lambda/runtime/tsconfig.types.json');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the declarations do not compile:\n${stdout}`);
}

const RELATIVE = /(from ['"]|import\(['"])(\.{1,2}\/[^'"]+)(?=['"])/g;

/** The same for ES modules, whose relative specifiers need an extension. */
async function copyDeclarationsForModules() {
  const entries = await readdir(typesFolder, { recursive: true });
  const files = entries.filter((entry) => entry.endsWith('.d.ts')).map((entry) => path.join(typesFolder, entry));
  await Promise.all(
    files.map(async (file) => {
      const text = (await readFile(file, 'utf8')).replace(RELATIVE, '$1$2.mjs');
      await writeFile(file.replace(/\.d\.ts$/, '.d.mts'), text);
    }),
  );
}

try {
  const bundles = await Promise.all(
    FORMATS.flatMap((kind) => [
      bundle(kind, 'index', [builtinsByFunction]),
      bundle(kind, 'dynamodb', [sharedWithMain(kind.extension), builtinsByFunction]),
      bundle(kind, 'express', [sharedWithMain(kind.extension), builtinsByFunction]),
    ]),
  );
  await rm(runtimeFolder, { recursive: true, force: true });
  await mkdir(runtimeFolder, { recursive: true });
  await Promise.all(bundles.flat().map(({ path: file, contents }) => writeFile(file, contents)));
  await writeDeclarations();
  await copyDeclarationsForModules();
  const sizes = bundles
    .flat()
    .map(({ path: file, contents }) => `${path.basename(file)} ${Math.ceil(contents.length / 1024)} KB`);
  console.log(`bundled the runtime library: ${sizes.join(', ')}`);
} catch (error) {
  console.error(`bundle-runtime: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
