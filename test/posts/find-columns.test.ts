import { describe, expect, it } from 'vitest';
import { findColumns, noTextColumn } from '../../src/posts/find-columns.js';

describe('the columns of a file', () => {
  it('are found across its records', () => {
    const found = findColumns([{ date: 'x', text: null }, { text: 'hi', user: 'ann' }, { sentiment: 4 }], {});
    expect(found).toMatchObject({
      hasText: true,
      shapes: ['file'],
      columns: { text: 'text', user: 'user', date: 'date', sentiment: 'sentiment' },
    });
  });

  it('are named by their paths in known shapes and mappings', () => {
    const tweet = { created_at: 'x', user: { screen_name: 'ann' }, text: 'hi', meta: { label: '4' } };
    expect(findColumns([tweet], { sentiment: 'meta.label' })).toMatchObject({
      shapes: ['twitter'],
      columns: { text: 'text', user: 'user.screen_name', date: 'created_at', sentiment: 'meta.label' },
    });
  });

  it('need no text where only deletions or other events stand', () => {
    const deletion = { delete: { status: { id_str: '1' } } };
    expect(findColumns([deletion], {}).hasText).toBe(true);
    expect(findColumns([{ did: 'd', time_us: 1, kind: 'identity' }], {}).hasText).toBe(true);
    expect(findColumns([], {}).hasText).toBe(true);
  });

  it('may hold a text that is null in the records at hand', () => {
    expect(findColumns([{ text: null }], {}).hasText).toBe(true);
    expect(findColumns([{ user: { screen_name: 'ann' }, text: null }], {}).hasText).toBe(true);
  });
});

describe('a file without a text column', () => {
  const records = [
    { id: '1', tweet_body: 'hello there', who: 'bob', place: { city: 'a very long name of a city indeed' } },
    { id: '2', tweet_body: 'bye now', who: 'eve', extra: 1 },
  ];

  it('names the columns seen and the line to add', () => {
    const found = findColumns(records, {});
    expect(found.hasText).toBe(false);
    const error = noTextColumn('posts.csv', found);
    expect(error).toMatchObject({ code: 'posts.no_text_column', fault: 'user' });
    expect(error.message).toBe(
      'no text column in posts.csv; columns seen: id, tweet_body, who, place.city, extra',
    );
    expect(error.fix).toContain('columns: { text: tweet_body }');
  });

  it('is right once that line is there', () => {
    expect(findColumns(records, { text: 'tweet_body' }).hasText).toBe(true);
  });

  it('suggests the longest text where no name tells', () => {
    expect(findColumns([{ a: 'x', b: 'a longer one', c: 5 }], {}).suggestion).toBe('columns: { text: b }');
    expect(findColumns([{ a: 1 }], {}).suggestion).toBe('columns: { text: NAME }');
  });

  it('stays one when its mapped or known text is never a string', () => {
    expect(findColumns([{ text: 5 }, { text: { a: 1 } }], {}).hasText).toBe(false);
    expect(findColumns([{ tweet: 5 }], { text: 'tweet' }).hasText).toBe(false);
  });
});
