import { CronExpressionParser } from 'cron-parser';

/** When a schedule was last due before a moment. @param cron - in UTC */
export const latestDue = (cron: string, before: Date): Date =>
  CronExpressionParser.parse(cron, { currentDate: before, tz: 'UTC' }).prev().toDate();
