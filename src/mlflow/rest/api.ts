/** Calls of MLflow's REST API: JSON out, checked JSON back. Fields that we do not know are ignored. */
import { z } from 'zod';
import type { Connection } from './connection.js';
import { Http } from './http.js';
import { answerFault } from './rest-fault.js';

export type Query = Record<string, string | number | readonly string[] | undefined>;

interface Call<S extends z.ZodType> {
  doing: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Behind `/api/2.0/mlflow/`. */
  path: string;
  query?: Query;
  body?: object;
  answer: S;
  recover?: () => Promise<z.output<S> | undefined>;
}

export class Api {
  readonly http: Http;

  constructor(readonly connection: Connection) {
    this.http = new Http(connection);
  }

  call<S extends z.ZodType>(call: Call<S>): Promise<z.output<S>> {
    const { body } = call;
    return this.http.send<z.output<S>>({
      doing: call.doing,
      method: call.method,
      url: `/api/2.0/mlflow/${call.path}${queryText(call.query)}`,
      ...(body === undefined
        ? {}
        : { body: () => JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      read: (response) => this.readJson(call.doing, response, call.answer),
      ...(call.recover === undefined ? {} : { recover: call.recover }),
    });
  }

  /** All items of a paged answer, page by page. `page` asks for one, given the token that the last one ended with. */
  async *pages<T>(
    page: (token: string | undefined) => Promise<{ items: readonly T[]; next: string | undefined }>,
  ): AsyncIterable<T> {
    let token: string | undefined;
    do {
      const { items, next } = await page(token);
      yield* items;
      token = next === '' || next === token ? undefined : next;
    } while (token !== undefined);
  }

  async readJson<S extends z.ZodType>(doing: string, response: Response, answer: S): Promise<z.output<S>> {
    const text = await response.text();
    let value: unknown;
    try {
      value = text === '' ? {} : JSON.parse(text);
    } catch {
      throw answerFault(this.connection, doing, 'no JSON');
    }
    const result = answer.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw answerFault(this.connection, doing, `${issue!.path.join('.') || 'the whole'}: ${issue!.message}`);
  }
}

/** The answer of a call that only does something. */
export const nothing = z.object({});

function queryText(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) params.append(key, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
