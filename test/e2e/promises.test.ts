import { ALL_DRILLS } from '../promises/all-drills';
import { runDrill } from '../promises/promise';
import { StackUnderTest } from './stack-under-test';

const { addresses } = new StackUnderTest();

test.each(ALL_DRILLS.map((drill) => [drill.promise, drill] as const))(
  '%s holds in its small form',
  async (_promise, drill) => {
    const result = await runDrill(drill, { addresses, full: false, tell: () => undefined });
    expect(result).toMatchObject({ promise: drill.promise, holds: true });
  },
  300_000,
);
