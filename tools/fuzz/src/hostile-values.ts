import fc from 'fast-check';

/** Texts that have broken other systems. */
export const traps: readonly string[] = [
  '',
  ' ',
  "' or 1=1 --",
  '"; drop table events; --',
  "%' and pg_sleep(1) --",
  '\\',
  '%',
  '%00',
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'null',
  'NaN',
  '-1',
  '1e400',
  '9223372036854775808',
  '0x10',
  '${7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a\r\nSet-Cookie: b=c',
  'a\0b',
  '\ud800',
  '\udfff',
  '\u202e',
  '\ufeff',
  'İ',
  '𝒳👩‍👩‍👧‍👦',
  'x'.repeat(10_000),
];

/** JSON that breaks parsers, recursive code and databases. It is text, because JavaScript values cannot express all of it. */
const hostileJson: readonly string[] = [
  ...['null', 'true', '[]', '{}', '0', '-0', '1e400', '-1e400', '1e-400', '9223372036854775807', '1'.repeat(400), '0.1e1'],
  ...['"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', '"\u202e"'],
  ...['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"a":1,"a":2}', '{"":null}'],
  ...['{"toString":1,"toJSON":2,"then":3,"length":-1}', '{"\\ud800":1}', '{"\\u0000":1}'],
  '['.repeat(60) + ']'.repeat(60),
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
  JSON.stringify('x'.repeat(10_000)),
  JSON.stringify(Array.from({ length: 2000 }, (_, index) => index)),
];

/** A placeholder in a value. It is replaced by a text of {@link hostileJson} after the value has become JSON. */
const placeholder = (index: number): string => `\u{e000}${index}\u{e000}`;

/** JSON of a value, unchanged or with one part replaced, removed, renamed or extended by an unknown member. */
export const mutatedJson = (values: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc
    .tuple(values, fc.nat(), fc.nat(hostileJson.length - 1), fc.constantFrom('keep', 'replace', 'remove', 'add', 'rename'))
    .map(([value, place, hostile, change]) => {
      const copy = { root: structuredClone(value) };
      const places = placesIn(copy);
      const chosen = places[place % places.length];
      if (chosen !== undefined) apply(change, chosen, placeholder(hostile));
      const json = copy.root === undefined ? '' : JSON.stringify(copy.root);
      return json.replaceAll(/"\u{e000}(\d+)\u{e000}"/gu, (_, index: string) => hostileJson[Number(index)] ?? 'null');
    });

type Place = { holder: Record<string, unknown>; key: string };

function placesIn(holder: object): Place[] {
  return Object.entries(holder).flatMap(([key, inner]) => [
    { holder: holder as Record<string, unknown>, key },
    ...(typeof inner === 'object' && inner !== null ? placesIn(inner as object) : []),
  ]);
}

function apply(change: string, { holder, key }: Place, hostile: string): void {
  if (change === 'replace') holder[key] = hostile;
  else if (change === 'remove') Reflect.deleteProperty(holder, key);
  else if (change === 'add') addTo(holder[key], hostile);
  else if (change === 'rename' && !Array.isArray(holder) && key !== 'root') {
    holder[`${key}x`] = holder[key];
    Reflect.deleteProperty(holder, key);
  }
}

function addTo(value: unknown, hostile: string): void {
  if (Array.isArray(value)) value.push(hostile);
  else if (typeof value === 'object' && value !== null) (value as Record<string, unknown>).stranger = hostile;
}
