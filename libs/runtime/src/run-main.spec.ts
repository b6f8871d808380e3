import { ConfigurationError } from '@orderly/errors';
import { describeFailure } from './run-main';

describe('describeFailure', () => {
  it('puts an error with a code into one line', () => {
    const error = new ConfigurationError('configuration-invalid', 'Two mistakes:\n  - one\n  - two');
    expect(describeFailure(error)).toBe('configuration-invalid: Two mistakes: - one - two');
  });

  it('shows the stack of a bug', () => {
    expect(describeFailure(new TypeError('x is undefined'))).toMatch(/^TypeError: x is undefined\n\s+at /);
  });
});
