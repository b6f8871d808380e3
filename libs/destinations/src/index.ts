export { type AlertSettings, type WebhookSettings } from './alerts/alert-settings';
export { alertsTo, loadAlerts, parseAlerts } from './alerts/load-alerts';
export { createAlertWebhook, type AlertWebhook } from './alerts/alert-webhook';
export { type Destination, type DestinationAuth, type DestinationIdempotency, type JsonValue } from './destination';
export { loadDestinations } from './load-destinations';
export { parseDestinations, type DestinationsOptions } from './parse-destinations';
export { type Environment } from './expand-environment';
export {
  createDestinationClient,
  type DestinationClient,
  type DestinationClientDeps,
  type SendRequest,
  type SendResult,
} from './destination-client';
export { type TraceHeaders } from './trace-context';
export { buildBody, type OrderVersion } from './build-body';
export { deliveryKey } from './delivery-key';
