import '../doubles/environment';
import { Cloud } from '../doubles/cloud';
import { OPEN_FOR_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { Processor, upstreamFailure } from '../doubles/processor';

const FAILURES = 5;

let cloud: Cloud;
let processor: Processor;
beforeEach(() => {
  cloud = new Cloud();
  processor = new Processor(cloud, FAILURES);
});

const returned = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const fail = (times: number, overrides: Parameters<typeof upstreamFailure>[0] = {}) =>
  processor.upstream.answer(...Array.from({ length: times }, () => upstreamFailure(overrides)));
/** Lets jobs fail until the breaker is open. */
const openBreaker = async () => {
  fail(FAILURES);
  for (let job = 1; cloud.breaker()?.status !== 'open'; job += 1) {
    await processor.process(sqsRecord(await processor.submit(), { messageId: `other-${job}` }));
  }
};

describe('what speaks against the upstream', () => {
  const breakerAfter = async (overrides: Parameters<typeof upstreamFailure>[0]) => {
    fail(FAILURES, overrides);
    const jobs = Array.from({ length: FAILURES }, () => processor.submit());
    for (const [index, job] of jobs.entries()) {
      await processor.process(sqsRecord(await job, { messageId: `message-${index}` }));
    }
    return cloud.breaker()?.status ?? 'closed';
  };

  test.each([
    ['an error of 500', { status: 500 }],
    ['an overload of 529', { status: 529 }],
    ['a time-out of the gateway', { status: 504, reason: 'upstream-timeout' as const }],
    ['a call that takes too long', { status: undefined, reason: 'upstream-timeout' as const }],
    ['a lost connection', { status: undefined, reason: 'upstream-connection' as const }],
    ['a refused key', { status: 401, reason: 'upstream-credential' as const, disposition: 'return' as const }],
    ['exhausted credit', { status: 400, reason: 'upstream-credit' as const, disposition: 'return' as const }],
    ['a rate limit', { status: 429, reason: 'upstream-rate-limited' as const }],
    [
      'an answer that is no completion',
      { status: 200, reason: 'upstream-malformed' as const, disposition: 'return' as const },
    ],
  ])('%s does', async (_, failure) => {
    expect(await breakerAfter(failure)).toBe('open');
  });

  test.each([
    ['a refused request', { status: 400, reason: 'upstream-refused' as const, disposition: 'refuse' as const }],
    [
      'a refused permission of a model that was never served, which may be that of this one',
      { status: 403, reason: 'upstream-credential' as const, disposition: 'return' as const },
    ],
    [
      'a completion that is too large',
      { status: 200, reason: 'completion-too-large' as const, disposition: 'refuse' as const },
    ],
    [
      'a call that the function’s own end cut off',
      { status: undefined, reason: 'upstream-timeout' as const, disposition: 'return' as const },
    ],
  ])('%s does not', async (_, failure) => {
    expect(await breakerAfter(failure)).toBe('closed');
  });

  describe('a refused permission', () => {
    const forbidden = { status: 403, reason: 'upstream-credential' as const, disposition: 'return' as const };

    test('of a model that this process was served before does: the account has lost it', async () => {
      await processor.process(sqsRecord(await processor.submit(), { messageId: 'served' }));
      expect(await breakerAfter(forbidden)).toBe('open');
      expect(cloud.breaker()).not.toMatchObject({ reason: 'no-job-served' });
    });

    test('of a model that only another process was served does not', async () => {
      await processor.process(sqsRecord(await processor.submit(), { messageId: 'served' }));
      processor.restart();
      expect(await breakerAfter(forbidden)).toBe('closed');
    });
  });

  test('a call that had no time left does not', async () => {
    processor.budgetMs = 4_999;
    expect(await breakerAfter({ status: undefined, reason: 'upstream-timeout' })).toBe('closed');
  });

  test('a refused request is an answer: as a probe it counts for the upstream', async () => {
    await openBreaker();
    processor.nowMs += OPEN_FOR_MS + 1;
    fail(1, { status: 400, reason: 'upstream-refused', disposition: 'refuse' });
    await processor.process(sqsRecord(await processor.submit()));
    expect(cloud.breaker()).toMatchObject({ status: 'half-open', successes: 1 });
  });

  test('a key that was rotated does not: its first refusal is followed by a call with the new one', async () => {
    for (let job = 0; job < FAILURES; job += 1) {
      processor.restart();
      cloud.secret = JSON.stringify({ apiKey: `sk-${job}` });
      await processor.process(sqsRecord(await processor.submit()));
      cloud.secret = JSON.stringify({ apiKey: `sk-${job}-rotated` });
      fail(1, { status: 401, reason: 'upstream-credential', disposition: 'return' });
      await processor.process(sqsRecord(await processor.submit()));
    }
    expect(cloud.breaker()).toBeUndefined();
    expect(processor.metrics).toMatchObject({ JobsSucceeded: 2 * FAILURES });
  });

  describe('as the probe', () => {
    beforeEach(async () => {
      await openBreaker();
      processor.nowMs += OPEN_FOR_MS + 1;
    });

    test('a key that was rotated meanwhile is renewed under the same permit', async () => {
      processor.upstream.calls.length = 0;
      cloud.secret = JSON.stringify({ apiKey: 'sk-rotated' });
      fail(1, { status: 401, reason: 'upstream-credential', disposition: 'return' });
      await processor.process(sqsRecord(await processor.submit()));
      expect(processor.upstream.calls).toHaveLength(2);
      expect(cloud.breaker()).toMatchObject({ status: 'half-open', successes: 1 });
    });

    test.each([
      ['a refused key', { status: 401, reason: 'upstream-credential' as const, disposition: 'return' as const }],
      ['a call cut off', { status: undefined, reason: 'upstream-timeout' as const, disposition: 'return' as const }],
    ])('%s has failed', async (_, failure) => {
      fail(1, failure);
      await processor.process(sqsRecord(await processor.submit()));
      expect(cloud.breaker()).toMatchObject({ status: 'open', openings: 2 });
    });

    test('a call that had too little time has failed', async () => {
      processor.budgetMs = 4_999;
      fail(1, { status: undefined, reason: 'upstream-timeout' });
      await processor.process(sqsRecord(await processor.submit()));
      expect(cloud.breaker()).toMatchObject({ status: 'open', openings: 2 });
    });

    test('one whose job’s row cannot be written says nothing: it is given back', async () => {
      let updates = 0;
      cloud.dynamodb.beforeUpdate = () => {
        updates += 1;
        if (updates === 2) throw new Error('DynamoDB is down');
      };
      await processor.process(sqsRecord(await processor.submit()));
      expect(cloud.breaker()).toMatchObject({ status: 'half-open', successes: 0 });
      expect(cloud.breaker()).not.toHaveProperty('probeOwner');
    });
  });
});

describe('an upstream that takes calls and does not answer', () => {
  /** A call that fails when all of its time is up. */
  const hang = (seconds = 6) =>
    processor.upstream.answer(async () => {
      processor.nowMs += seconds * 1_000;
      throw upstreamFailure({ status: undefined, reason: 'upstream-timeout', disposition: 'retry' });
    });
  const run = async () => processor.process(sqsRecord(await processor.submit()));

  beforeEach(() => {
    processor.budgetMs = 6_000;
  });

  test('opens the breaker at the third call in a row, which the window of 30 seconds would not see', async () => {
    for (const status of ['closed', 'closed', 'open']) {
      hang();
      await run();
      expect(cloud.breaker()?.status ?? 'closed').toBe(status);
      processor.nowMs += 20_000;
    }
    expect(cloud.breaker()).toMatchObject({ reason: 'slow-failures', epoch: 1 });
    expect(cloud.breaker()?.openUntil).toBe(Number(cloud.breaker()?.changedAt) + OPEN_FOR_MS);
  });

  test.each([
    ['a completion', () => undefined],
    ['a refused request', () => fail(1, { status: 400, reason: 'upstream-refused', disposition: 'refuse' })],
  ])('does not where %s comes in between', async (_, answer) => {
    for (let call = 0; call < 6; call += 1) {
      hang();
      await run();
      if (call % 2 === 1) {
        answer();
        await run();
      }
      processor.nowMs += 20_000;
    }
    expect(cloud.breaker()).toBeUndefined();
  });

  test('does not where the calls fail too fast to escape the window', async () => {
    for (let call = 0; call < 4; call += 1) {
      processor.upstream.answer(async () => {
        processor.nowMs += 5_999;
        throw upstreamFailure({ disposition: 'return' });
      });
      await run();
      processor.nowMs += 20_000;
    }
    expect(cloud.breaker()).toBeUndefined();
  });

  test('whose breaker cannot be written gives the job back as ever', async () => {
    for (let call = 0; call < 2; call += 1) {
      hang();
      await run();
    }
    processor.upstream.answer(async () => {
      processor.nowMs += 6_000;
      cloud.dynamodb.beforeRead = () => {
        throw new Error('DynamoDB is down');
      };
      throw upstreamFailure({ status: undefined, reason: 'upstream-timeout', disposition: 'retry' });
    });
    expect(await run()).toEqual(returned);
    expect(cloud.breaker()).toBeUndefined();
  });
});
