import { CommandUsageError } from '../failure';
import { type DeadLetter, reasonOfLetter } from './dead-letter';

/** Whether a letter is meant. */
export type LetterFilter = (letter: DeadLetter) => boolean;

/** What `--where` may ask for, and where a letter has it. */
const FIELDS: Readonly<Record<string, (letter: DeadLetter) => string | undefined>> = {
  reason: reasonOfLetter,
  client: ({ row }) => row?.clientId,
  status: ({ row }) => row?.status,
  job: ({ jobId }) => jobId,
};

/**
 * The filter that `--where key=value` options make: all of them must hold; undefined where there is none.
 * @throws CommandUsageError where one is not of that form
 */
export function letterFilter(where: readonly string[] = []): LetterFilter | undefined {
  const filters = where.map(parse);
  return filters.length > 0 ? (letter) => filters.every((filter) => filter(letter)) : undefined;
}

function parse(condition: string): LetterFilter {
  const [, key = '', value = ''] = /^([a-z]+)=(.+)$/.exec(condition) ?? [];
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
  if (!field) {
    const known = Object.keys(FIELDS)
      .map((name) => `${name}=…`)
      .join(', ');
    throw new CommandUsageError(`\`--where\` must be one of ${known}, got: ${condition}`);
  }
  return (letter) => field(letter) === value;
}
