const base = require('./jest.lambda.cjs');

const folder = process.env.BULWARK_MUTATION_FOLDER;
if (!folder) throw new Error('BULWARK_MUTATION_FOLDER names no folder: use `npm run mutation`');

/** The tests of one resilience folder: those are what its mutants must not survive. */
module.exports = { ...base, roots: [`<rootDir>/test/lambda/runtime/${folder}`] };
