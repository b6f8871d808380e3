import { z } from 'zod';

/**
 * An e-mail address with at most 64 characters before the @ (RFC 5321) and a DNS name after it. Quoted and internationalised
 * addresses are refused. Dots separate the repeated parts of the pattern, so hostile text cannot cause exponential backtracking.
 */
export const EmailAddress = z
  .email({
    pattern:
      /^(?=[^@]{1,64}@[^@]{1,253}$)(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/,
  })
  .max(320);
