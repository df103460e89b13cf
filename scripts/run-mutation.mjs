// `npm run mutation`: changes the resilience folders of the runtime a thousandfold, each of which a test must notice.
// `npm run mutation -- retry breaker` takes only those. One Stryker run a folder, against that folder's tests.
import { spawnSync } from 'node:child_process';

const FOLDERS = ['backoff', 'bulkhead', 'clock', 'resilience', 'retry', 'breaker', 'prices', 'rate-limit', 'spend'];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !FOLDERS.includes(name));
if (unknown.length > 0) {
  console.error(`mutation: no folder named ${unknown.join(', ')}; there are: ${FOLDERS.join(', ')}`);
  process.exit(2);
}

const failed = FOLDERS.filter((name) => chosen.length === 0 || chosen.includes(name)).filter((folder) => {
  console.log(`\n== ${folder}`);
  const env = { ...process.env, BULWARK_MUTATION_FOLDER: folder };
  return spawnSync('node_modules/.bin/stryker', ['run'], { stdio: 'inherit', env }).status !== 0;
});
if (failed.length > 0) console.error(`\nbelow 90 %, or not run: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
