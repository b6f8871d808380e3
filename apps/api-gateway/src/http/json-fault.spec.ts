import { jsonFault } from './json-fault';

const faultOf = (text: string): string | undefined => {
  try {
    JSON.parse(text);
  } catch (error) {
    return jsonFault(Buffer.from(text), error);
  }
  throw new Error('is JSON');
};

describe('jsonFault', () => {
  it.each([
    ['{"a":}', 5],
    ['{"a": secret, "b": 1}', 6],
    ['[1,]', 3],
    ['x', 0],
    ['{"a":tru}', 8],
    [`{"${'a'.repeat(500)}": nope, "b":1}`, 506], // n could become null
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['"ab', 3],
    ['{"a":"\\x"}', 7],
  ])('tells where the fault of %j is', (text, position) => {
    expect(faultOf(text)).toMatch(new RegExp(`^The fault is at position ${position}( |$)`));
  });

  it('tells that a body ends too early', () => {
    expect(faultOf('{"a": [tru')).toMatch(/ends before|position/);
    expect(faultOf('{"a":')).toBe('The body ends before its JSON does');
  });

  it('quotes nothing of the body, and searches no large one', () => {
    expect(faultOf('{"a": hunter2}')).not.toContain('hunter2');
    expect(faultOf(`[${'1,'.repeat(50_000)}x]`)).toBeUndefined();
  });
});
