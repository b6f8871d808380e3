import type { PlatformAdapter } from './platform-adapter';
import { shopify } from './shopify';
import { standard } from './standard';

/** Every platform whose webhooks are taken at `POST /v1/webhooks/{platform}`, by the name in that path. */
export const platforms = { shopify, standard } as const satisfies Record<string, PlatformAdapter>;

export type PlatformName = keyof typeof platforms;

export const platformNames = Object.keys(platforms) as PlatformName[];
