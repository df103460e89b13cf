import { ServedModels } from '../../../lambda/process-job/served-models';

test('knows the models that were served, and no other', () => {
  const models = new ServedModels();
  models.add('a');
  expect([models.has('a'), models.has('b')]).toEqual([true, false]);
});

test('remembers a hundred; the one that was served longest ago leaves', () => {
  const models = new ServedModels();
  for (let model = 1; model <= 100; model += 1) models.add(`model-${model}`);
  expect(models.has('model-1')).toBe(true);
  models.add('model-1');
  models.add('model-101');
  expect([models.has('model-1'), models.has('model-2'), models.has('model-3')]).toEqual([true, false, true]);
});
