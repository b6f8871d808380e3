import { z } from 'zod';
import { BatchLabel } from '../events/schema';

export const StatisticsQuery = z.strictObject({ batch: BatchLabel.optional() });
