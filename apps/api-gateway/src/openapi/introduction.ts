import { apiScopes } from '@orderly/contracts';

const scopes = apiScopes.map((scope) => `\`${scope}\``).join(', ');

/** The introduction of the OpenAPI document, in Markdown: rules that hold for every call. */
export const introduction = `Orderly accepts order events and delivers each change to every system that depends on it.

**Keys.** Every call except the webhooks needs \`Authorization: Bearer <key>\`. A key has scopes (${scopes}). If it has a rate
limit, the response headers show it.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\` to branch on and a \`traceId\` for support. If the
body is invalid, JSON pointers name the faults. Retry responses that carry \`Retry-After\`. A method that a path does not
support gets 405 and \`Allow\`.

**Lists** show the newest first. Send \`nextCursor\` as \`cursor\` to get the next page, until it is null.

**Text** is UTF-8 without NUL or lone surrogates. Times are RFC 3339. Money is in minor units.`.replaceAll(
  // Joins the lines of each paragraph: viewers differ in how they show single line breaks.
  /(?<!\n)\n(?!\n)/g,
  ' ',
);
