import type { Query } from '@orderly/database';

/** One node of a plan in the output of `explain (analyze, buffers, format json)`. */
export type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
};

/** A node with all nodes below it. */
export const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The pages of 8 kB that all nodes of a plan accessed. */
export const buffersOf = (plan: PlanNode): number => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];

/** Runs statements as `query` does, and reports the plan of each one except settings. Each statement runs twice. */
export const explained =
  (query: Query, onPlan: (plan: PlanNode) => void): Query =>
  async (text, values) => {
    if (text.startsWith('set ')) return query(text);
    const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (analyze, buffers, format json) ${text}`, values);
    onPlan(row!['QUERY PLAN'][0]!.Plan);
    return query(text, values);
  };
