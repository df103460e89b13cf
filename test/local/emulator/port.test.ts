import { createServer } from 'node:net';
import { choosePort } from '../../../local/emulator/port';

test('a free port can be listened on', async () => {
  const port = await choosePort('--port');
  expect(await choosePort('--port', port)).toBe(port);
});

test('a taken port is one line', async () => {
  const taken = createServer();
  const port = await choosePort('--port');
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  await expect(choosePort('--port', port)).rejects.toThrow(
    `local: port ${port} is taken: choose another with --port, or leave it out`,
  );
  await new Promise((resolve) => taken.close(resolve));
});
