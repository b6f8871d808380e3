import type { Database, Query } from '@orderly/database';

type Plan = { 'Shared Hit Blocks': number; 'Shared Read Blocks': number };

/** A database that counts the pages of 8 kB that statements with the pattern read. */
export function countPages(db: Database, pattern: RegExp): { counted: Database; pages: () => number } {
  let pages = 0;
  const counting =
    (query: Query): Query =>
    async (text, values) => {
      if (pattern.test(text)) {
        const [row] = await query<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (analyze, buffers, format json) ${text}`, values);
        const plan = row!['QUERY PLAN'][0]!.Plan;
        pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      }
      return query(text, values);
    };
  const counted: Database = {
    ...db,
    query: counting(db.query),
    transaction: (work) => db.transaction((query) => work(counting(query))),
  };
  return { counted, pages: () => pages };
}
