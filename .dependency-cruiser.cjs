/**
 * The arrows of the house point one way: bin -> lib -> lib/contract <- lambda, and cli -> lib/contract. The commands use
 * the runtime and the providers' adapters as well, as anybody may, and no handler.
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const packages = (names) => `(^|/)node_modules/(${names})(/|$)`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', 'What needs each other belongs in one file.', {}, { circular: true }),
    forbid('no-unresolvable', 'Nothing may be imported that is not there.', {}, { couldNotResolve: true }),
    forbid(
      'contract-stands-alone',
      'Constructs and handlers both load the contract, so that it loads nothing but Node itself.',
      { path: '^lib/contract/' },
      { pathNot: '^lib/contract/', dependencyTypesNot: ['core'] },
    ),
    forbid(
      'lib-is-the-bottom',
      'A construct refers to a built bundle, never to the source of a handler, and knows none of its users.',
      { path: '^lib/' },
      { path: '^(bin|lambda|cli|local|bench|readiness|examples|scripts|test)/' },
    ),
    forbid(
      'lambda-knows-only-the-contract',
      'A handler shares names with the constructs and nothing else.',
      { path: '^lambda/' },
      { path: '^(lib/(?!contract/)|(bin|cli|local|bench|readiness|examples|test)/)' },
    ),
    forbid(
      'lambda-without-cdk',
      'The CDK is megabytes that a cold start would pay for.',
      { path: '^lambda/' },
      { path: packages('aws-cdk-lib|constructs|cdk-nag') },
    ),
    forbid(
      'cli-knows-contract-and-runtime',
      'An operator needs no construct to look at a queue, and a handler is its own process; how a provider gives a token or a key is written once.',
      { path: '^cli/' },
      {
        path: [
          '^(lib/(?!contract/)|lambda/(?!(runtime|upstream)/)|(bin|local|bench|readiness|examples|test)/)',
          packages('aws-cdk-lib|constructs'),
        ],
      },
    ),
    forbid(
      'readiness-reads-templates',
      'Rules judge what was synthesised, whoever made it.',
      { path: '^readiness/' },
      { path: '^(lib|bin|lambda|cli|local|bench|examples|test)/' },
    ),
    forbid(
      'bin-composes',
      'The app puts stacks together, and the command calls the operator commands.',
      { path: '^bin/' },
      { path: '^(lambda|local|bench|readiness|examples|test)/' },
    ),
    forbid(
      'examples-are-guests',
      'An example takes what the package exports and no more.',
      { path: '^examples/' },
      { path: '^(lib/(?!index\\.ts$)|(bin|lambda|cli|local|bench|readiness|test)/)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|cdk\\.out|\\.local)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
      extensions: ['.ts', '.mts', '.mjs', '.cjs', '.js', '.json', '.d.ts'],
    },
  },
};
