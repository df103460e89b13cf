import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { GitFailure, git, gitLines, objectsOf } from './git.mjs';

const fields = (text) => text.split('\0').filter((field) => field !== '');

/** What is in the work tree, ignored files apart: a path and its chunks. */
export async function* workTree() {
  const root = (await git('rev-parse', '--show-toplevel')).trimEnd();
  const paths = fields(await git('-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'));
  for (const path of new Set(paths)) {
    const file = `${root}/${path}`;
    const status = await lstat(file).catch(() => undefined);
    if (status?.isFile()) yield { path, chunks: createReadStream(file) };
    if (status?.isSymbolicLink()) yield { path, chunks: [await readlink(file, 'buffer')] };
  }
}

/** What the next commit would bring. */
export async function* staged() {
  const raw = fields(await git('diff', '--cached', '--raw', '-z', '--no-renames', '--no-abbrev', '--diff-filter=d'));
  const objects = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [, mode, , id] = raw[at].split(' ');
    // A submodule's id is a commit of another repository.
    if (mode !== '160000') objects.push({ id, path: raw[at + 1] });
  }
  yield* objectsOf(objects);
}

/**
 * Every blob and every message of every commit and tag of all branches, each once: its path, and every other `paths` that
 * it has had, as what a value means may depend on the name of its file.
 */
export async function* history() {
  if ((await git('rev-parse', '--is-shallow-repository')).trim() === 'true') {
    throw new GitFailure('this clone is shallow, so that its history cannot be checked: git fetch --unshallow');
  }
  const pathsOf = await everyPath();
  for await (const { type, chunks, ...object } of objectsOf(everyObject())) {
    if (type === 'tree') for await (const _ of chunks);
    else {
      const path = object.path || `(${type} ${object.id.slice(0, 12)})`;
      yield { ...object, path, paths: [...(pathsOf.get(object.id) ?? [])], chunks };
    }
  }
}

/** The paths of each blob: a merge brings against its first parent all that it does not have from there. */
async function everyPath() {
  const pathsOf = new Map();
  const changes = ['--format=', '--raw', '--no-abbrev', '--no-renames', '--root', '--diff-merges=first-parent'];
  for await (const line of gitLines('log', '--all', ...changes)) {
    const [, id, path] = /^:\d+ \d+ \w+ (\w+) [^\t]+\t"?(.*?)"?$/.exec(line) ?? [];
    if (id) pathsOf.set(id, (pathsOf.get(id) ?? new Set()).add(path));
  }
  return pathsOf;
}

async function* everyObject() {
  for await (const line of gitLines('rev-list', '--objects', '--all')) {
    yield { id: line.slice(0, line.search(/ |$/)), path: line.replace(/^\S+ ?/, '') };
  }
}
