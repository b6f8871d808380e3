import { z } from 'zod';

export const JobParams = z.object({ id: z.guid('must be a UUID') });
