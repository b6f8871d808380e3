import { CronExpressionParser } from 'cron-parser';

/**
 * The last time before a moment at which a schedule was due. Runs are unique by this time, so all processes must compute the
 * same.
 *
 * @param cron - a pattern in UTC
 */
export const latestDue = (cron: string, before: Date): Date =>
  CronExpressionParser.parse(cron, { currentDate: before, tz: 'UTC' }).prev().toDate();
