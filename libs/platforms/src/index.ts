export { platforms, platformNames, type PlatformName } from './platforms';
export type {
  PlatformAdapter,
  WebhookRequest,
  VerifiedDelivery,
  Verification,
  EventMapping,
  SignatureRefusal,
  MappingRefusal,
} from './platform-adapter';
