import { apiScopes } from '@orderly/contracts';

const scopes = apiScopes.map((scope) => `\`${scope}\``).join(', ');

/** What every caller must know, in Markdown. */
export const introduction = `Orderly takes order events in and carries each one, whole and once, to everything that depends on it.

**Keys.** Every call but the webhooks carries \`Authorization: Bearer <key>\`. A key has scopes (${scopes}) and may have a rate
limit, which its answers then tell.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\` to branch on, a \`traceId\` to find it by and, where a
body was at fault, JSON pointers to the faults. Answers with \`Retry-After\` are worth another try. A method that a path does not
know is answered with 405 and \`Allow\`.

**Lists** are the newest first. Give \`nextCursor\` as \`cursor\` to get the next page, until it is null.

**Text** is UTF-8 without NUL and lone surrogates; times are RFC 3339; money is in minor units.`.replaceAll(
  /(?<!\n)\n(?!\n)/g,
  ' ',
);
