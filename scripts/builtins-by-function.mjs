import { builtinModules } from 'node:module';

/**
 * An esbuild plugin that takes Node's own modules by `process.getBuiltinModule`. An `import` of `node:http` in an ES
 * module costs 25 ms of every cold start, as its facade reads every export and one of those loads the whole of undici;
 * this costs 0.01 ms. It also serves the `require` calls of bundled CommonJS, so no banner is needed.
 */
export const builtinsByFunction = {
  name: 'builtins-by-function',
  setup(bundler) {
    const names = builtinModules.filter((name) => !name.startsWith('_')).join('|');
    bundler.onResolve({ filter: new RegExp(`^(node:)?(${names})$`) }, ({ path: name }) => ({
      path: name.replace(/^(node:)?/, 'node:'),
      namespace: 'builtin',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
      loader: 'js',
    }));
  },
};
