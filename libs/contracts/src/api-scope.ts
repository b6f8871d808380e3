import { z } from 'zod';

/** The permissions of an API key. Each call of the API requires one of them. */
export const apiScopes = ['events:write', 'orders:read', 'ops:read', 'ops:write'] as const;

export const ApiScope = z.enum(apiScopes);
export type ApiScope = z.infer<typeof ApiScope>;
