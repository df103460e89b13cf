import type { Timer, VirtualTime } from './virtual-time';

/** What a timer of Node answers, as far as libraries use it. */
class VirtualTimer {
  timer: Timer | undefined;

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

/**
 * Runs `work` while `Date.now` and the global timers are those of the simulation: for libraries whose clock cannot be
 * given to them.
 */
export async function withVirtualGlobals<T>(time: VirtualTime, work: () => Promise<T>): Promise<T> {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const { now } = Date;
  const after = (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const handle = new VirtualTimer();
    handle.timer = time.timer(ms, () => callback(...values));
    return handle;
  };
  const every = (callback: (...values: unknown[]) => void, ms = 1, ...values: unknown[]) => {
    const handle = new VirtualTimer();
    const tick = () => {
      handle.timer = time.timer(ms, tick);
      callback(...values);
    };
    handle.timer = time.timer(ms, tick);
    return handle;
  };
  const cancel = (handle?: VirtualTimer) => handle?.cancel();
  Date.now = time.now;
  Object.assign(globalThis, { setTimeout: after, setInterval: every, clearTimeout: cancel, clearInterval: cancel });
  try {
    return await work();
  } finally {
    Date.now = now;
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
  }
}
