import type { Query } from '@orderly/database';

/** One step of a plan, as `explain (analyze, buffers, format json)` tells it. */
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

/** A node with all that it is fed by. */
export const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Pages that a plan looked at, its nodes together. */
export const buffersOf = (plan: PlanNode): number => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];

/** Runs statements as `query` does, and tells the plan of each that is no setting. */
export const explained =
  (query: Query, onPlan: (plan: PlanNode) => void): Query =>
  async (text, values) => {
    if (text.startsWith('set ')) return query(text);
    const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (analyze, buffers, format json) ${text}`, values);
    onPlan(row!['QUERY PLAN'][0]!.Plan);
    return query(text, values);
  };
