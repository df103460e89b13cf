import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalFailure } from './failure';

/** What a running instance says about itself in its lock file. */
export interface LockHolder {
  readonly pid: number;
  /** Address of something that answers for as long as the instance runs. */
  readonly heartbeat: string;
}

/**
 * Takes the lock of an instance; the answer gives it back. A lock whose holder's heartbeat does not answer was left
 * behind by a crash, and is taken over.
 * @throws LocalFailure when the instance runs already.
 */
export async function takeInstanceLock(file: string, holder: LockHolder): Promise<() => void> {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    while (!appears(draft, file)) {
      const other = readHolder(file);
      if (other && (await answers(other.heartbeat))) {
        throw new LocalFailure(`local: it runs already, as process ${other.pid}: end that one with Ctrl-C first`);
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/** Makes the whole file appear at once, unless one is there. */
function appears(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function readHolder(file: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}

async function answers(heartbeat: string): Promise<boolean> {
  try {
    return (await fetch(heartbeat, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
