import { expect, it } from 'vitest';
import { Behind, Paced } from '../../src/dashboard/pace.js';

/** A figure whose cost in milliseconds is set by the test. */
function figure(cost: () => number) {
  let now = 0;
  let made = 0;
  let due = 0;
  const paced = new Paced(
    async () => {
      now += cost();
      return ++made;
    },
    () => due++,
    () => now,
  );
  return { paced, pass: (ms: number) => (now += ms), due: () => due };
}

it('a cheap figure is made at every asking', async () => {
  const { paced } = figure(() => 5);
  expect(await paced.read()).toBe(1);
  expect(await paced.read()).toBe(2);
});

it('a dear one rests nine times as long as it took', async () => {
  const { paced, pass } = figure(() => 100);
  expect(await paced.read()).toBe(1);
  pass(899);
  expect(await paced.read()).toBe(1);
  pass(1);
  expect(await paced.read()).toBe(2);
  paced.close();
});

it('asked twice at once it is made once, and is due again, for it may be too old for the second', async () => {
  const { paced, due } = figure(() => 5);
  expect(await Promise.all([paced.read(), paced.read()])).toEqual([1, 1]);
  await expect.poll(due, { timeout: 10_000 }).toBe(1);
});

it('a rest in which somebody asked ends with a call', async () => {
  const { paced, due } = figure(() => 25);
  await paced.read();
  await paced.read();
  await expect.poll(due, { timeout: 10_000 }).toBe(1);
});

it('a failure is not kept', async () => {
  let failing = true;
  const paced = new Paced(
    async () => {
      if (failing) throw new Error('gone');
      return 'back';
    },
    () => {},
  );
  await expect(paced.read()).rejects.toThrow('gone');
  failing = false;
  expect(await paced.read()).toBe('back');
});

it('behind the page a figure is made while the last one is shown, and told once it is there', async () => {
  let release: (value: object) => void = () => {};
  let told = 0;
  const errors: unknown[] = [];
  const behind = new Behind<object>(
    () => new Promise((resolve) => (release = resolve)),
    () => told++,
    (error) => errors.push(error),
  );
  const [first, second] = [{}, {}];
  expect(await behind.read()).toBeNull();
  release(first);
  await expect.poll(() => told).toBe(1);
  expect(await behind.read()).toBe(first);
  release(first);
  await new Promise(setImmediate);
  expect(told).toBe(1);
  expect(await behind.read()).toBe(first);
  release(second);
  await expect.poll(() => told).toBe(2);
  expect(await behind.read()).toBe(second);
  release(second);
  behind.close();
  expect(errors).toEqual([]);
});
