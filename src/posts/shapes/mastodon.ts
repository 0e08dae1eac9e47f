/** A Mastodon status: HTML in `content`, the author's address in `account.acct`, mentions as the server resolved them. */
import { type FieldPath, isFields } from '../field-path.js';
import { htmlToText } from './html-text.js';
import type { Found, RecordColumn, Shape } from './shape.js';

export const mastodon: Shape = {
  name: 'mastodon',
  recognises(fields) {
    return isFields(fields.account) && 'content' in fields;
  },
  read(fields) {
    const { content, account } = fields;
    const text = typeof content === 'string' ? htmlToText(content) : content;
    const columns: Partial<Record<RecordColumn, Found>> = {
      text: { value: text, path: ['content'] },
      user: { value: isFields(account) ? account.acct : null, path: ['account', 'acct'] },
    };
    const copy = (column: RecordColumn, path: FieldPath, value: unknown) => {
      if (value !== undefined && value !== null) columns[column] = { value, path };
    };
    copy('date', ['created_at'], fields.created_at);
    copy('post_id', ['id'], fields.id);
    copy('lang', ['language'], fields.language);
    copy('sentiment', ['sentiment'], fields.sentiment);
    const { mentions } = fields;
    if (Array.isArray(mentions)) {
      copy(
        'mentions',
        ['mentions'],
        mentions.map((m) => (isFields(m) ? m.acct : m)),
      );
    }
    return { columns };
  },
};
