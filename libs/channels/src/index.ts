/** The ways in which messages reach people. */
export {
  createEmailChannel,
  type EmailChannel,
  type EmailChannelOptions,
  type EmailMessage,
  type EmailReply,
} from './email-channel';
