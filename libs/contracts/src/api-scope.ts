import { z } from 'zod';

/** What an API key may do. */
export const apiScopes = ['events:write', 'orders:read', 'ops:read', 'ops:write'] as const;

export const ApiScope = z.enum(apiScopes);
export type ApiScope = z.infer<typeof ApiScope>;
