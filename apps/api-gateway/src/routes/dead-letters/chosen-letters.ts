import type { Query } from '@orderly/database';
import { countLetters, isKnownFingerprint, type LetterFilter } from '@orderly/ledger';
import { RequestRefused } from '../../http/request-refused';

/**
 * The ledger's form of a filter.
 *
 * @throws RequestRefused `filter-too-wide` if it has no condition and no `all`
 */
export function checkedFilter({ all, ...filter }: LetterFilter & { readonly all?: true }): LetterFilter {
  const hasCondition = Object.keys(filter).length > 0;
  if (hasCondition || all) return filter;
  throw new RequestRefused('filter-too-wide', {
    detail: 'Give at least one condition, or `"all": true` in the filter to act on every dead letter',
  });
}

/**
 * Counts the letters that a filter chooses.
 *
 * @throws RequestRefused `fingerprint-unknown` or `no-dead-letters` if there are none. It is thrown, so the answer is not stored
 * under the idempotency key: a letter may die before a retry.
 */
export async function countChosen(query: Query, filter: LetterFilter): Promise<number> {
  const matched = await countLetters(query, filter);
  if (matched > 0) return matched;
  const { fingerprint } = filter;
  if (fingerprint !== undefined && !(await isKnownFingerprint(query, fingerprint))) {
    throw new RequestRefused('fingerprint-unknown', {
      detail: `No dead letter has the fingerprint ${fingerprint}: GET /v1/dead-letters/groups lists them`,
    });
  }
  throw new RequestRefused('no-dead-letters', { detail: 'No dead letter meets all conditions of the filter' });
}
