import { within } from '../../../../lambda/runtime/breaker/within';
import { settled, World } from './world';

const late = () => new Error('late');

test('settles as the work does, and sleeps no longer', async () => {
  const world = new World();
  await expect(within(Promise.resolve('value'), 1_000, world.sleep, late)).resolves.toBe('value');
  await expect(within(Promise.reject(new Error('failure')), 1_000, world.sleep, late)).rejects.toThrow('failure');
  expect(world.sleeping).toBe(0);
});

test('rejects when the time is over, and not a moment before', async () => {
  const world = new World();
  let state = 'waiting';
  const limited = within(new Promise(() => undefined), 1_000, world.sleep, late).catch((error: Error) => {
    state = error.message;
  });
  await world.advance(999);
  expect(state).toBe('waiting');
  await world.advance(1);
  await limited;
  expect(state).toBe('late');
});

test('work that fails after that is nobody’s unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  const world = new World();
  let reject: (error: Error) => void = () => undefined;
  const work = new Promise<never>((_, fail) => {
    reject = fail;
  });
  const limited = expect(within(work, 1_000, world.sleep, late)).rejects.toThrow('late');
  await world.advance(1_000);
  await limited;
  reject(new Error('too late'));
  await settled();
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
});
