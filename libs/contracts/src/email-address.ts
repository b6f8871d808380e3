import { z } from 'zod';

/**
 * An address that mail can be sent to: at most 64 characters before the @ (RFC 5321), and after it a name as DNS has them.
 * Neither quoted nor international ones.
 */
export const EmailAddress = z
  .email({
    pattern:
      /^(?=[^@]{1,64}@[^@]{1,253}$)(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/,
  })
  .max(320);
