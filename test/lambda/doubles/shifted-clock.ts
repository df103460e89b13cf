/** Lets the clock of this process go on by so many milliseconds, without waiting, until it is released. */
export const shiftClock = () => {
  const now = Date.now;
  let shiftMs = 0;
  Date.now = () => now() + shiftMs;
  return {
    forward: (ms: number) => {
      shiftMs += ms;
    },
    release: () => {
      Date.now = now;
    },
  };
};
