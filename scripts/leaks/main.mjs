// `npm run leaks` looks for secrets in the work tree; `--staged` in what the next commit brings, `--history` in every
// blob of every commit. Exit codes: 0 none, 1 some, 2 it could not look.
import { ALLOWED } from './allowed.mjs';
import { findSecrets, fingerprintOf } from './find-secrets.mjs';
import { GitFailure, git } from './git.mjs';
import { history, staged, workTree } from './sources.mjs';
import { windowsOf } from './windows.mjs';

/** Milliseconds between two lines of progress. */
const PROGRESS_EVERY_MS = 2_000;

const MODES = { '': workTree, '--staged': staged, '--history': history };

const allowed = new Set(ALLOWED.map(({ fingerprint }) => fingerprint));

/** Every finding, by fingerprint: where it is first, and in how many places. */
async function search(things) {
  const found = new Map();
  let [count, nextMs] = [0, Date.now() + PROGRESS_EVERY_MS];
  for await (const { path: anyPath, paths = [], id, chunks } of things) {
    const places = new Set();
    for await (const { text, firstLine } of windowsOf(chunks)) {
      for (const { path, kind, value, index } of await findUnderEach(new Set([anyPath, ...paths]), text)) {
        const fingerprint = fingerprintOf(value);
        if (allowed.has(fingerprint) || places.has(fingerprint)) continue;
        places.add(fingerprint);
        const line = firstLine + text.slice(0, index).split('\n').length - 1;
        const first = found.get(fingerprint) ?? { kind, path, id, line, more: -1 };
        found.set(fingerprint, { ...first, more: first.more + 1 });
      }
    }
    count += 1;
    if (Date.now() < nextMs) continue;
    console.error(`leaks: ${count} looked at, ${found.size} found`);
    nextMs = Date.now() + PROGRESS_EVERY_MS;
  }
  return { found, count };
}

async function findUnderEach(paths, text) {
  const found = [];
  for (const path of paths) for (const secret of await findSecrets(path, text)) found.push({ path, ...secret });
  return found;
}

/** A finding without its value. */
async function describe(fingerprint, { kind, path, id, line, more }, isHistory) {
  const commit = isHistory ? ` since ${await firstCommitWith(id)}` : '';
  const others = more > 0 ? `, and in ${more} more` : '';
  return `${path}:${line}: ${kind}${commit}${others}\n    fingerprint ${fingerprint}`;
}

async function firstCommitWith(id) {
  const commits = (await git('log', '--all', '--reverse', '--format=%h', `--find-object=${id}`)).trim();
  return commits.split('\n')[0] || id.slice(0, 12);
}

async function main([mode = '', ...rest]) {
  const source = rest.length === 0 && Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (!source) {
    console.error(`leaks: no such argument: ${[mode, ...rest].join(' ')}; there are: --staged, --history`);
    return 2;
  }
  const { found, count } = await search(source());
  for (const [fingerprint, finding] of found) {
    console.log(await describe(fingerprint, finding, mode === '--history'));
  }
  console.log(`leaks: ${found.size} found in ${count} ${mode === '--history' ? 'objects' : 'files'}`);
  if (found.size === 0) return 0;
  console.error('leaks: revoke a real key first, then remove it; docs/runbooks/key-leaked.md says how');
  return 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof GitFailure)) throw error;
  console.error(`leaks: ${error.message}`);
  process.exitCode = 2;
}
