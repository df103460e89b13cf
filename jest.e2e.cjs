const constructs = require('./jest.constructs.cjs');

module.exports = {
  ...constructs,
  roots: ['<rootDir>/test/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  setupFilesAfterEnv: [],
  globalSetup: '<rootDir>/test/e2e/start-stack.ts',
  globalTeardown: '<rootDir>/test/e2e/stop-stack.ts',
  testTimeout: 120_000,
};
