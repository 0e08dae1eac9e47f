import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installSpark } from '../../src/spark-server/install.js';
import { pythonPackages } from '../../src/spark-server/pins.js';
import { FakeMachine } from './fake-machine.js';

let machine: FakeMachine;
beforeEach(async () => {
  machine = new FakeMachine();
  machine.submits();
  await machine.begin();
});
afterEach(() => machine.end());

const install = () => installSpark(machine.home, machine.installing);

describe('installing Spark', () => {
  it('makes the environment and fetches the jars, once', async () => {
    const spark = await install();
    expect(spark.home).toBe(machine.spark);
    expect(spark.env).toMatchObject({ PYSPARK_PYTHON: spark.python, SPARK_LOCAL_IP: '127.0.0.1' });
    expect(readFileSync(spark.jars[0]!, 'utf8')).toBe('the bytes of a jar');
    expect(readFileSync(join(machine.folder, 'pip'), 'utf8')).toContain(pythonPackages.join(' '));
    await install();
    expect([machine.installs, machine.asked]).toEqual([1, 1]);
  });

  it('begins anew where it was interrupted, and mends a jar that is damaged', async () => {
    machine.python('3.12.1 venv', 'echo "ERROR: No matching distribution found for pyspark" >&2; exit 1');
    await expect(install()).rejects.toMatchObject({
      code: 'spark.install_failed',
      fault: 'external',
      message: expect.stringContaining('No matching distribution'),
    });
    expect(readFileSync(join(machine.home, 'install.log'), 'utf8')).toContain('No matching distribution');
    machine.python('3.12.1 venv');
    const { jars } = await install();
    writeFileSync(jars[0]!, 'cut off');
    await install();
    expect(readFileSync(jars[0]!, 'utf8')).toBe('the bytes of a jar');
    expect([machine.installs, machine.asked]).toEqual([2, 2]);
  });

  it('takes no jar that is another one than it should be', async () => {
    machine.served = Buffer.from('malice');
    await expect(install()).rejects.toMatchObject({ code: 'spark.download_altered', fault: 'external' });
  });

  it('asks mvn where the address does not answer, and tells of the address where there is no mvn', async () => {
    machine.served = undefined;
    await expect(install()).rejects.toMatchObject({
      code: 'spark.download_failed',
      message: expect.stringMatching(/127\.0\.0\.1.*404/),
      fix: expect.stringContaining('MURMUR_MAVEN_URL'),
    });
    machine.program(
      'mvn',
      'for last; do :; done; cd $(echo "$last" | cut -d= -f2); printf "the bytes of a jar" > delta-fake-1.0.jar',
    );
    const { jars } = await install();
    expect(readFileSync(jars[0]!, 'utf8')).toBe('the bytes of a jar');
    expect(machine.steps.join()).toContain('trying mvn');
  });
});

describe('what the machine lacks', () => {
  it.each([
    ['old', 'echo \'openjdk version "11.0.2" 2019\' >&2', 'is Java 11.0.2'],
    ['old, as Java 8 tells it', 'echo \'java version "1.8.0_402"\' >&2', 'is Java 1.8.0_402'],
    ['a stub', 'echo "Unable to locate a Java Runtime" >&2; exit 1', 'does not run'],
  ])('Java: %s', async (_, script, message) => {
    machine.program('java', script);
    await expect(install()).rejects.toMatchObject({
      code: 'spark.no_java',
      message: expect.stringContaining(message),
      fix: expect.stringContaining('JAVA_HOME'),
    });
  });

  it.each([
    ['3.9.2 venv', 'python3 is 3.9.2'],
    ['3.12.1 -', 'python3 is 3.12.1 without venv'],
  ])('Python: %s', async (probed, message) => {
    machine.python(probed);
    await expect(install()).rejects.toMatchObject({
      code: 'spark.no_python',
      message: expect.stringContaining(message),
      fix: expect.stringContaining('venv'),
    });
  });

  it('the Python of another name that is new enough will do', async () => {
    machine.python('3.9.2 venv');
    const old = readFileSync(join(machine.folder, 'bin', 'python3'), 'utf8');
    machine.program('python3.12', old.split('\n').slice(2).join('\n').replace('3.9.2', '3.12.4'));
    await install();
    expect(machine.steps[0]).toContain('Python 3.12.4');
  });
});
