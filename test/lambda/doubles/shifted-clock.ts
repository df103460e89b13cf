/** Lets the clock of this process go on by so many milliseconds, without waiting, until it is released. */
export const shiftClock = () => replaceClock(Date.now);

/** Stops the clock of this process, which goes on only by so many milliseconds as it is told, until it is released. */
export const stopClock = () => {
  const stoppedAt = Date.now();
  return replaceClock(() => stoppedAt);
};

const replaceClock = (source: () => number) => {
  const { now } = Date;
  let shiftMs = 0;
  Date.now = () => source() + shiftMs;
  return {
    forward: (ms: number) => {
      shiftMs += ms;
    },
    release: () => {
      Date.now = now;
    },
  };
};
