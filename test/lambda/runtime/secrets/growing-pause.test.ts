import { GrowingPause } from '../../../../lambda/runtime/secrets/growing-pause';

const makePause = (random = 0) => {
  const clock = { nowMs: 1_000 };
  const options = { firstMs: 100, maxMs: 350, now: () => clock.nowMs, random: () => random };
  const pause = new GrowingPause(options);
  /** Milliseconds until the pause is over, from now. */
  const length = () => {
    const startedAt = clock.nowMs;
    while (!pause.isOver) clock.nowMs += 1;
    return clock.nowMs - startedAt;
  };
  return { pause, length };
};

test('there is none at first', () => {
  expect(makePause().pause.isOver).toBe(true);
});

test('each is twice as long as the one before, up to a bound', () => {
  const { pause, length } = makePause();
  const lengths = Array.from({ length: 4 }, () => {
    pause.begin();
    return length();
  });
  expect(lengths).toEqual([100, 200, 350, 350]);
});

test('each is shorter at random, by a fifth at most', () => {
  const { pause, length } = makePause(0.999);
  pause.begin();
  expect(length()).toBe(81);
});

test('a reset ends it, and the next one is the first again', () => {
  const { pause, length } = makePause();
  pause.begin();
  pause.begin();
  pause.reset();
  expect(pause.isOver).toBe(true);
  pause.begin();
  expect(length()).toBe(100);
});
