import { execFileSync } from 'node:child_process';

/** Ids of the living processes of a group; one that has ended but was not yet collected does not count. */
export function livingProcessesOf(groupId: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid, stat]) => Number(pgid) === groupId && !stat?.startsWith('Z'))
    .map(([pid]) => Number(pid));
}
