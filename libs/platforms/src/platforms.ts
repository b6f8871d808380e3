import type { PlatformAdapter } from './platform-adapter';
import { shopify } from './shopify';
import { standard } from './standard';

/** All platforms of `POST /v1/webhooks/{platform}`, by their name in the path. */
export const platforms = { shopify, standard } as const satisfies Record<string, PlatformAdapter>;

export type PlatformName = keyof typeof platforms;

export const platformNames = Object.keys(platforms) as PlatformName[];
