/** The content of messages to customers. Pure, apart from reading the template files. */
export { notificationKindOf } from './notification-kind';
export { messageIdentity, messageIdHeader, type MessageKey } from './message-identity';
export { messageStates, type MessageState } from './message-state';
export { loadTemplates, type RenderedMessage, type Templates } from './templates';
export type { MessageInput } from './message-view';
export { alertMessage, type AlertMessage, type AlertMessageOptions } from './alert-message';
