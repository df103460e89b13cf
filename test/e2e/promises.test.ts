import { ALL_DRILLS } from '../promises/all-drills';
import { runDrill } from '../promises/promise';
import { StackUnderTest } from './stack-under-test';

const { addresses } = new StackUnderTest();

test.each(ALL_DRILLS.filter(({ onStack }) => onStack).map((drill) => [drill.promise, drill] as const))(
  '%s holds on the stack, in its small form',
  async (_promise, drill) => {
    const result = await runDrill(drill, { addresses, full: false, brief: true, tell: () => undefined }, ['onStack']);
    // With all of it, so that a failure shows what was measured.
    expect(result).toEqual({ ...result, promise: drill.promise, holds: true });
  },
  300_000,
);
