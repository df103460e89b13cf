import { build } from 'esbuild';

/** Imports a TypeScript module that needs nothing but its own relative imports, on any Node since 20. */
export async function importTypeScript(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
