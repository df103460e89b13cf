import { SpendAction, type SpendAnswer, SpendRefusal, type SpendRequest } from '../../lib/contract/spend-control';
import type { Operator } from '../command';
import { CommandFailure, CommandRefusal } from '../failure';
import { invoke } from '../secrets/invoke';

type Kind = SpendAnswer['kind'];
type AnswerOf<K extends Kind> = Extract<SpendAnswer, { readonly kind: K }>;

/** What to type instead where the controller refuses. */
const INSTEAD: Readonly<Record<string, string>> = {
  [SpendRefusal.USED_UP]: '; raise it with `bulwark spend set`, wait until the window ends, or say --force',
};

const CHANGES: readonly string[] = [SpendAction.SET, SpendAction.CUT, SpendAction.RESTORE];
const HALF_DONE = 'half of it may be done: look with `bulwark spend status`, and run it again';

/**
 * Asks the function that controls spending.
 *
 * @throws CommandRefusal where it refuses
 * @throws CommandFailure where there is none, or it fails: of a change half may be done then
 */
export async function askController<K extends Kind>(
  { access, deployment }: Pick<Operator, 'access' | 'deployment'>,
  request: SpendRequest,
  expected: K,
): Promise<AnswerOf<K>> {
  const { controller } = deployment.spend;
  if (!controller)
    throw new CommandFailure(`nothing caps what ${deployment.environment} spends: deploy this version first`);
  const answer = (await invoke(access, controller, request).catch((error: Error) => {
    throw CHANGES.includes(request.action) ? new CommandFailure(`${error.message}; ${HALF_DONE}`) : error;
  })) as SpendAnswer | undefined;
  if (answer?.kind === 'refused') throw new CommandRefusal(`${answer.message}${INSTEAD[answer.code] ?? ''}`);
  if (answer?.kind !== expected) throw new CommandFailure(`${controller} did not answer what was asked`);
  return answer as AnswerOf<K>;
}
