import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { ByteReader } from './byte-reader.mjs';

/** A failure of git, or a repository that cannot be checked: its message is the one line that is printed. */
export class GitFailure extends Error {
  name = 'GitFailure';
}

/** What a git command prints. @throws GitFailure where it fails */
export async function git(...args) {
  try {
    return (await promisify(execFile)('git', args, { maxBuffer: 256 * 1024 * 1024 })).stdout;
  } catch (error) {
    throw new GitFailure(
      `git ${args[0]} failed: ${
        String(error.stderr ?? error.message)
          .trim()
          .split('\n')[0]
      }`,
    );
  }
}

/** Lines of a git command, as they come. */
export async function* gitLines(...args) {
  const child = spawn('git', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const reader = new ByteReader(child.stdout);
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) yield line;
  const [code] = await ended;
  if (code !== 0) throw new GitFailure(`git ${args[0]} failed with code ${code}`);
}

/**
 * The contents of objects, in the order of `wanted` (each an `id` and a `path`), through one process of git. Whoever
 * iterates reads all chunks of an object before the next.
 */
export async function* objectsOf(wanted) {
  const child = spawn('git', ['cat-file', '--batch'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  // Git takes no more ids than the pipes hold while nobody reads, so that this is as bounded as they are.
  const asked = [];
  const asking = ask(child.stdin, wanted, asked);
  const answers = new ByteReader(child.stdout);
  for (let header = await answers.line(); header !== undefined; header = await answers.line()) {
    const [id, type, size] = header.split(' ');
    if (size === undefined) throw new GitFailure(`object ${id} is not there: the clone is not complete`);
    yield { ...asked.shift(), type, chunks: answers.bytes(Number(size)) };
    await answers.line();
  }
  await asking;
  const [code] = await ended;
  if (code !== 0) throw new GitFailure(`git cat-file failed with code ${code}`);
}

async function ask(stdin, wanted, asked) {
  for await (const object of wanted) {
    asked.push(object);
    if (!stdin.write(`${object.id}\n`)) await once(stdin, 'drain');
  }
  stdin.end();
}
