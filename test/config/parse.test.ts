// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what a configuration holds
import { describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { formatFault } from '../../src/config/faults.js';
import { type ConfigSources, parseConfig, requireConfig } from '../../src/config/parse.js';
import { spec } from './spec.js';

function read(text: string, more: Omit<ConfigSources, 'file'> = {}) {
  return parseConfig(spec, { file: { name: 'murmur.yaml', text }, ...more });
}

function value(text: string, more: Omit<ConfigSources, 'file'> = {}) {
  const parsed = read(text, more);
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'));
  return parsed.value;
}

function faults(text: string, more: Omit<ConfigSources, 'file'> = {}): string[] {
  const parsed = read(text, more);
  return parsed.ok ? [] : parsed.faults.map(formatFault);
}

describe('a configuration', () => {
  it('is all defaults when nothing is written', () => {
    const empty = value('');
    expect(empty).toEqual(value('# only a comment\n'));
    expect(empty.streams.bronze).toEqual({ trigger: { kind: 'asap' }, max_bytes: 64 * 2 ** 20 });
    expect(empty.maintain.retain).toBe(7 * 86_400_000);
  });

  it('takes numbers as keys of a map for the words that they are', () => {
    expect(value('labels: { 0: negative, "4": positive }').labels).toEqual({ 0: 'negative', 4: 'positive' });
  });

  it('takes the first of flag, environment, file and default that says something', () => {
    const env = { MURMUR_PAGE_PORT: '2', MURMUR_PAGE_TOKEN: '123', MURMUR_LANDING: '' };
    const text = 'landing: in/\npage: { port: 1, token: file }\n';
    expect(value(text)).toMatchObject({ page: { port: 1, token: 'file' }, format: 'auto' });
    expect(value(text, { env })).toMatchObject({ landing: 'in/', page: { port: 2, token: '123' } });
    const overrides = { page: { port: 3, token: undefined } };
    expect(value(text, { env, overrides })).toMatchObject({ page: { port: 3, token: '123' } });
  });

  it('takes maps and lists from the environment as flow YAML', () => {
    const env = { MURMUR_LABELS: '{ 4: positive }', MURMUR_STREAMS_BRONZE_TRIGGER: '10s' };
    expect(value('', { env })).toMatchObject({
      labels: { 4: 'positive' },
      streams: { bronze: { trigger: { kind: 'interval', everyMs: 10_000 } } },
    });
  });

  it('says where each value was written', () => {
    const env = { MURMUR_PAGE_PORT: '2' };
    const parsed = read('format: csv\npage:\n  token: x\n', { env, overrides: { landing: 'here/' } });
    if (!parsed.ok) throw new Error('not parsed');
    expect(['format', 'landing'].map((key) => parsed.originOf([key]))).toEqual([
      'murmur.yaml:1',
      'override landing',
    ]);
    expect(['port', 'token'].map((key) => parsed.originOf(['page', key]))).toEqual([
      'MURMUR_PAGE_PORT',
      'murmur.yaml:3',
    ]);
    expect(parsed.originOf(['engine'])).toBeUndefined();
  });
});

describe('${ENV}', () => {
  const env = { NAME: 'x', PORT: '8080', EMPTY: '' };

  it('is filled in, with its default where the variable is unset or empty', () => {
    const text = 'landing: ${NAME}/${NOT_SET:-in}\npage:\n  port: ${PORT}\n  token: ${EMPTY:-secret}\n';
    expect(value(text, { env })).toMatchObject({ landing: 'x/in', page: { port: 8080, token: 'secret' } });
  });

  it('is what the setting takes: text, or the value that it would be in the file', () => {
    const text = 'page: { port: "${PORT}", token: "${PORT}" }\nstreams: { gold: { threads: "${CORES:-2}" } }';
    expect(value(text, { env })).toMatchObject({
      page: { port: 8080, token: '8080' },
      streams: { gold: { threads: 2 } },
    });
  });

  it('can be written literally', () => {
    expect(value('landing: $${NAME}', { env }).landing).toBe('${NAME}');
  });

  it('without value and default is a fault', () => {
    expect(faults('\nlanding: ${GONE}')).toEqual([
      'murmur.yaml:2: landing: environment variable GONE is not set',
    ]);
  });
});

describe('faults', () => {
  it('are told all at once, in the order of the file, with line, path and the name that was meant', () => {
    const text = [
      'landng: posts/',
      'format: ndjsn',
      'labels: { "0": bad }',
      'streams:',
      '  bronz: { trigger: asap }',
      '  bronze:',
      '    trigger: often',
      '    max_bytes: 64 apples',
      '  gold: { threads: 0 }',
      'port: 80',
      'page:',
      '  port: "4646"',
      '  token: 12345',
      'engine: { spark: { remot: x } }',
      'maintain: { retain: 7 }',
    ].join('\n');
    expect(faults(text)).toEqual([
      'murmur.yaml:1: landng: unknown key; did you mean landing?',
      'murmur.yaml:2: format: expected one of auto | ndjson | csv, received "ndjsn"; did you mean ndjson?',
      'murmur.yaml:3: labels.0: expected one of negative | neutral | positive, received "bad"',
      'murmur.yaml:5: streams.bronz: unknown key; did you mean bronze?',
      'murmur.yaml:7: streams.bronze.trigger: expected asap or a time such as 200ms or 10s, received "often"',
      'murmur.yaml:8: streams.bronze.max_bytes: expected a size such as 64MiB, 500kB or a number of bytes, received "64 apples"',
      'murmur.yaml:9: streams.gold.threads: expected auto or a whole number from 1, received 0',
      'murmur.yaml:10: port: unknown key; did you mean page.port?',
      'murmur.yaml:12: page.port: expected a number, received "4646"',
      'murmur.yaml:13: page.token: expected text, received something else',
      'murmur.yaml:14: engine.spark.remote: missing, expected text',
      'murmur.yaml:14: engine.spark.remot: unknown key; did you mean remote?',
      'murmur.yaml:15: maintain.retain: expected a time with its unit, such as 200ms, 60s or 7d, received 7',
    ]);
  });

  it('in a list name the entry, and are those of the form that was most likely meant', () => {
    const text = [
      'expect:',
      '  silver:',
      '    - { name: a, rule: x, action: warn }',
      '    - { name: b, rule: x, actoin: warn }',
      '    - { name: c, min_ratio: 3, action: warn }',
      '    - { nothing: known }',
    ].join('\n');
    expect(faults(text)).toEqual([
      'murmur.yaml:4: expect.silver[1].action: missing, expected one of warn | drop | fail',
      'murmur.yaml:4: expect.silver[1].actoin: unknown key; did you mean action?',
      'murmur.yaml:5: expect.silver[2].min_ratio: expected a share between 0 and 1, or a percentage such as 99%, received 3',
      'murmur.yaml:6: expect.silver[3]: expected {name, rule, action} | {name, min_ratio, action}, received a map',
    ]);
  });

  it('of the environment and of the caller name their place', () => {
    const env = { MURMUR_PAGE_PORT: 'many' };
    expect(faults('', { env, overrides: { format: 'xml' } })).toEqual([
      'override format: format: expected one of auto | ndjson | csv, received "xml"',
      'MURMUR_PAGE_PORT: page.port: expected a number, received "many"',
    ]);
  });

  it('of syntax have a line', () => {
    expect(faults('landing: [a\nformat: csv')[0]).toMatch(/^murmur\.yaml:\d: /);
    expect(faults('format: csv\nformat: auto').join()).toMatch(/^murmur\.yaml:2: .*unique/);
    expect(faults('- a\n- b')).toEqual(['murmur.yaml: expected a map, received a list']);
  });

  it('become one error of the user', () => {
    try {
      requireConfig(spec, { file: { name: 'murmur.yaml', text: 'a: 1\nb: 2' } });
      expect.unreachable();
    } catch (error) {
      if (!isMurmurError(error, 'config.invalid')) throw error;
      expect(error.fault).toBe('user');
      expect(error.message).toBe(
        'reading the configuration: 2 faults\n  murmur.yaml:1: a: unknown key\n  murmur.yaml:2: b: unknown key',
      );
      expect(error.fix).toContain('murmur.yaml');
    }
  });
});
