/**
 * What a redrive does with a dead letter:
 * - `sent`: its job runs again, with fresh attempts;
 * - `superseded`: its destination has newer state, or will get it from a newer job, so the letter is closed;
 * - `skipped`: it stays a dead letter, because its destination is no longer declared or another operator has taken it.
 */
export type LetterVerdict = 'sent' | 'superseded' | 'skipped';

/**
 * SQL that judges letters: their columns, and `verdict`. Nothing goes backwards at a destination: a version up to the confirmed one
 * is never sent again, in either mode. In mode `latest-state` one job sends the newest version, so every older letter of the lane
 * gives way to it.
 *
 * @param letters - the name of a common table expression with rows of `jobs`
 */
export const judgedSql = (letters: string): string => `
  select g.id, g.name, g.queue, g.priority, g.order_id, g.destination, g.version,
    case
      when g.destination is null then 'sent'
      when d.declared is not true then 'skipped'
      when g.version <= n.acked_version then 'superseded'
      when d.mode = 'latest-state' and exists (
        select from jobs newer
        where newer.order_id = g.order_id and newer.destination = g.destination and newer.version > g.version
          and newer.outcome || '' is distinct from 'discarded'
      ) then 'superseded'
      else 'sent'
    end as verdict
  from ${letters} g
  left join lanes n on n.order_id = g.order_id and n.destination = g.destination
  left join destinations d on d.name = g.destination`;
