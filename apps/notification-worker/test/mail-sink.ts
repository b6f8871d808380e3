import { simpleParser, type ParsedMail } from 'mailparser';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What the sink does with a recipient: a reply code refuses; silence keeps the message and never answers. */
type MailAnswer = number | 'silence' | 'refuse-message' | undefined;

/** A mail server on loopback that answers as the test says, and stores its mails. */
export type MailSink = {
  readonly url: string;
  /** Messages that arrived completely, accepted or refused. */
  readonly mails: ParsedMail[];
  readonly to: (recipient: string) => ParsedMail[];
  /** Recipients of all messages, accepted or refused. */
  readonly recipients: string[];
  /** Replaces the behaviour; by default every message is accepted. */
  readonly behave: (answerOf: (recipient: string) => MailAnswer) => void;
  readonly close: () => Promise<void>;
};

export async function startMailSink(): Promise<MailSink> {
  const mails: ParsedMail[] = [];
  const recipients: string[] = [];
  let answerOf: (recipient: string) => MailAnswer = () => undefined;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 10,
    onRcptTo: ({ address }, _session, callback) => {
      recipients.push(address);
      const answer = answerOf(address);
      callback(typeof answer === 'number' ? refusal(answer) : null);
    },
    onData: (stream, { envelope }, callback) => {
      const answer = answerOf(envelope.rcptTo[0]?.address ?? '');
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        if (answer !== 'silence') callback(answer === 'refuse-message' ? refusal(554) : null);
      });
    },
  });
  // A killed process breaks its connection, which is not an error of the sink.
  smtp.on('error', () => undefined);
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    mails,
    to: (recipient) => mails.filter(({ to }) => [to].flat()[0]?.value[0]?.address === recipient),
    recipients,
    behave: (next) => void (answerOf = next),
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

const refusal = (responseCode: number): Error => Object.assign(new Error('not wanted here'), { responseCode });
