import { ConfigurationError } from '@orderly/errors';
import { describeFailure, faultOfNode } from './run-main';

describe('faultOfNode', () => {
  it.each(['20.20.2', '22.12.0', '23.11.1'])('says that Node %s is too old, and which one is needed', (version) => {
    expect(faultOfNode(version)).toContain(`Node 24 or newer is required; this is ${version}`);
  });

  it.each(['24.0.0', process.versions.node, '100.1.0'])('accepts Node %s', (version) => {
    expect(faultOfNode(version)).toBeUndefined();
  });
});

describe('describeFailure', () => {
  it('describes an error with a code in one line', () => {
    const error = new ConfigurationError('configuration-invalid', 'Two mistakes:\n  - one\n  - two');
    expect(describeFailure(error)).toBe('configuration-invalid: Two mistakes: - one - two');
  });

  it('describes a bug with its stack trace', () => {
    expect(describeFailure(new TypeError('x is undefined'))).toMatch(/^TypeError: x is undefined\n\s+at /);
  });
});
