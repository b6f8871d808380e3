/** How many characters of an answer are searched for secrets to make the excerpt. */
const windowLength = 16_384;
const excerptBytes = 2048;
const longestPersonalText = 320;

const email = /[^\s@<>()[\]{}"',;:\\/=&]{1,64}@[^\s@<>()[\]{}"',;:\\/=&]{1,255}/g;
// Card, account and phone numbers.
const digits = /\+?\d{9,}|\+\d[\d ().-]{6,24}\d|\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}\b/g;

/** Redacts secret texts in every encoding in which a partner may echo them. */
export type Redact = {
  /** The start of an answer, at most 2 kB, without secrets, e-mail addresses and long runs of digits. */
  readonly excerpt: (body: Buffer) => string;
  /** The text without secrets. */
  readonly secrets: (text: string) => string;
};

export function createRedact(secrets: readonly string[]): Redact {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const hideSecrets = (text: string): string => forms.reduce((result, form) => result.replaceAll(form, '[redacted]'), text);
  const longest = Math.max(longestPersonalText, forms[0]?.length ?? 0);
  return {
    secrets: hideSecrets,
    excerpt(body) {
      const text = body.toString('utf8');
      const hidden = hideSecrets(text.slice(0, windowLength)).replace(email, '[redacted]').replace(digits, '[redacted]');
      // A secret that the window cuts in two is not recognised, so the end of the window is dropped.
      const shown = text.length > windowLength ? hidden.slice(0, -longest) : hidden;
      return cutToBytes(shown.replaceAll('\0', '').toWellFormed(), excerptBytes);
    },
  };
}

function formsOf(secret: string): string[] {
  const plain = [secret, secret.replace(/^whsec_/, '')];
  return plain.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    text.replaceAll('/', '\\/'),
    encodeURIComponent(text),
  ]);
}

function cutToBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max;
  // Bytes 10xxxxxx continue a character that began before the cut.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
