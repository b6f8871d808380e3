export { platforms, platformNames, type PlatformName } from './platforms';
export { signingSecretFault, standardSignature } from './standard-signature';
export type {
  PlatformAdapter,
  WebhookRequest,
  VerifiedDelivery,
  Verification,
  EventMapping,
  SignatureRefusal,
  MappingRefusal,
} from './platform-adapter';
