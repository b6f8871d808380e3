import { ConfigurationError } from '@orderly/errors';
import { describeFailure } from './run-main';

describe('describeFailure', () => {
  it('describes an error with a code in one line', () => {
    const error = new ConfigurationError('configuration-invalid', 'Two mistakes:\n  - one\n  - two');
    expect(describeFailure(error)).toBe('configuration-invalid: Two mistakes: - one - two');
  });

  it('describes a bug with its stack trace', () => {
    expect(describeFailure(new TypeError('x is undefined'))).toMatch(/^TypeError: x is undefined\n\s+at /);
  });
});
