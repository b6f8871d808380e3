import type { Database, Query } from '@orderly/database';

type Plan = { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };

/** A database that counts the pages that probes read. Probes are statements that only ask whether a row exists. */
export function countProbePages(db: Database): { db: Database; pages: () => number } {
  let pages = 0;
  const counting =
    (query: Query): Query =>
    async (text, values) => {
      if (/^\s*select (not )?exists/.test(text)) {
        const [row] = await query<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (analyze, buffers, format json) ${text}`, values);
        const plan = row?.['QUERY PLAN'][0]?.Plan;
        pages += (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
      }
      return query(text, values);
    };
  return {
    db: {
      ...db,
      query: counting(db.query),
      transaction: (work) => db.transaction((query) => work(counting(query))),
    },
    pages: () => pages,
  };
}
