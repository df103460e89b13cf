// Coverage proves that the tests run the code; this proves that they would notice if it were wrong.
// Run by scripts/run-mutation.mjs, a folder at a time: `npm run mutation`, or `npm run mutation -- retry`.
const folder = process.env.BULWARK_MUTATION_FOLDER;

/** What is mutated where that is more than the folder of that name below `lambda/runtime`. */
const ELSEWHERE = { prices: ['lib/contract/price-book*.ts', 'lambda/runtime/prices/*.ts'] };

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ELSEWHERE[folder] ?? [`lambda/runtime/${folder}/*.ts`],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: { projectType: 'custom', configFile: 'jest.mutation.cjs', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['dist', 'cdk.out*', '.local', '.bench-*', 'coverage', 'docs', 'local', 'readiness', 'examples'],
  thresholds: { high: 95, low: 90, break: 90 },
};
