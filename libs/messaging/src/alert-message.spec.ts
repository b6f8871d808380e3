import { alertCauses, type PayloadOf, type sendAlert } from '@orderly/contracts';
import { alertMessage } from './alert-message';

const facts = (change: Partial<PayloadOf<typeof sendAlert>> = {}): PayloadOf<typeof sendAlert> => ({
  ...{ channel: 'webhook', cause: 'dead-letters', subject: 'destination-refused:erp', count: 1 },
  ...{ firstAt: '2026-03-01T10:00:00.000Z', lastAt: '2026-03-01T10:00:00.000Z' },
  ...change,
});

describe('alertMessage', () => {
  it('says what happened, when, why, with an example and the call that comes next', () => {
    const exampleId = '01890a5d-ac96-774b-bcce-b302099a8057';
    const message = alertMessage(facts({ code: 'destination-refused', exampleId }), {
      id: 'a-1',
      gatewayUrl: 'https://o.example',
    });
    expect(message.subject).toBe('[Orderly] Dead letters: destination-refused:erp');
    expect(message.text.split('\n')).toEqual([
      '1 job failed for good: destination-refused:erp.',
      'At 2026-03-01 10:00:00 UTC.',
      'Reason: destination-refused. The destination refused this request for good.',
      `Example: GET https://o.example/v1/jobs/${exampleId}`,
      'What to do: GET https://o.example/v1/dead-letters?fingerprint=destination-refused%3Aerp lists them. Correct the cause, then send them again with POST /v1/dead-letters/redrive.',
      'Alert a-1',
    ]);
  });

  it('tells the number since the last alert', () => {
    const { text } = alertMessage(
      facts({ count: 41, lastAt: '2026-03-01T10:14:00.000Z', previousAt: '2026-03-01T10:00:00.000Z' }),
      { id: 'a-1' },
    );
    expect(text).toContain('41 more jobs failed for good');
    expect(text).toContain(
      'From 2026-03-01 10:00:00 UTC to 2026-03-01 10:14:00 UTC. The last alert about this was at 2026-03-01 10:00:00 UTC.',
    );
  });

  it.each(alertCauses)('has a title, what happened and what to do for %s, and gives paths without a gateway', (cause) => {
    const { subject, text } = alertMessage(facts({ cause, subject: 'erp', count: 3 }), { id: 'a-1' });
    expect(subject).toMatch(/^\[Orderly\] [A-Z]/);
    expect(text).toMatch(/^[^\n]+\.\nAt .*\nWhat to do: [^\n]+\.\nAlert a-1$/);
    expect(text).not.toMatch(/undefined|https?:/);
  });
});
