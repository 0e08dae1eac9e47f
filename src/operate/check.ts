import { asMurmurError } from '../base/errors.js';

/** What came of looking at one thing. */
export interface CheckResult {
  check: string;
  ok: boolean;
  detail: string;
  /** What to do, where it is not well. */
  fix: string | null;
}

/** @param fix what to do where the error does not say it */
export async function checked(check: string, fix: string, look: () => Promise<string>): Promise<CheckResult> {
  try {
    return { check, ok: true, detail: await look(), fix: null };
  } catch (error) {
    const failure = asMurmurError(error);
    return { check, ok: false, detail: failure.message, fix: failure.fix ?? fix };
  }
}
