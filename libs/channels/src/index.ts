/** The channels that deliver messages to people. */
export {
  createEmailChannel,
  type EmailChannel,
  type EmailChannelOptions,
  type EmailMessage,
  type EmailReply,
} from './email-channel';
